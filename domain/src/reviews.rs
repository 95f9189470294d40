//! Use cases of reviews: a person says what they think of a product, and staff moderate.

use chrono::{DateTime, Utc};
use events::ids::{AccountId, ProductId, ReviewId};
use events::review::Rating;
use events::sealed::Sealed;

use crate::product::{Product, ProductError};
use crate::review::{Review, ReviewCommand, ReviewError, review_id};
use crate::unit_of_work::{Decision, UnitOfWork};

/// A person posts their review of a product, or edits it.
#[derive(Debug, Clone)]
pub struct PutReview {
    pub product_id: ProductId,
    pub author: AccountId,
    pub rating: Rating,
    pub content: Sealed,
    pub at: DateTime<Utc>,
}

/// Only what is in the catalogue is reviewed, and not by its own seller.
pub fn put_review(work: &mut UnitOfWork, command: &PutReview) -> Decision<ReviewId> {
    let PutReview {
        product_id, author, ..
    } = *command;
    let product = work.read::<Product>(product_id)?;
    if !product.is_listed() {
        return Err(ProductError::NotFound.into());
    }
    if product.seller() == Some(author) {
        return Err(ReviewError::OwnProduct.into());
    }
    let review_id = review_id(product_id, author);
    let put = ReviewCommand::Put {
        review_id,
        product_id,
        author,
        rating: command.rating,
        content: command.content.clone(),
        at: command.at,
    };
    work.handle::<Review>(review_id, put)?;
    Ok(review_id)
}

/// The author takes it back, also if the product is gone by now.
pub fn remove_review(
    work: &mut UnitOfWork,
    product_id: ProductId,
    author: AccountId,
    at: DateTime<Utc>,
) -> Decision<()> {
    work.handle::<Review>(review_id(product_id, author), ReviewCommand::Remove { at })
}

pub fn hide_review(
    work: &mut UnitOfWork,
    review_id: ReviewId,
    reason: &str,
    at: DateTime<Utc>,
) -> Decision<()> {
    let reason = reason.to_owned();
    work.handle::<Review>(review_id, ReviewCommand::Hide { reason, at })
}

pub fn restore_review(
    work: &mut UnitOfWork,
    review_id: ReviewId,
    reason: &str,
    at: DateTime<Utc>,
) -> Decision<()> {
    let reason = reason.to_owned();
    work.handle::<Review>(review_id, ReviewCommand::Restore { reason, at })
}
