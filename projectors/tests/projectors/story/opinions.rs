//! Reviews.

use events::Event;
use events::ids::ReviewId;
use events::review::{
    Rating, ReviewEdited, ReviewEvent, ReviewHidden, ReviewPosted, ReviewRemoved, ReviewRestored,
};
use events::sealed::Sealed;
use uuid::Uuid;

use super::{account, at, product};

/// The review of product `n` by an account.
pub fn review(n: u128, author: u128) -> ReviewId {
    ReviewId(Uuid::from_u128(n * 1000 + author))
}

fn stars(stars: u8) -> Rating {
    Rating::new(stars).unwrap()
}

pub fn posted(n: u128, author: u128, rating: u8, hidden: bool) -> Event {
    Event::Review(ReviewEvent::ReviewPosted(ReviewPosted {
        review_id: review(n, author),
        product_id: product(n),
        author: account(author),
        rating: stars(rating),
        content: Sealed(format!("sealed {rating}")),
        hidden,
        posted_at: at(50),
    }))
}

pub fn edited(n: u128, author: u128, was: u8, rating: u8, hidden: bool) -> Event {
    Event::Review(ReviewEvent::ReviewEdited(ReviewEdited {
        review_id: review(n, author),
        product_id: product(n),
        author: account(author),
        rating: stars(rating),
        was: stars(was),
        content: Sealed(format!("sealed {rating}")),
        hidden,
        edited_at: at(60),
    }))
}

pub fn removed(n: u128, author: u128, was: u8, hidden: bool) -> Event {
    Event::Review(ReviewEvent::ReviewRemoved(ReviewRemoved {
        review_id: review(n, author),
        product_id: product(n),
        author: account(author),
        was: stars(was),
        hidden,
        removed_at: at(70),
    }))
}

pub fn hidden(n: u128, author: u128, rating: u8) -> Event {
    Event::Review(ReviewEvent::ReviewHidden(ReviewHidden {
        review_id: review(n, author),
        product_id: product(n),
        author: account(author),
        rating: stars(rating),
        reason: "spam".to_owned(),
        hidden_at: at(80),
    }))
}

pub fn restored(n: u128, author: u128, rating: u8) -> Event {
    Event::Review(ReviewEvent::ReviewRestored(ReviewRestored {
        review_id: review(n, author),
        product_id: product(n),
        author: account(author),
        rating: stars(rating),
        reason: "it was fair".to_owned(),
        restored_at: at(90),
    }))
}
