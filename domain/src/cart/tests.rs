//! A cart: things in, things out, and all of it into an order.

use cqrs_es::Aggregate;
use events::cart::{CartCheckedOut, CartEvent, CartItemRemoved, CartItemSet};
use events::ids::{AccountId, OrderId, ProductId};
use uuid::Uuid;

use super::{Cart, CartCommand, CartError, ITEMS_MAX, QUANTITY_MAX};
use crate::RefusalKind::{Conflict, Invalid};
use crate::given::{Then, given, sku};

const OWNER: AccountId = AccountId(Uuid::from_u128(1));
const ORDER: OrderId = OrderId(Uuid::from_u128(2));

fn set(text: &str, quantity: u32) -> CartItemSet {
    CartItemSet {
        account_id: OWNER,
        sku: sku(text),
        product_id: ProductId::default(),
        quantity,
    }
}

fn remove(text: &str) -> CartCommand {
    CartCommand::RemoveItem {
        account_id: OWNER,
        sku: sku(text),
    }
}

fn check_out() -> CartCommand {
    CartCommand::CheckOut {
        account_id: OWNER,
        order_id: ORDER,
    }
}

fn checked_out() -> CartEvent {
    CartCheckedOut {
        account_id: OWNER,
        order_id: ORDER,
    }
    .into()
}

#[test]
fn an_item_is_put_in_and_its_quantity_changed() {
    for history in [vec![], vec![set("LAMP", 1).into()]] {
        given::<Cart>(history)
            .when(CartCommand::SetItem(set("LAMP", 2)))
            .then_expect_events(vec![set("LAMP", 2).into()]);
    }
    given::<Cart>(vec![set("LAMP", 2).into()])
        .when(CartCommand::SetItem(set("LAMP", 2)))
        .then_nothing();
}

#[test]
fn a_quantity_has_bounds() {
    for quantity in [0, QUANTITY_MAX + 1] {
        given::<Cart>(vec![])
            .when(CartCommand::SetItem(set("LAMP", quantity)))
            .then_refused(
                CartError::Quantity { max: QUANTITY_MAX },
                (Invalid, "quantity_invalid", Some("quantity")),
            );
    }
    given::<Cart>(vec![])
        .when(CartCommand::SetItem(set("LAMP", QUANTITY_MAX)))
        .then_expect_events(vec![set("LAMP", QUANTITY_MAX).into()]);
}

#[test]
fn a_full_cart_takes_nothing_new_but_changes_what_it_holds() {
    let full = || (0..ITEMS_MAX).map(|n| set(&format!("S{n}"), 1).into()).collect();
    given::<Cart>(full())
        .when(CartCommand::SetItem(set("LAMP", 1)))
        .then_refused(CartError::Full { max: ITEMS_MAX }, (Conflict, "cart_full", None));
    given::<Cart>(full())
        .when(CartCommand::SetItem(set("S0", 2)))
        .then_expect_events(vec![set("S0", 2).into()]);
}

#[test]
fn an_item_is_taken_out_once() {
    let removed = || {
        CartEvent::from(CartItemRemoved {
            account_id: OWNER,
            sku: sku("LAMP"),
        })
    };
    given::<Cart>(vec![set("LAMP", 1).into()])
        .when(remove("LAMP"))
        .then_expect_events(vec![removed()]);
    given::<Cart>(vec![set("LAMP", 1).into(), removed()])
        .when(remove("LAMP"))
        .then_nothing();
}

#[test]
fn a_cart_becomes_an_order_and_is_empty() {
    let told = (Conflict, "cart_empty", None);
    given::<Cart>(vec![set("LAMP", 1).into()])
        .when(check_out())
        .then_expect_events(vec![checked_out()]);
    for history in [vec![], vec![set("LAMP", 1).into(), checked_out()]] {
        given::<Cart>(history)
            .when(check_out())
            .then_refused(CartError::Empty, told);
    }
}

#[test]
fn it_holds_what_was_put_in_last() {
    let mut cart = Cart::default();
    for event in [set("LAMP", 1), set("MUG", 3), set("LAMP", 2)] {
        cart.apply(event.into());
    }
    assert_eq!(cart.items(), &[(sku("LAMP"), 2), (sku("MUG"), 3)].into());
}
