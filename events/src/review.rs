//! Facts about reviews: what a person says of a product. Each stream is one person's review of one product, over all of
//! its edits. What is personal in it is sealed with the author's own key.
//!
//! They carry the rating before a change and whether staff hide it, so that a view that counts needn't look back.

use std::fmt;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::{AccountId, ProductId, ReviewId};
use crate::sealed::Sealed;

/// Stars: 1 to 5, more is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u8", into = "u8")]
pub struct Rating(u8);

/// A number that is no rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rating is between 1 and {max}, not {found}", max = Rating::MAX)]
pub struct RatingError {
    found: u8,
}

impl Rating {
    pub const MAX: u8 = 5;

    pub fn new(stars: u8) -> Result<Self, RatingError> {
        if (1..=Self::MAX).contains(&stars) {
            Ok(Self(stars))
        } else {
            Err(RatingError { found: stars })
        }
    }

    pub fn stars(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Rating {
    type Error = RatingError;

    fn try_from(stars: u8) -> Result<Self, RatingError> {
        Self::new(stars)
    }
}

impl From<Rating> for u8 {
    fn from(rating: Rating) -> Self {
        rating.0
    }
}

impl fmt::Display for Rating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a sealed review holds once it is opened, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewContent {
    /// What the author is called beside it; missing for one who would rather not say.
    pub author: Option<String>,
    pub title: Option<String>,
    pub text: Option<String>,
}

impl fmt::Debug for ReviewContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReviewContent(…)")
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewPosted {
    pub review_id: ReviewId,
    pub product_id: ProductId,
    pub author: AccountId,
    pub rating: Rating,
    /// A [`ReviewContent`].
    pub content: Sealed,
    /// Whether staff have hidden it: that outlives its removal, and what is posted after it.
    pub hidden: bool,
    pub posted_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewEdited {
    pub review_id: ReviewId,
    pub product_id: ProductId,
    pub author: AccountId,
    pub rating: Rating,
    /// The rating until now.
    pub was: Rating,
    /// A [`ReviewContent`].
    pub content: Sealed,
    pub hidden: bool,
    pub edited_at: DateTime<Utc>,
}

/// Its author took it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewRemoved {
    pub review_id: ReviewId,
    pub product_id: ProductId,
    pub author: AccountId,
    /// The rating until now.
    pub was: Rating,
    pub hidden: bool,
    pub removed_at: DateTime<Utc>,
}

/// Staff took it out of everybody's sight but its author's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewHidden {
    pub review_id: ReviewId,
    pub product_id: ProductId,
    pub author: AccountId,
    pub rating: Rating,
    /// For the author, and for other staff.
    pub reason: String,
    pub hidden_at: DateTime<Utc>,
}

/// Staff let everybody see it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewRestored {
    pub review_id: ReviewId,
    pub product_id: ProductId,
    pub author: AccountId,
    pub rating: Rating,
    pub reason: String,
    pub restored_at: DateTime<Utc>,
}

events! {
    /// What happens to a review.
    ReviewEvent {
        ReviewPosted = 1,
        ReviewEdited = 1,
        ReviewRemoved = 1,
        ReviewHidden = 1,
        ReviewRestored = 1,
    }
}

impl ReviewEvent {
    /// The product that it is about.
    pub fn product_id(&self) -> ProductId {
        match self {
            Self::ReviewPosted(event) => event.product_id,
            Self::ReviewEdited(event) => event.product_id,
            Self::ReviewRemoved(event) => event.product_id,
            Self::ReviewHidden(event) => event.product_id,
            Self::ReviewRestored(event) => event.product_id,
        }
    }

    pub fn author(&self) -> AccountId {
        match self {
            Self::ReviewPosted(event) => event.author,
            Self::ReviewEdited(event) => event.author,
            Self::ReviewRemoved(event) => event.author,
            Self::ReviewHidden(event) => event.author,
            Self::ReviewRestored(event) => event.author,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rating_is_of_one_to_five_stars() {
        for stars in 1..=5 {
            assert_eq!(Rating::new(stars).unwrap().stars(), stars);
        }
        for found in [0, 6, u8::MAX] {
            assert_eq!(Rating::new(found), Err(RatingError { found }));
            assert!(serde_json::from_str::<Rating>(&found.to_string()).is_err());
        }
    }

    #[test]
    fn what_a_person_wrote_is_in_no_debug_output() {
        let content = ReviewContent {
            author: Some("Ann".to_owned()),
            title: None,
            text: Some("fine".to_owned()),
        };
        assert_eq!(format!("{content:?}"), "ReviewContent(…)");
    }
}
