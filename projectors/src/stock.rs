//! What a stock event does to the figures of its SKU.

use events::ids::{OrderId, ProductId, Sku};
use events::stock::StockEvent;
use read_models::products::StockLevel;

/// A stock event, as the figures see it.
pub struct Movement<'e> {
    pub product_id: ProductId,
    pub sku: &'e Sku,
    /// By how many units each figure changes.
    pub change: StockLevel,
    pub order_id: Option<OrderId>,
    pub reason: Option<&'e str>,
}

pub fn movement(event: &StockEvent) -> Movement<'_> {
    let moved = |product_id, sku, on_hand, reserved| Movement {
        product_id,
        sku,
        change: StockLevel { on_hand, reserved },
        order_id: None,
        reason: None,
    };
    match event {
        StockEvent::StockListed(e) => moved(e.product_id, &e.sku, 0, 0),
        StockEvent::StockReceived(e) => Movement {
            reason: Some(&e.reason),
            ..moved(e.product_id, &e.sku, i64::from(e.quantity), 0)
        },
        StockEvent::StockReserved(e) => Movement {
            order_id: Some(e.order_id),
            ..moved(e.product_id, &e.sku, 0, i64::from(e.quantity))
        },
        StockEvent::ReservationReleased(e) => Movement {
            order_id: Some(e.order_id),
            ..moved(e.product_id, &e.sku, 0, -i64::from(e.quantity))
        },
        StockEvent::StockShipped(e) => {
            let units = i64::from(e.quantity);
            Movement {
                order_id: Some(e.order_id),
                ..moved(e.product_id, &e.sku, -units, -units)
            }
        }
        StockEvent::StockSold(e) => Movement {
            order_id: Some(e.order_id),
            ..moved(e.product_id, &e.sku, -i64::from(e.quantity), 0)
        },
        StockEvent::StockReturned(e) => Movement {
            order_id: e.order_id,
            ..moved(e.product_id, &e.sku, i64::from(e.quantity), 0)
        },
        StockEvent::StockAdjusted(e) => Movement {
            reason: Some(&e.reason),
            ..moved(e.product_id, &e.sku, e.delta, 0)
        },
    }
}

/// The figures after a change.
pub fn after(level: StockLevel, change: StockLevel) -> StockLevel {
    StockLevel {
        on_hand: level.on_hand.saturating_add(change.on_hand),
        reserved: level.reserved.saturating_add(change.reserved),
    }
}
