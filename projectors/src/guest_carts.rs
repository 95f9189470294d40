//! Guests' carts, from their own events. One that is over has no row.

use events::Event;
use events::guest_cart::{GuestCartEvent, GuestCartItemSet};
use events::ids::GuestCartId;
use read_models::carts::CartItem;
use read_models::guest_carts::GuestCart;
use read_models::{NoEntries, ViewName};

use crate::projection::{Fact, Projection};

pub struct GuestCarts;

impl Projection for GuestCarts {
    const VIEW: ViewName = ViewName::GuestCarts;
    type Row = GuestCart;
    type Entry = NoEntries;

    fn keys(event: &Event) -> Vec<GuestCartId> {
        match event {
            Event::GuestCart(event) => vec![event.cart_id()],
            _ => Vec::new(),
        }
    }

    fn apply(
        id: &GuestCartId,
        row: Option<GuestCart>,
        fact: &Fact,
        _: &mut Vec<NoEntries>,
    ) -> Option<GuestCart> {
        let Event::GuestCart(event) = &fact.event else {
            return row;
        };
        if let GuestCartEvent::GuestCartStarted(e) = event {
            return Some(GuestCart {
                id: *id,
                token_hash: e.token_hash.clone(),
                expires_at: e.expires_at,
                items: Vec::new(),
                position: fact.position,
            });
        }
        // A stream begins with the start; without it there is nothing to change.
        let mut cart = row?;
        cart.position = fact.position;
        match event {
            GuestCartEvent::GuestCartItemSet(e) => set(&mut cart.items, e),
            GuestCartEvent::GuestCartItemRemoved(e) => cart.items.retain(|item| item.sku != e.sku),
            GuestCartEvent::GuestCartMerged(_) | GuestCartEvent::GuestCartExpired(_) => return None,
            GuestCartEvent::GuestCartStarted(_) => {}
        }
        Some(cart)
    }
}

fn set(items: &mut Vec<CartItem>, set: &GuestCartItemSet) {
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
