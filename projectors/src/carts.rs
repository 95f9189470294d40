//! Carts, from their own events. An empty cart has no row.

use events::Event;
use events::cart::{CartEvent, CartItemSet};
use events::ids::AccountId;
use read_models::carts::{Cart, CartItem};
use read_models::{NoEntries, ViewName};

use crate::projection::{Fact, Projection};

pub struct Carts;

impl Projection for Carts {
    const VIEW: ViewName = ViewName::Carts;
    type Row = Cart;
    type Entry = NoEntries;

    fn keys(event: &Event) -> Vec<AccountId> {
        let Event::Cart(event) = event else {
            return Vec::new();
        };
        vec![match event {
            CartEvent::CartItemSet(e) => e.account_id,
            CartEvent::CartItemRemoved(e) => e.account_id,
            CartEvent::CartCheckedOut(e) => e.account_id,
        }]
    }

    fn apply(account: &AccountId, row: Option<Cart>, fact: &Fact, _: &mut Vec<NoEntries>) -> Option<Cart> {
        let Event::Cart(event) = &fact.event else {
            return row;
        };
        let mut items = row.map_or_else(Vec::new, |cart| cart.items);
        match event {
            CartEvent::CartItemSet(e) => set(&mut items, e),
            CartEvent::CartItemRemoved(e) => items.retain(|item| item.sku != e.sku),
            CartEvent::CartCheckedOut(_) => items.clear(),
        }
        (!items.is_empty()).then_some(Cart {
            account: *account,
            items,
            version: fact.version,
            position: fact.position,
        })
    }
}

fn set(items: &mut Vec<CartItem>, set: &CartItemSet) {
    let item = CartItem {
        sku: set.sku.clone(),
        product_id: set.product_id,
        quantity: set.quantity,
    };
    match items.iter_mut().find(|old| old.sku == set.sku) {
        Some(old) => *old = item,
        None => items.push(item),
    }
}
