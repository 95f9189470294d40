//! The stock of one SKU: what is on the shelf, and what of it is promised to orders. It never
//! promises what it doesn't have, so nothing is ever sold twice.

mod command;
mod error;
mod reservations;
#[cfg(test)]
mod tests;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::ids::{ProductId, Sku};
use events::stock::{
    ReservationReleased, StockAdjusted, StockEvent, StockListed, StockReceived, StockReserved, StockReturned,
    StockShipped, StockSold,
};
use serde::{Deserialize, Serialize};

pub use command::StockCommand;
pub use error::StockError;
use reservations::Reservations;

/// The most units on one shelf; far above any real stock, far below where sums could overflow.
const ON_HAND_MAX: u64 = 1_000_000_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Listing {
    sku: Sku,
    product_id: ProductId,
}

/// See the module. The default is a SKU that nobody sells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    listing: Option<Listing>,
    on_hand: u64,
    reservations: Reservations,
}

impl Stock {
    /// The product that sells this SKU.
    pub fn product_id(&self) -> Option<ProductId> {
        self.listing.as_ref().map(|listing| listing.product_id)
    }

    /// Units on the shelf, promised or not.
    pub fn on_hand(&self) -> u64 {
        self.on_hand
    }

    /// Units that can still be promised.
    pub fn available(&self) -> u64 {
        // What is promised was available before, so this never saturates; with a planted bug it does.
        self.on_hand.saturating_sub(self.reservations.total())
    }

    fn decide(&self, command: StockCommand) -> Result<Option<StockEvent>, StockError> {
        if let StockCommand::List { sku, product_id } = command {
            return self.list(sku, product_id);
        }
        let Listing { sku, product_id } = self.listing.clone().ok_or(StockError::NotListed)?;
        match command {
            StockCommand::List { .. } => Err(StockError::InUse { sku }),
            StockCommand::Receive { quantity: 0, .. } | StockCommand::Adjust { delta: 0, .. } => Ok(None),
            StockCommand::Receive { quantity, reason } => {
                self.check_room(quantity)?;
                Ok(Some(
                    StockReceived {
                        sku,
                        product_id,
                        quantity,
                        reason,
                    }
                    .into(),
                ))
            }
            StockCommand::Reserve { order_id, quantity } => {
                self.check_available(&sku, quantity)?;
                Ok(Some(
                    StockReserved {
                        sku,
                        product_id,
                        order_id,
                        quantity,
                    }
                    .into(),
                ))
            }
            StockCommand::Sell { order_id, quantity } => {
                self.check_available(&sku, quantity)?;
                Ok(Some(
                    StockSold {
                        sku,
                        product_id,
                        order_id,
                        quantity,
                    }
                    .into(),
                ))
            }
            StockCommand::Release { order_id } => {
                let quantity = self.reservations.of(order_id);
                Ok(quantity.map(|quantity| {
                    ReservationReleased {
                        sku,
                        product_id,
                        order_id,
                        quantity,
                    }
                    .into()
                }))
            }
            StockCommand::Ship { order_id } => {
                let quantity = self.reservations.of(order_id);
                let quantity = quantity.ok_or(StockError::NotReserved {
                    sku: sku.clone(),
                    order_id,
                })?;
                Ok(Some(
                    StockShipped {
                        sku,
                        product_id,
                        order_id,
                        quantity,
                    }
                    .into(),
                ))
            }
            StockCommand::Return { order_id, quantity } => {
                self.check_room(quantity)?;
                Ok(Some(
                    StockReturned {
                        sku,
                        product_id,
                        order_id,
                        quantity,
                    }
                    .into(),
                ))
            }
            StockCommand::Adjust { delta, reason } => {
                self.check_adjustment(delta)?;
                Ok(Some(
                    StockAdjusted {
                        sku,
                        product_id,
                        delta,
                        reason,
                    }
                    .into(),
                ))
            }
        }
    }

    fn list(&self, sku: Sku, product_id: ProductId) -> Result<Option<StockEvent>, StockError> {
        if self.product_id() == Some(product_id) {
            return Ok(None);
        }
        if self.on_hand > 0 {
            return Err(StockError::InUse { sku });
        }
        Ok(Some(StockListed { sku, product_id }.into()))
    }

    fn check_room(&self, quantity: u32) -> Result<(), StockError> {
        if self.on_hand + u64::from(quantity) > ON_HAND_MAX {
            return Err(StockError::TooMuch { max: ON_HAND_MAX });
        }
        Ok(())
    }

    fn check_available(&self, sku: &Sku, wanted: u32) -> Result<(), StockError> {
        #[cfg(feature = "planted-bugs")]
        if crate::planted::is_planted(crate::planted::Bug::StockCheck) {
            return Ok(());
        }
        let left = self.available();
        if u64::from(wanted) > left {
            return Err(StockError::OutOfStock {
                sku: sku.clone(),
                wanted,
                left,
            });
        }
        Ok(())
    }

    fn check_adjustment(&self, delta: i64) -> Result<(), StockError> {
        let available = self.available();
        if delta < 0 && delta.unsigned_abs() > available {
            return Err(StockError::BelowZero { delta, available });
        }
        if delta > 0 && self.on_hand + delta.unsigned_abs() > ON_HAND_MAX {
            return Err(StockError::TooMuch { max: ON_HAND_MAX });
        }
        Ok(())
    }
}

impl Aggregate for Stock {
    const TYPE: &'static str = "stock";
    type Command = StockCommand;
    type Event = StockEvent;
    type Error = StockError;
    type Services = ();

    async fn handle(
        &mut self,
        command: StockCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), StockError> {
        if let Some(event) = self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: StockEvent) {
        match event {
            StockEvent::StockListed(event) => {
                self.listing = Some(Listing {
                    sku: event.sku,
                    product_id: event.product_id,
                });
            }
            StockEvent::StockReceived(event) => self.on_hand += u64::from(event.quantity),
            StockEvent::StockReserved(event) => self.reservations.add(event.order_id, event.quantity),
            StockEvent::ReservationReleased(event) => self.reservations.remove(event.order_id),
            StockEvent::StockShipped(event) => {
                self.reservations.remove(event.order_id);
                self.on_hand -= u64::from(event.quantity); // proof: what is reserved is on hand
            }
            StockEvent::StockSold(event) => self.on_hand -= u64::from(event.quantity), // proof: was available
            StockEvent::StockReturned(event) => self.on_hand += u64::from(event.quantity),
            StockEvent::StockAdjusted(event) => {
                self.on_hand = self.on_hand.saturating_add_signed(event.delta); // proof: never below reserved
            }
        }
    }
}
