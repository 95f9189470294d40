//! What can be asked of a review.

use chrono::{DateTime, Utc};
use events::ids::{AccountId, ProductId, ReviewId};
use events::review::Rating;
use events::sealed::Sealed;

#[derive(Debug, Clone)]
pub enum ReviewCommand {
    /// Posts it, or edits what is there. What is the same as before changes nothing.
    Put {
        review_id: ReviewId,
        product_id: ProductId,
        author: AccountId,
        rating: Rating,
        content: Sealed,
        at: DateTime<Utc>,
    },
    /// Removing what isn't there changes nothing.
    Remove { at: DateTime<Utc> },
    /// Hiding what is hidden changes nothing.
    Hide { reason: String, at: DateTime<Utc> },
    /// Restoring what isn't hidden changes nothing.
    Restore { reason: String, at: DateTime<Utc> },
}
