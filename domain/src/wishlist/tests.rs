//! A wishlist: products on, products off.

use events::ids::{AccountId, ProductId};
use events::wishlist::{WishlistEvent, WishlistItemAdded, WishlistItemRemoved};
use uuid::Uuid;

use super::{ITEMS_MAX, Wishlist, WishlistCommand, WishlistError};
use crate::RefusalKind::Conflict;
use crate::given::{Then, at, given};

const OWNER: AccountId = AccountId(Uuid::from_u128(1));

fn product(n: usize) -> ProductId {
    ProductId(Uuid::from_u128(n as u128))
}

fn added(n: usize) -> WishlistItemAdded {
    WishlistItemAdded {
        account_id: OWNER,
        product_id: product(n),
        added_at: at(0),
    }
}

fn remove(n: usize) -> WishlistCommand {
    WishlistCommand::Remove {
        account_id: OWNER,
        product_id: product(n),
    }
}

fn removed(n: usize) -> WishlistEvent {
    WishlistItemRemoved {
        account_id: OWNER,
        product_id: product(n),
    }
    .into()
}

#[test]
fn a_product_is_added_once_and_again_after_its_removal() {
    given::<Wishlist>(vec![])
        .when(WishlistCommand::Add(added(1)))
        .then_expect_events(vec![added(1).into()]);
    given::<Wishlist>(vec![added(1).into()])
        .when(WishlistCommand::Add(added(1)))
        .then_nothing();
    given::<Wishlist>(vec![added(1).into(), removed(1)])
        .when(WishlistCommand::Add(added(1)))
        .then_expect_events(vec![added(1).into()]);
}

#[test]
fn a_product_is_removed_once() {
    given::<Wishlist>(vec![added(1).into()])
        .when(remove(1))
        .then_expect_events(vec![removed(1)]);
    given::<Wishlist>(vec![added(1).into()])
        .when(remove(2))
        .then_nothing();
}

#[test]
fn a_full_wishlist_takes_nothing_new() {
    let full = || (0..ITEMS_MAX).map(|n| added(n).into()).collect();
    given::<Wishlist>(full())
        .when(WishlistCommand::Add(added(ITEMS_MAX)))
        .then_refused(
            WishlistError::Full { max: ITEMS_MAX },
            (Conflict, "wishlist_full", None),
        );
    given::<Wishlist>(full())
        .when(WishlistCommand::Add(added(0)))
        .then_nothing();
}
