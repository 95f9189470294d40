//! Facts about the stock of one SKU. Each names its product, so that a reader needs no other stream.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::{OrderId, ProductId, Sku};

/// The SKU is sold by this product from now on; its shelf starts empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockListed {
    pub sku: Sku,
    pub product_id: ProductId,
}

/// Units came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockReceived {
    pub sku: Sku,
    pub product_id: ProductId,
    pub quantity: u32,
    pub reason: String,
}

/// Units on the shelf were promised to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockReserved {
    pub sku: Sku,
    pub product_id: ProductId,
    pub order_id: OrderId,
    pub quantity: u32,
}

/// A promise ended without a sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReservationReleased {
    pub sku: Sku,
    pub product_id: ProductId,
    pub order_id: OrderId,
    pub quantity: u32,
}

/// Promised units left the shelf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockShipped {
    pub sku: Sku,
    pub product_id: ProductId,
    pub order_id: OrderId,
    pub quantity: u32,
}

/// Units left the shelf in the moment of the sale, with no promise before: a sale of the past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockSold {
    pub sku: Sku,
    pub product_id: ProductId,
    pub order_id: OrderId,
    pub quantity: u32,
}

/// Sold units came back to the shelf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockReturned {
    pub sku: Sku,
    pub product_id: ProductId,
    /// The order they were sold in, where it's known.
    pub order_id: Option<OrderId>,
    pub quantity: u32,
}

/// A count or a loss: the shelf holds `delta` more units than was thought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockAdjusted {
    pub sku: Sku,
    pub product_id: ProductId,
    pub delta: i64,
    pub reason: String,
}

events! {
    /// What happens to the stock of one SKU.
    StockEvent {
        StockListed = 1,
        StockReceived = 1,
        StockReserved = 1,
        ReservationReleased = 1,
        StockShipped = 1,
        StockSold = 1,
        StockReturned = 1,
        StockAdjusted = 1,
    }
}
