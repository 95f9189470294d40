//! The cart of somebody who isn't logged in: whoever has its token may fill it, until they log in or its time is over.
//!
//! It refuses as a person's cart does. What becomes of its items at a login is decided in `guest_carts`.

mod command;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::guest_cart::{
    GuestCartEvent, GuestCartExpired, GuestCartItemRemoved, GuestCartItemSet, GuestCartMerged,
    GuestCartStarted,
};
use events::ids::{GuestCartId, ProductId, Sku};
use serde::{Deserialize, Serialize};

use crate::cart::{CartError, ITEMS_MAX, QUANTITY_MAX};

pub use command::{GuestCartCommand, Presented};

/// So many of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestItem {
    pub product_id: ProductId,
    pub quantity: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    cart_id: GuestCartId,
    token_hash: String,
    expires_at: DateTime<Utc>,
}

/// See the module. The default is a cart that nobody has begun.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestCart {
    /// Until it is merged or expires.
    open: Option<Open>,
    began: bool,
    items: BTreeMap<Sku, GuestItem>,
}

impl GuestCart {
    pub fn items(&self) -> &BTreeMap<Sku, GuestItem> {
        &self.items
    }

    /// Whether this token opens it now.
    pub fn is_opened_by(&self, presented: &Presented) -> bool {
        self.opened(presented).is_ok()
    }

    fn opened(&self, presented: &Presented) -> Result<&Open, CartError> {
        let open = self.open.as_ref();
        open.filter(|open| open.token_hash == presented.token_hash && presented.at < open.expires_at)
            .ok_or(CartError::GuestCartOver)
    }

    fn decide(&self, command: GuestCartCommand) -> Result<Option<GuestCartEvent>, CartError> {
        match command {
            GuestCartCommand::Start(started) => self.start(started).map(Some),
            GuestCartCommand::SetItem { presented, set } => {
                self.opened(&presented)?;
                self.set_item(set)
            }
            GuestCartCommand::RemoveItem { presented, sku } => {
                let cart_id = self.opened(&presented)?.cart_id;
                let removed = self.items.contains_key(&sku);
                Ok(removed.then(|| GuestCartItemRemoved { cart_id, sku }.into()))
            }
            GuestCartCommand::Merge {
                presented,
                account_id,
            } => {
                let merged = GuestCartMerged {
                    cart_id: self.opened(&presented)?.cart_id,
                    account_id,
                    merged_at: presented.at,
                };
                Ok(Some(merged.into()))
            }
            GuestCartCommand::Expire { at } => {
                let due = self.open.as_ref().filter(|open| at >= open.expires_at);
                Ok(due.map(|open| {
                    GuestCartExpired {
                        cart_id: open.cart_id,
                        expired_at: at,
                    }
                    .into()
                }))
            }
        }
    }

    fn start(&self, started: GuestCartStarted) -> Result<GuestCartEvent, CartError> {
        if self.began {
            return Err(CartError::GuestCartOver);
        }
        Ok(started.into())
    }

    fn set_item(&self, set: GuestCartItemSet) -> Result<Option<GuestCartEvent>, CartError> {
        if set.quantity == 0 || set.quantity > QUANTITY_MAX {
            return Err(CartError::Quantity { max: QUANTITY_MAX });
        }
        let held = self.items.get(&set.sku);
        if held.is_none() && self.items.len() >= ITEMS_MAX {
            return Err(CartError::Full { max: ITEMS_MAX });
        }
        let same = held.is_some_and(|held| held.quantity == set.quantity);
        Ok((!same).then(|| set.into()))
    }
}

impl Aggregate for GuestCart {
    const TYPE: &'static str = "guest_cart";
    type Command = GuestCartCommand;
    type Event = GuestCartEvent;
    type Error = CartError;
    type Services = ();

    async fn handle(
        &mut self,
        command: GuestCartCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), CartError> {
        if let Some(event) = self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: GuestCartEvent) {
        match event {
            GuestCartEvent::GuestCartStarted(event) => {
                self.began = true;
                self.open = Some(Open {
                    cart_id: event.cart_id,
                    token_hash: event.token_hash,
                    expires_at: event.expires_at,
                });
            }
            GuestCartEvent::GuestCartItemSet(event) => {
                let (product_id, quantity) = (event.product_id, event.quantity);
                self.items.insert(event.sku, GuestItem { product_id, quantity });
            }
            GuestCartEvent::GuestCartItemRemoved(event) => {
                self.items.remove(&event.sku);
            }
            GuestCartEvent::GuestCartMerged(_) | GuestCartEvent::GuestCartExpired(_) => {
                self.open = None;
                self.items.clear();
            }
        }
    }
}
