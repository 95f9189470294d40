//! A person's cart: SKUs and how many of each. It promises nothing and knows no price.

mod command;
mod error;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::cart::{CartCheckedOut, CartEvent, CartItemRemoved, CartItemSet};
use events::ids::Sku;
use serde::{Deserialize, Serialize};

pub use command::CartCommand;
pub use error::CartError;

/// More different things than anyone puts into one cart; bounds an order's append.
pub const ITEMS_MAX: usize = 500;
/// More of one thing than a cart is for; larger orders are agreed with the seller.
pub const QUANTITY_MAX: u32 = 100_000;

/// See the module. The default is an empty cart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cart {
    items: BTreeMap<Sku, u32>,
}

impl Cart {
    pub fn items(&self) -> &BTreeMap<Sku, u32> {
        &self.items
    }

    fn decide(&self, command: CartCommand) -> Result<Option<CartEvent>, CartError> {
        match command {
            CartCommand::SetItem(set) => self.set_item(set),
            CartCommand::RemoveItem { account_id, sku } => {
                let removed = self.items.contains_key(&sku);
                Ok(removed.then(|| CartItemRemoved { account_id, sku }.into()))
            }
            CartCommand::CheckOut { account_id, order_id } => {
                if self.items.is_empty() {
                    return Err(CartError::Empty);
                }
                Ok(Some(CartCheckedOut { account_id, order_id }.into()))
            }
        }
    }

    fn set_item(&self, set: CartItemSet) -> Result<Option<CartEvent>, CartError> {
        if set.quantity == 0 || set.quantity > QUANTITY_MAX {
            return Err(CartError::Quantity { max: QUANTITY_MAX });
        }
        let held = self.items.get(&set.sku).copied();
        if held.is_none() && self.items.len() >= ITEMS_MAX {
            return Err(CartError::Full { max: ITEMS_MAX });
        }
        Ok((held != Some(set.quantity)).then(|| set.into()))
    }
}

impl Aggregate for Cart {
    const TYPE: &'static str = "cart";
    type Command = CartCommand;
    type Event = CartEvent;
    type Error = CartError;
    type Services = ();

    async fn handle(
        &mut self,
        command: CartCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), CartError> {
        if let Some(event) = self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: CartEvent) {
        match event {
            CartEvent::CartItemSet(event) => {
                self.items.insert(event.sku, event.quantity);
            }
            CartEvent::CartItemRemoved(event) => {
                self.items.remove(&event.sku);
            }
            CartEvent::CartCheckedOut(_) => self.items.clear(),
        }
    }
}
