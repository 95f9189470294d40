//! Reviews, and beside each whether its author has bought the product.
//!
//! A row stands for a pair of product and person from their first purchase or review on: so a review is one of a verified
//! purchase whichever of the two comes first. What it says is sealed with the author's key; whoever may see it opens it.

use chrono::{DateTime, Utc};
use events::envelope::Position;
use events::ids::{AccountId, ProductId, ReviewId};
use events::review::Rating;
use events::sealed::Sealed;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::record::{self, Binds, Record, RowError};
use crate::table::{Table, int, text};

/// What a row's column `state` says of a review that is there.
pub(crate) const POSTED: &str = "posted";
/// What it says when there is none: the product was bought, or the review was removed after it had been hidden.
const NOT_POSTED: &str = "none";

/// A review as its author left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedReview {
    pub id: ReviewId,
    pub rating: Rating,
    /// An [`events::review::ReviewContent`].
    pub content: Sealed,
    pub posted_at: DateTime<Utc>,
    pub edited_at: Option<DateTime<Utc>>,
}

/// A row of `reviews`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    pub product_id: ProductId,
    pub author: AccountId,
    pub posted: Option<PostedReview>,
    /// Why staff hide it; none while everybody may see it.
    pub hidden_reason: Option<String>,
    /// Units that the author has paid for, less those of orders that were cancelled after all.
    pub purchased: i64,
    /// The version of the review's stream; 0 before its first event.
    pub version: u64,
    /// The position of the last event that changed the row.
    pub position: Position,
}

impl Review {
    /// A pair of which nothing is known yet.
    pub fn new(product_id: ProductId, author: AccountId) -> Self {
        Self {
            product_id,
            author,
            posted: None,
            hidden_reason: None,
            purchased: 0,
            version: 0,
            position: 0,
        }
    }

    pub fn is_verified(&self) -> bool {
        self.purchased > 0
    }

    /// Whether nothing is worth keeping.
    pub fn is_empty(&self) -> bool {
        self.posted.is_none() && self.hidden_reason.is_none() && self.purchased == 0
    }
}

impl Record for Review {
    type Key = (ProductId, AccountId);

    const TABLE: Table = Table {
        name: "reviews",
        columns: &[
            text("product_id"),
            text("author"),
            // `posted` or `none`.
            text("state"),
            text("review_id").or_null(),
            int("rating").or_null(),
            text("content").or_null(),
            // Microseconds since 1970.
            int("posted_at").or_null(),
            int("edited_at").or_null(),
            text("hidden_reason").or_null(),
            int("purchased"),
            int("version"),
            int("position"),
        ],
        key: 2,
        indexes: &[
            "product_id, state, posted_at, review_id",
            "product_id, state, rating, posted_at, review_id",
        ],
    };

    fn key(&self) -> (ProductId, AccountId) {
        (self.product_id, self.author)
    }

    fn bind(&self, binds: &mut Binds) {
        let posted = self.posted.as_ref();
        let micros = |at: DateTime<Utc>| at.timestamp_micros();
        binds
            .shown(self.product_id)
            .shown(self.author)
            .text(if posted.is_some() { POSTED } else { NOT_POSTED })
            .shown_or_null(posted.map(|posted| posted.id))
            .int_or_null(posted.map(|posted| i64::from(posted.rating.stars())))
            .text_or_null(posted.map(|posted| posted.content.0.as_str()))
            .int_or_null(posted.map(|posted| micros(posted.posted_at)))
            .int_or_null(posted.and_then(|posted| posted.edited_at).map(micros))
            .text_or_null(self.hidden_reason.as_deref())
            .int(self.purchased)
            .count(self.version)
            .count(self.position);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        let id: Option<ReviewId> = record::shown_or_null(row, "review_id")?;
        Ok(Self {
            product_id: record::shown(row, "product_id")?,
            author: record::shown(row, "author")?,
            posted: id.map(|id| posted(row, id)).transpose()?,
            hidden_reason: row.try_get("hidden_reason")?,
            purchased: row.try_get("purchased")?,
            version: record::count(row, "version")?,
            position: record::count(row, "position")?,
        })
    }

    fn is_indexed_like(&self, old: &Self) -> bool {
        let indexed = |review: &Self| {
            let posted = review.posted.as_ref();
            posted.map(|posted| (posted.id, posted.rating, posted.posted_at))
        };
        indexed(self) == indexed(old)
    }
}

fn posted(row: &AnyRow, id: ReviewId) -> Result<PostedReview, RowError> {
    let edited_at: Option<i64> = row.try_get("edited_at")?;
    Ok(PostedReview {
        id,
        rating: rating(row)?,
        content: Sealed(row.try_get("content")?),
        posted_at: record::time(row, "posted_at")?,
        edited_at: edited_at.map(|_| record::time(row, "edited_at")).transpose()?,
    })
}

fn rating(row: &AnyRow) -> Result<Rating, RowError> {
    let stars: i64 = row.try_get("rating")?;
    let rating = u8::try_from(stars).ok().and_then(|stars| Rating::new(stars).ok());
    rating.ok_or_else(|| RowError::Value {
        column: "rating",
        reason: format!("{stars} is no rating"),
    })
}
