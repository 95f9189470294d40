//! Reviews with what proves a purchase, the ratings of products, and wishlists, as pure functions over stories.

use events::Event;
use events::wishlist::{WishlistEvent, WishlistItemRemoved};
use projectors::products::Products;
use projectors::reviews::Reviews;
use projectors::wishlists::Wishlists;
use read_models::ratings::AverageRating;
use read_models::reviews::Review;

use crate::story::*;

/// The review of product 1 by account 1.
fn row(story: &[Event]) -> Option<Review> {
    let (mut rows, _) = told::<Reviews>(story);
    rows.remove(&(product(1), account(1)))
}

fn is_verified(story: &[Event]) -> bool {
    row(story).is_some_and(|review| review.posted.is_some() && review.is_verified())
}

#[test]
fn a_purchase_counts_once_it_is_paid_before_or_after_the_review() {
    let review = || posted(1, 1, 5, false);
    assert!(!is_verified(&[review()]));
    assert!(!is_verified(&[placed(1), review()]), "it isn't paid");
    assert!(is_verified(&[placed(1), paid(1, at(10)), review()]));
    assert!(is_verified(&[placed(1), review(), paid(1, at(10))]));
    assert!(
        !is_verified(&[placed(2), paid(2, at(10)), review()]),
        "another has bought it"
    );
}

#[test]
fn what_was_cancelled_was_not_bought_and_what_was_returned_was() {
    let all = || vec![sold(1, 2, 150), sold(2, 1, 1000)];
    let bought = [posted(1, 1, 5, false), placed(1), paid(1, at(10))];
    let then = |event: Event| [&bought[..], &[event]].concat();
    assert!(!is_verified(&then(cancelled(1, all(), at(20)))));
    assert!(is_verified(&then(returned(1, all(), at(20)))));
    // Never paid, so nothing is reversed.
    assert!(is_verified(&then(cancelled(1, vec![], at(20)))));
}

#[test]
fn a_product_in_several_lines_of_an_order_counts_each_once() {
    let story = [
        placed(1),
        paid(1, at(10)),
        cancelled(1, vec![sold(1, 1, 150), sold(1, 1, 150)], at(20)),
    ];
    assert_eq!(row(&story[..2]).map(|row| row.purchased), Some(2));
    assert_eq!(row(&story), None, "nothing is left to know");
}

#[test]
fn a_review_is_edited_hidden_restored_and_removed() {
    let story = [
        posted(1, 1, 5, false),
        edited(1, 1, 5, 2, false),
        hidden(1, 1, 2),
        restored(1, 1, 2),
        removed(1, 1, 2, false),
    ];
    let after = |events: usize| row(&story[..events]);
    let first = after(1).unwrap().posted.unwrap();
    assert_eq!((first.rating.stars(), first.edited_at), (5, None));
    let second = after(2).unwrap().posted.unwrap();
    assert_eq!(
        (second.rating.stars(), second.edited_at, second.posted_at),
        (2, Some(at(60)), first.posted_at)
    );
    assert_eq!(after(3).unwrap().hidden_reason.as_deref(), Some("spam"));
    assert_eq!(after(4).unwrap().hidden_reason, None);
    assert_eq!(after(5), None);
}

#[test]
fn a_hidden_review_stays_so_when_it_is_removed_and_posted_anew() {
    let story = [
        posted(1, 1, 1, false),
        hidden(1, 1, 1),
        removed(1, 1, 1, true),
        posted(1, 1, 1, true),
    ];
    let gone = row(&story[..3]).unwrap();
    assert_eq!((gone.posted, gone.hidden_reason.as_deref()), (None, Some("spam")));
    let back = row(&story).unwrap();
    assert!(back.posted.is_some() && back.hidden_reason.is_some());
}

#[test]
fn a_product_counts_the_reviews_that_everybody_sees() {
    let story = [
        added(1, "Mug", 150),
        posted(1, 1, 5, false),
        posted(1, 2, 4, false),
        posted(1, 3, 1, true),
        edited(1, 1, 5, 3, false),
        edited(1, 3, 1, 2, true),
        hidden(1, 2, 4),
        restored(1, 2, 4),
        removed(1, 1, 3, false),
        removed(1, 3, 2, true),
    ];
    let counts = |events: usize| {
        let (products, _) = told::<Products>(&story[..events]);
        let product = &products[&product(1)];
        let average = product.document.average_rating;
        assert_eq!(product.document.review_count, product.ratings.total());
        assert_eq!(product.document.version, 1, "an edit's If-Match isn't disturbed");
        (product.ratings.counts(), average.map(AverageRating::hundredths))
    };
    assert_eq!(counts(1), ([0, 0, 0, 0, 0], None));
    assert_eq!(counts(2), ([0, 0, 0, 0, 1], Some(500)));
    assert_eq!(counts(3), ([0, 0, 0, 1, 1], Some(450)));
    assert_eq!(counts(4), ([0, 0, 0, 1, 1], Some(450)), "it is hidden");
    assert_eq!(counts(5), ([0, 0, 1, 1, 0], Some(350)));
    assert_eq!(counts(6), ([0, 0, 1, 1, 0], Some(350)));
    assert_eq!(counts(7), ([0, 0, 1, 0, 0], Some(300)));
    assert_eq!(counts(8), ([0, 0, 1, 1, 0], Some(350)));
    assert_eq!(counts(9), ([0, 0, 0, 1, 0], Some(400)));
    assert_eq!(counts(10), ([0, 0, 0, 1, 0], Some(400)));
}

#[test]
fn a_products_history_says_why_its_average_moved_and_not_what_was_written() {
    let story = [
        added(1, "Mug", 150),
        posted(1, 1, 5, false),
        edited(1, 1, 5, 3, false),
        hidden(1, 1, 3),
    ];
    let (_, history) = told::<Products>(&story);
    let types: Vec<_> = history.iter().map(|entry| entry.event.as_str()).collect();
    assert_eq!(
        types,
        ["ProductAdded", "ReviewPosted", "ReviewEdited", "ReviewHidden"]
    );
    assert_eq!(
        history[2].details,
        serde_json::json!({"rating": 3, "was": 5, "reason": null})
    );
    assert_eq!(history[3].details["reason"], "spam");
    assert!(!serde_json::to_string(&history).unwrap().contains("sealed"));
}

#[test]
fn a_wishlist_holds_what_was_added_and_not_removed() {
    let remove = WishlistEvent::WishlistItemRemoved(WishlistItemRemoved {
        account_id: account(1),
        product_id: product(1),
    });
    let story = [
        wished(1, 1),
        wished(1, 2),
        wished(2, 1),
        remove.into(),
        wished(1, 1),
    ];
    let (items, _) = told::<Wishlists>(&story[..4]);
    let keys: Vec<_> = items.keys().copied().collect();
    assert_eq!(keys, [(account(1), product(2)), (account(2), product(1))]);
    let (items, _) = told::<Wishlists>(&story);
    assert_eq!(
        items[&(account(1), product(1))].position,
        5,
        "it is the latest again"
    );
}
