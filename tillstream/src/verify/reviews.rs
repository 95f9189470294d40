//! Reviews: one per author and product, and what each says of its past is true, since averages are made of that.

use std::collections::HashMap;

use events::Event;
use events::envelope::{Position, RecordedEvent};
use events::ids::{AccountId, ProductId};
use events::review::{Rating, ReviewEvent};

use super::{Broken, Rule};

/// A review as its events left it.
struct Seen {
    stream: String,
    /// None while it isn't posted.
    rating: Option<Rating>,
    hidden: bool,
}

#[derive(Default)]
pub struct OnePerAuthor(HashMap<(ProductId, AccountId), Seen>);

impl Rule for OnePerAuthor {
    fn name(&self) -> &'static str {
        "nobody has two reviews of a product, and each remembers its rating"
    }

    fn see(&mut self, recorded: &RecordedEvent, event: &Event, broken: &mut Broken) {
        let Event::Review(event) = event else { return };
        let pair = (event.product_id(), event.author());
        let seen = self.0.entry(pair).or_insert_with(|| Seen {
            stream: recorded.stream.to_string(),
            rating: None,
            hidden: false,
        });
        if seen.stream != recorded.stream.as_str() {
            let (one, other) = (&seen.stream, &recorded.stream);
            broken.add(
                recorded.position,
                format_args!("{one} and {other} are reviews of one product by one author"),
            );
            return;
        }
        seen.follow(recorded.position, event, broken);
    }
}

impl Seen {
    fn follow(&mut self, position: Position, event: &ReviewEvent, broken: &mut Broken) {
        // What the event takes for the past, and what it makes of it.
        let (was, hidden, rating) = match event {
            ReviewEvent::ReviewPosted(e) => (None, e.hidden, Some(e.rating)),
            ReviewEvent::ReviewEdited(e) => (Some(e.was), e.hidden, Some(e.rating)),
            ReviewEvent::ReviewRemoved(e) => (Some(e.was), e.hidden, None),
            ReviewEvent::ReviewHidden(e) => (Some(e.rating), false, Some(e.rating)),
            ReviewEvent::ReviewRestored(e) => (Some(e.rating), true, Some(e.rating)),
        };
        if (was, hidden) != (self.rating, self.hidden) {
            broken.add(
                position,
                format_args!(
                    "{} takes itself for rated {was:?} (hidden: {hidden}), and is {:?} (hidden: {})",
                    self.stream, self.rating, self.hidden
                ),
            );
        }
        self.rating = rating;
        self.hidden = match event {
            ReviewEvent::ReviewHidden(_) => true,
            ReviewEvent::ReviewRestored(_) => false,
            _ => hidden,
        };
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use events::envelope::StreamId;
    use events::ids::ReviewId;
    use events::review::{ReviewEdited, ReviewHidden, ReviewPosted, ReviewRemoved};
    use events::sealed::Sealed;
    use uuid::Uuid;

    use super::*;
    use crate::verify::played;

    fn stars(stars: u8) -> Rating {
        Rating::new(stars).unwrap()
    }

    fn posted(rating: u8, hidden: bool) -> ReviewEvent {
        ReviewPosted {
            review_id: ReviewId::default(),
            product_id: ProductId::default(),
            author: AccountId::default(),
            rating: stars(rating),
            content: Sealed(String::new()),
            hidden,
            posted_at: DateTime::<Utc>::default(),
        }
        .into()
    }

    fn edited(was: u8, rating: u8) -> ReviewEvent {
        ReviewEdited {
            review_id: ReviewId::default(),
            product_id: ProductId::default(),
            author: AccountId::default(),
            rating: stars(rating),
            was: stars(was),
            content: Sealed(String::new()),
            hidden: false,
            edited_at: DateTime::<Utc>::default(),
        }
        .into()
    }

    fn removed(was: u8, hidden: bool) -> ReviewEvent {
        ReviewRemoved {
            review_id: ReviewId::default(),
            product_id: ProductId::default(),
            author: AccountId::default(),
            was: stars(was),
            hidden,
            removed_at: DateTime::<Utc>::default(),
        }
        .into()
    }

    fn hidden(rating: u8) -> ReviewEvent {
        ReviewHidden {
            review_id: ReviewId::default(),
            product_id: ProductId::default(),
            author: AccountId::default(),
            rating: stars(rating),
            reason: String::new(),
            hidden_at: DateTime::<Utc>::default(),
        }
        .into()
    }

    /// How often the rule is broken by these events, each of the stream with this key.
    fn broken(events: impl IntoIterator<Item = (u128, ReviewEvent)>) -> u64 {
        let of_review = |(stream, event)| {
            let stream = StreamId::new("review", Uuid::from_u128(stream));
            (stream, Event::Review(event))
        };
        played::broken(OnePerAuthor::default(), events.into_iter().map(of_review))
    }

    #[test]
    fn a_review_that_remembers_itself_is_sound() {
        let story = [
            posted(5, false),
            edited(5, 2),
            hidden(2),
            removed(2, true),
            posted(3, true),
        ];
        assert_eq!(broken(story.map(|event| (1, event))), 0);
    }

    #[test]
    fn a_second_review_and_a_wrong_memory_are_seen() {
        assert_eq!(broken([(1, posted(5, false)), (2, posted(5, false))]), 1);
        assert_eq!(broken([(1, posted(5, false)), (1, posted(5, false))]), 1);
        assert_eq!(broken([(1, posted(5, false)), (1, edited(4, 3))]), 1);
        assert_eq!(broken([(1, edited(4, 3))]), 1);
        assert_eq!(
            broken([(1, posted(5, false)), (1, hidden(5)), (1, removed(5, false))]),
            1
        );
    }
}
