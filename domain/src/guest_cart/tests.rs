//! A guest's cart: its token opens it, until it is merged or its time is over.

use events::guest_cart::{
    GuestCartEvent, GuestCartExpired, GuestCartItemRemoved, GuestCartItemSet, GuestCartMerged,
    GuestCartStarted,
};
use events::ids::{AccountId, GuestCartId, ProductId};
use uuid::Uuid;

use super::{GuestCart, GuestCartCommand, Presented};
use crate::RefusalKind::{Conflict, Invalid, NotFound};
use crate::cart::{CartError, ITEMS_MAX, QUANTITY_MAX};
use crate::given::{Then, at, given, sku};

const CART: GuestCartId = GuestCartId(Uuid::from_u128(1));
const OWNER: AccountId = AccountId(Uuid::from_u128(2));
const OVER: (crate::RefusalKind, &str, Option<&str>) = (NotFound, "guest_cart_over", None);

fn started() -> GuestCartEvent {
    GuestCartStarted {
        cart_id: CART,
        token_hash: "hash".to_owned(),
        started_at: at(0),
        expires_at: at(60),
    }
    .into()
}

fn set(text: &str, quantity: u32) -> GuestCartItemSet {
    GuestCartItemSet {
        cart_id: CART,
        sku: sku(text),
        product_id: ProductId::default(),
        quantity,
    }
}

fn merged(minute: i64) -> GuestCartEvent {
    GuestCartMerged {
        cart_id: CART,
        account_id: OWNER,
        merged_at: at(minute),
    }
    .into()
}

fn expired(minute: i64) -> GuestCartEvent {
    GuestCartExpired {
        cart_id: CART,
        expired_at: at(minute),
    }
    .into()
}

fn presented(token_hash: &str, minute: i64) -> Presented {
    Presented {
        token_hash: token_hash.to_owned(),
        at: at(minute),
    }
}

fn put(token_hash: &str, minute: i64, quantity: u32) -> GuestCartCommand {
    GuestCartCommand::SetItem {
        presented: presented(token_hash, minute),
        set: set("LAMP", quantity),
    }
}

fn take_out(token_hash: &str, minute: i64) -> GuestCartCommand {
    GuestCartCommand::RemoveItem {
        presented: presented(token_hash, minute),
        sku: sku("LAMP"),
    }
}

fn merge(token_hash: &str, minute: i64) -> GuestCartCommand {
    GuestCartCommand::Merge {
        presented: presented(token_hash, minute),
        account_id: OWNER,
    }
}

#[test]
fn whoever_has_the_token_fills_it_and_empties_it() {
    given::<GuestCart>(vec![started()])
        .when(put("hash", 1, 2))
        .then_expect_events(vec![set("LAMP", 2).into()]);
    given::<GuestCart>(vec![started(), set("LAMP", 2).into()])
        .when(put("hash", 1, 2))
        .then_nothing();
    let removed = GuestCartItemRemoved {
        cart_id: CART,
        sku: sku("LAMP"),
    };
    given::<GuestCart>(vec![started(), set("LAMP", 2).into()])
        .when(take_out("hash", 1))
        .then_expect_events(vec![removed.clone().into()]);
    given::<GuestCart>(vec![started(), set("LAMP", 2).into(), removed.into()])
        .when(take_out("hash", 1))
        .then_nothing();
}

#[test]
fn a_wrong_token_a_spent_one_and_one_too_late_open_nothing() {
    for (history, token_hash, minute) in [
        (vec![], "hash", 1),
        (vec![started()], "another", 1),
        (vec![started()], "hash", 60),
        (vec![started(), merged(1)], "hash", 2),
        (vec![started(), expired(60)], "hash", 2),
    ] {
        for command in [
            put(token_hash, minute, 1),
            take_out(token_hash, minute),
            merge(token_hash, minute),
        ] {
            given::<GuestCart>(history.clone())
                .when(command)
                .then_refused(CartError::GuestCartOver, OVER);
        }
    }
}

#[test]
fn it_has_the_bounds_of_any_cart() {
    for quantity in [0, QUANTITY_MAX + 1] {
        given::<GuestCart>(vec![started()])
            .when(put("hash", 1, quantity))
            .then_refused(
                CartError::Quantity { max: QUANTITY_MAX },
                (Invalid, "quantity_invalid", Some("quantity")),
            );
    }
    let full = (0..ITEMS_MAX).map(|n| set(&format!("S{n}"), 1).into());
    given::<GuestCart>(std::iter::once(started()).chain(full).collect())
        .when(put("hash", 1, 1))
        .then_refused(CartError::Full { max: ITEMS_MAX }, (Conflict, "cart_full", None));
}

#[test]
fn it_is_merged_once() {
    given::<GuestCart>(vec![started(), set("LAMP", 2).into()])
        .when(merge("hash", 1))
        .then_expect_events(vec![merged(1)]);
}

#[test]
fn it_expires_in_its_time_unless_it_is_over() {
    let expire = |minute| GuestCartCommand::Expire { at: at(minute) };
    given::<GuestCart>(vec![started()])
        .when(expire(59))
        .then_nothing();
    given::<GuestCart>(vec![started()])
        .when(expire(60))
        .then_expect_events(vec![expired(60)]);
    for end in [merged(1), expired(60)] {
        given::<GuestCart>(vec![started(), end])
            .when(expire(61))
            .then_nothing();
    }
    given::<GuestCart>(vec![]).when(expire(60)).then_nothing();
}

#[test]
fn an_id_is_begun_once() {
    let GuestCartEvent::GuestCartStarted(start) = started() else {
        unreachable!("`started` makes one")
    };
    for history in [vec![started()], vec![started(), merged(1)]] {
        given::<GuestCart>(history)
            .when(GuestCartCommand::Start(start.clone()))
            .then_refused(CartError::GuestCartOver, OVER);
    }
}
