//! A person's wishlist: products that they think of buying. It promises nothing and knows no price.

mod command;
mod error;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::ids::ProductId;
use events::wishlist::{WishlistEvent, WishlistItemRemoved};
use serde::{Deserialize, Serialize};

pub use command::WishlistCommand;
pub use error::WishlistError;

/// More than anyone looks through; bounds the aggregate in memory.
pub const ITEMS_MAX: usize = 1_000;

/// See the module. The default is an empty wishlist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishlist {
    products: BTreeSet<ProductId>,
}

impl Wishlist {
    pub fn products(&self) -> &BTreeSet<ProductId> {
        &self.products
    }

    fn decide(&self, command: WishlistCommand) -> Result<Option<WishlistEvent>, WishlistError> {
        match command {
            WishlistCommand::Add(added) => {
                if self.products.contains(&added.product_id) {
                    return Ok(None);
                }
                if self.products.len() >= ITEMS_MAX {
                    return Err(WishlistError::Full { max: ITEMS_MAX });
                }
                Ok(Some(added.into()))
            }
            WishlistCommand::Remove {
                account_id,
                product_id,
            } => {
                let removed = WishlistItemRemoved {
                    account_id,
                    product_id,
                };
                Ok(self.products.contains(&product_id).then(|| removed.into()))
            }
        }
    }
}

impl Aggregate for Wishlist {
    const TYPE: &'static str = "wishlist";
    type Command = WishlistCommand;
    type Event = WishlistEvent;
    type Error = WishlistError;
    type Services = ();

    async fn handle(
        &mut self,
        command: WishlistCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), WishlistError> {
        if let Some(event) = self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: WishlistEvent) {
        match event {
            WishlistEvent::WishlistItemAdded(event) => {
                self.products.insert(event.product_id);
            }
            WishlistEvent::WishlistItemRemoved(event) => {
                self.products.remove(&event.product_id);
            }
        }
    }
}
