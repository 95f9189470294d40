//! One person's review of one product: posted, edited, removed by its author; hidden and restored by staff.
//!
//! Each pair of product and author has a stream of its own, so that the reviewers of a hot product don't wait for each
//! other, and nobody has two. What staff have hidden stays hidden, also when its author removes it and posts anew.
//! Whether the author really bought the product is told by the orders, not by the review.

mod command;
mod error;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::ids::{AccountId, ProductId, ReviewId};
use events::review::{
    Rating, ReviewEdited, ReviewEvent, ReviewHidden, ReviewPosted, ReviewRemoved, ReviewRestored,
};
use events::sealed::Sealed;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::text;

pub use command::ReviewCommand;
pub use error::ReviewError;

/// As long as the reason of a moderation may be, in characters.
pub const REASON_MAX_CHARS: usize = 500;

/// The id of this author's review of this product: a `UUIDv5` of the author in the product's name space.
pub fn review_id(product_id: ProductId, author: AccountId) -> ReviewId {
    ReviewId(Uuid::new_v5(&product_id.0, author.0.as_bytes()))
}

/// A review as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    pub review_id: ReviewId,
    pub product_id: ProductId,
    pub author: AccountId,
    pub rating: Rating,
    pub content: Sealed,
}

/// See the module. The default is one that hasn't been posted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    posted: Option<Posted>,
    hidden: bool,
}

impl Review {
    /// What its author says; nothing before it is posted and after it is removed.
    pub fn posted(&self) -> Option<&Posted> {
        self.posted.as_ref()
    }

    fn decide(&self, command: ReviewCommand) -> Result<Option<ReviewEvent>, ReviewError> {
        match command {
            ReviewCommand::Put {
                review_id,
                product_id,
                author,
                rating,
                content,
                at,
            } => {
                let new = Posted {
                    review_id,
                    product_id,
                    author,
                    rating,
                    content,
                };
                Ok(self.put(new, at))
            }
            ReviewCommand::Remove { at } => Ok(self.posted.as_ref().map(|posted| self.removed(posted, at))),
            ReviewCommand::Hide { reason, at } => self.hide(reason, at),
            ReviewCommand::Restore { reason, at } => self.restore(reason, at),
        }
    }

    fn put(&self, new: Posted, at: DateTime<Utc>) -> Option<ReviewEvent> {
        let Some(old) = &self.posted else {
            let posted = ReviewPosted {
                review_id: new.review_id,
                product_id: new.product_id,
                author: new.author,
                rating: new.rating,
                content: new.content,
                hidden: self.hidden,
                posted_at: at,
            };
            return Some(posted.into());
        };
        let edited = ReviewEdited {
            review_id: old.review_id,
            product_id: old.product_id,
            author: old.author,
            rating: new.rating,
            was: old.rating,
            content: new.content,
            hidden: self.hidden,
            edited_at: at,
        };
        let changes = edited.rating != old.rating || edited.content != old.content;
        changes.then(|| edited.into())
    }

    fn removed(&self, posted: &Posted, at: DateTime<Utc>) -> ReviewEvent {
        ReviewRemoved {
            review_id: posted.review_id,
            product_id: posted.product_id,
            author: posted.author,
            was: posted.rating,
            hidden: self.hidden,
            removed_at: at,
        }
        .into()
    }

    fn hide(&self, reason: String, at: DateTime<Utc>) -> Result<Option<ReviewEvent>, ReviewError> {
        let posted = self.moderated(&reason)?;
        let hidden = ReviewHidden {
            review_id: posted.review_id,
            product_id: posted.product_id,
            author: posted.author,
            rating: posted.rating,
            reason,
            hidden_at: at,
        };
        Ok((!self.hidden).then(|| hidden.into()))
    }

    fn restore(&self, reason: String, at: DateTime<Utc>) -> Result<Option<ReviewEvent>, ReviewError> {
        let posted = self.moderated(&reason)?;
        let restored = ReviewRestored {
            review_id: posted.review_id,
            product_id: posted.product_id,
            author: posted.author,
            rating: posted.rating,
            reason,
            restored_at: at,
        };
        Ok(self.hidden.then(|| restored.into()))
    }

    fn moderated(&self, reason: &str) -> Result<&Posted, ReviewError> {
        let posted = self.posted.as_ref().ok_or(ReviewError::NotFound)?;
        if !text::is_said(reason, REASON_MAX_CHARS) {
            return Err(ReviewError::Reason {
                max_chars: REASON_MAX_CHARS,
            });
        }
        Ok(posted)
    }
}

impl Aggregate for Review {
    const TYPE: &'static str = "review";
    type Command = ReviewCommand;
    type Event = ReviewEvent;
    type Error = ReviewError;
    type Services = ();

    async fn handle(
        &mut self,
        command: ReviewCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), ReviewError> {
        if let Some(event) = self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: ReviewEvent) {
        match event {
            ReviewEvent::ReviewPosted(event) => {
                self.posted = Some(Posted {
                    review_id: event.review_id,
                    product_id: event.product_id,
                    author: event.author,
                    rating: event.rating,
                    content: event.content,
                });
            }
            ReviewEvent::ReviewEdited(event) => {
                if let Some(posted) = &mut self.posted {
                    posted.rating = event.rating;
                    posted.content = event.content;
                }
            }
            ReviewEvent::ReviewRemoved(_) => self.posted = None,
            ReviewEvent::ReviewHidden(_) => self.hidden = true,
            ReviewEvent::ReviewRestored(_) => self.hidden = false,
        }
    }
}
