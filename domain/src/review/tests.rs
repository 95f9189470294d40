//! A review: its author's word, and what staff do about it.

use events::ids::{AccountId, ProductId, ReviewId};
use events::review::{
    Rating, ReviewEdited, ReviewEvent, ReviewHidden, ReviewPosted, ReviewRemoved, ReviewRestored,
};
use uuid::Uuid;

use super::{REASON_MAX_CHARS, Review, ReviewCommand, ReviewError, review_id};
use crate::RefusalKind::{Invalid, NotFound};
use crate::given::{Then, after, at, given, sealed};

const PRODUCT: ProductId = ProductId(Uuid::from_u128(1));
const AUTHOR: AccountId = AccountId(Uuid::from_u128(2));

fn id() -> ReviewId {
    review_id(PRODUCT, AUTHOR)
}

fn stars(stars: u8) -> Rating {
    Rating::new(stars).unwrap()
}

fn put(rating: u8, content: &str, minute: i64) -> ReviewCommand {
    ReviewCommand::Put {
        review_id: id(),
        product_id: PRODUCT,
        author: AUTHOR,
        rating: stars(rating),
        content: sealed(content),
        at: at(minute),
    }
}

fn posted(rating: u8, content: &str, hidden: bool, minute: i64) -> ReviewEvent {
    ReviewPosted {
        review_id: id(),
        product_id: PRODUCT,
        author: AUTHOR,
        rating: stars(rating),
        content: sealed(content),
        hidden,
        posted_at: at(minute),
    }
    .into()
}

fn edited(was: u8, rating: u8, content: &str, hidden: bool, minute: i64) -> ReviewEvent {
    ReviewEdited {
        review_id: id(),
        product_id: PRODUCT,
        author: AUTHOR,
        rating: stars(rating),
        was: stars(was),
        content: sealed(content),
        hidden,
        edited_at: at(minute),
    }
    .into()
}

fn removed(was: u8, hidden: bool, minute: i64) -> ReviewEvent {
    ReviewRemoved {
        review_id: id(),
        product_id: PRODUCT,
        author: AUTHOR,
        was: stars(was),
        hidden,
        removed_at: at(minute),
    }
    .into()
}

fn hidden(rating: u8, minute: i64) -> ReviewEvent {
    ReviewHidden {
        review_id: id(),
        product_id: PRODUCT,
        author: AUTHOR,
        rating: stars(rating),
        reason: "spam".to_owned(),
        hidden_at: at(minute),
    }
    .into()
}

fn restored(rating: u8, minute: i64) -> ReviewEvent {
    ReviewRestored {
        review_id: id(),
        product_id: PRODUCT,
        author: AUTHOR,
        rating: stars(rating),
        reason: "spam".to_owned(),
        restored_at: at(minute),
    }
    .into()
}

fn hide(minute: i64) -> ReviewCommand {
    ReviewCommand::Hide {
        reason: "spam".to_owned(),
        at: at(minute),
    }
}

fn restore(minute: i64) -> ReviewCommand {
    ReviewCommand::Restore {
        reason: "spam".to_owned(),
        at: at(minute),
    }
}

#[test]
fn each_pair_of_product_and_author_has_an_id_of_its_own() {
    let (other_product, other_author) = (ProductId(Uuid::from_u128(3)), AccountId(Uuid::from_u128(3)));
    assert_eq!(review_id(PRODUCT, AUTHOR), id());
    assert_ne!(review_id(other_product, AUTHOR), id());
    assert_ne!(review_id(PRODUCT, other_author), id());
}

#[test]
fn it_is_posted_and_edited_and_remembers_what_it_was() {
    given::<Review>(vec![])
        .when(put(4, "good", 1))
        .then_expect_events(vec![posted(4, "good", false, 1)]);
    given::<Review>(vec![posted(4, "good", false, 1)])
        .when(put(2, "broke", 2))
        .then_expect_events(vec![edited(4, 2, "broke", false, 2)]);
    given::<Review>(vec![posted(4, "good", false, 1), edited(4, 2, "broke", false, 2)])
        .when(put(2, "really broke", 3))
        .then_expect_events(vec![edited(2, 2, "really broke", false, 3)]);
}

#[test]
fn the_same_again_is_nothing_new() {
    given::<Review>(vec![posted(4, "good", false, 1)])
        .when(put(4, "good", 2))
        .then_nothing();
}

#[test]
fn it_is_removed_once_and_can_be_posted_again() {
    let remove = |minute| ReviewCommand::Remove { at: at(minute) };
    given::<Review>(vec![]).when(remove(1)).then_nothing();
    given::<Review>(vec![posted(4, "good", false, 1)])
        .when(remove(2))
        .then_expect_events(vec![removed(4, false, 2)]);
    let gone = || vec![posted(4, "good", false, 1), removed(4, false, 2)];
    given::<Review>(gone()).when(remove(3)).then_nothing();
    given::<Review>(gone())
        .when(put(5, "good", 3))
        .then_expect_events(vec![posted(5, "good", false, 3)]);
    assert_eq!(after::<Review>(gone()).posted(), None);
}

#[test]
fn staff_hide_it_and_restore_it_once() {
    let seen = || vec![posted(1, "lies", false, 1)];
    let unseen = || vec![posted(1, "lies", false, 1), hidden(1, 2)];
    given::<Review>(seen())
        .when(hide(2))
        .then_expect_events(vec![hidden(1, 2)]);
    given::<Review>(unseen()).when(hide(3)).then_nothing();
    given::<Review>(unseen())
        .when(restore(3))
        .then_expect_events(vec![restored(1, 3)]);
    given::<Review>(seen()).when(restore(2)).then_nothing();
}

#[test]
fn what_is_hidden_stays_hidden_whatever_its_author_does() {
    let unseen = || vec![posted(1, "lies", false, 1), hidden(1, 2)];
    given::<Review>(unseen())
        .when(put(5, "more lies", 3))
        .then_expect_events(vec![edited(1, 5, "more lies", true, 3)]);
    given::<Review>(unseen())
        .when(ReviewCommand::Remove { at: at(3) })
        .then_expect_events(vec![removed(1, true, 3)]);
    let mut gone = unseen();
    gone.push(removed(1, true, 3));
    given::<Review>(gone)
        .when(put(5, "lies anew", 4))
        .then_expect_events(vec![posted(5, "lies anew", true, 4)]);
}

#[test]
fn only_what_is_there_is_moderated_and_only_for_a_reason() {
    for command in [hide(1), restore(1)] {
        given::<Review>(vec![])
            .when(command)
            .then_refused(ReviewError::NotFound, (NotFound, "review_not_found", None));
    }
    for reason in [" ".to_owned(), "x".repeat(REASON_MAX_CHARS + 1)] {
        given::<Review>(vec![posted(1, "lies", false, 1)])
            .when(ReviewCommand::Hide { reason, at: at(2) })
            .then_refused(
                ReviewError::Reason {
                    max_chars: REASON_MAX_CHARS,
                },
                (Invalid, "reason_invalid", Some("reason")),
            );
    }
}
