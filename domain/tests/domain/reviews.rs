//! What may be reviewed and wished for, and by whom.

use domain::RefusalKind::{Conflict, NotFound};
use domain::catalogue;
use domain::review::{Review, review_id};
use domain::reviews::{self, PutReview};
use domain::wishlist::Wishlist;
use domain::wishlists;
use events::ids::{AccountId, ProductId};
use events::review::Rating;
use events::sealed::Sealed;
use events::wishlist::WishlistItemAdded;

use crate::shop::{ANNA, BOB, Outcome, Shop, at};

fn put(shop: &mut Shop, product_id: ProductId, author: AccountId) -> Outcome<events::ids::ReviewId> {
    let command = PutReview {
        product_id,
        author,
        rating: Rating::new(4).unwrap(),
        content: Sealed("sealed".to_owned()),
        at: at(1),
    };
    shop.when(|work| reviews::put_review(work, &command))
}

fn wish(shop: &mut Shop, product_id: ProductId) -> Outcome<()> {
    let added = WishlistItemAdded {
        account_id: ANNA,
        product_id,
        added_at: at(1),
    };
    shop.when(|work| wishlists::add_wishlist_item(work, &added))
}

fn remove(shop: &mut Shop, product_id: ProductId) {
    shop.when(|work| catalogue::remove_product(work, product_id, domain::Authority::Staff, None))
        .ok();
}

#[test]
fn each_person_has_one_review_of_a_product() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 10_00, 1);
    let first = put(&mut shop, lamp, ANNA).then(&["ReviewPosted"]);
    assert_eq!(put(&mut shop, lamp, ANNA).then(&[]), first);
    let other = put(&mut shop, lamp, BOB).then(&["ReviewPosted"]);
    assert_ne!(other, first);
    assert_eq!(first, review_id(lamp, ANNA));
}

#[test]
fn nobody_reviews_their_own_product_or_one_that_is_not_there() {
    let mut shop = Shop::new();
    let add = shop.product(Some(ANNA), &[("LAMP", 10_00, 1)]);
    shop.when(|work| catalogue::add_product(work, &add)).ok();
    put(&mut shop, add.product_id, ANNA).then_refused(Conflict, "own_product", None);
    put(&mut shop, add.product_id, BOB).then(&["ReviewPosted"]);
    put(&mut shop, ProductId::default(), BOB).then_refused(NotFound, "product_not_found", None);
}

#[test]
fn a_review_of_a_product_that_is_gone_can_be_removed_and_not_edited() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 10_00, 1);
    put(&mut shop, lamp, ANNA).ok();
    remove(&mut shop, lamp);
    put(&mut shop, lamp, ANNA).then_refused(NotFound, "product_not_found", None);
    shop.when(|work| reviews::remove_review(work, lamp, ANNA, at(2)))
        .then(&["ReviewRemoved"]);
    assert_eq!(shop.look::<Review>(review_id(lamp, ANNA)).posted(), None);
}

#[test]
fn staff_moderate_by_the_reviews_id() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 10_00, 1);
    let id = put(&mut shop, lamp, ANNA).ok();
    let unknown = review_id(lamp, BOB);
    shop.when(|work| reviews::hide_review(work, unknown, "spam", at(2)))
        .then_refused(NotFound, "review_not_found", None);
    shop.when(|work| reviews::hide_review(work, id, "spam", at(2)))
        .then(&["ReviewHidden"]);
    shop.when(|work| reviews::restore_review(work, id, "it was fair", at(3)))
        .then(&["ReviewRestored"]);
}

#[test]
fn only_what_is_in_the_catalogue_is_wished_for() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 10_00, 0);
    wish(&mut shop, ProductId::default()).then_refused(NotFound, "product_not_found", None);
    wish(&mut shop, lamp).then(&["WishlistItemAdded"]);
    wish(&mut shop, lamp).then(&[]);
    remove(&mut shop, lamp);
    wish(&mut shop, lamp).then_refused(NotFound, "product_not_found", None);
    assert!(shop.look::<Wishlist>(ANNA).products().contains(&lamp));
    shop.when(|work| wishlists::remove_wishlist_item(work, ANNA, lamp))
        .then(&["WishlistItemRemoved"]);
}
