//! Stock: no shelf below zero, no promise without goods, nothing sold that hadn't come in.

use std::collections::HashMap;

use events::Event;
use events::envelope::RecordedEvent;
use events::ids::{OrderId, Sku};
use events::stock::StockEvent;

use super::{Broken, Rule};

#[derive(Default)]
struct Shelf {
    /// Everything that came in: deliveries, returns, counts that found more.
    received: i64,
    /// Everything that left: sales, counts that found less.
    left: i64,
    reserved: HashMap<OrderId, i64>,
}

impl Shelf {
    fn available(&self) -> i64 {
        self.received - self.left - self.reserved.values().sum::<i64>()
    }

    fn apply(&mut self, event: &StockEvent) -> Result<(), String> {
        match event {
            StockEvent::StockListed(_) => {}
            StockEvent::StockReceived(event) => self.received += i64::from(event.quantity),
            StockEvent::StockReserved(event) => {
                if self
                    .reserved
                    .insert(event.order_id, event.quantity.into())
                    .is_some()
                {
                    return Err(format!("order {} reserves twice", event.order_id));
                }
            }
            StockEvent::ReservationReleased(event) => self.unreserve(event.order_id, event.quantity)?,
            StockEvent::StockShipped(event) => {
                self.unreserve(event.order_id, event.quantity)?;
                self.left += i64::from(event.quantity);
            }
            StockEvent::StockSold(event) => self.left += i64::from(event.quantity),
            StockEvent::StockReturned(event) => self.received += i64::from(event.quantity),
            StockEvent::StockAdjusted(event) if event.delta < 0 => self.left -= event.delta,
            StockEvent::StockAdjusted(event) => self.received += event.delta,
        }
        Ok(())
    }

    fn unreserve(&mut self, order_id: OrderId, quantity: u32) -> Result<(), String> {
        match self.reserved.remove(&order_id) {
            Some(reserved) if reserved == i64::from(quantity) => Ok(()),
            Some(reserved) => Err(format!(
                "order {order_id} gives back {quantity} of {reserved} reserved units"
            )),
            None => Err(format!(
                "order {order_id} gives back {quantity} units that it never reserved"
            )),
        }
    }
}

#[derive(Default)]
pub struct NeverOversold(HashMap<Sku, Shelf>);

impl Rule for NeverOversold {
    fn name(&self) -> &'static str {
        "stock never goes below zero, and nothing is sold that hadn't come in"
    }

    fn see(&mut self, recorded: &RecordedEvent, event: &Event, broken: &mut Broken) {
        let Event::Stock(event) = event else { return };
        let sku = sku(event);
        let shelf = self.0.entry(sku.clone()).or_default();
        if let Err(what) = shelf.apply(event) {
            broken.add(recorded.position, format_args!("{sku}: {what}"));
        }
        // Adding up reservations is only worth it where they can have grown too high.
        let grows = !matches!(event, StockEvent::StockReceived(_) | StockEvent::StockReturned(_));
        if grows && shelf.available() < 0 {
            broken.add(
                recorded.position,
                format_args!("{sku} has {} units available", shelf.available()),
            );
        }
    }
}

fn sku(event: &StockEvent) -> &Sku {
    match event {
        StockEvent::StockListed(event) => &event.sku,
        StockEvent::StockReceived(event) => &event.sku,
        StockEvent::StockReserved(event) => &event.sku,
        StockEvent::ReservationReleased(event) => &event.sku,
        StockEvent::StockShipped(event) => &event.sku,
        StockEvent::StockSold(event) => &event.sku,
        StockEvent::StockReturned(event) => &event.sku,
        StockEvent::StockAdjusted(event) => &event.sku,
    }
}
