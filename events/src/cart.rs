//! Facts about a person's cart. It holds SKUs and quantities; prices are the catalogue's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::{AccountId, OrderId, ProductId, Sku};

/// The cart holds `quantity` of the SKU from now on, whatever it held before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CartItemSet {
    pub account_id: AccountId,
    pub sku: Sku,
    pub product_id: ProductId,
    pub quantity: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CartItemRemoved {
    pub account_id: AccountId,
    pub sku: Sku,
}

/// Everything in it became an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CartCheckedOut {
    pub account_id: AccountId,
    pub order_id: OrderId,
}

events! {
    /// What happens to a cart.
    CartEvent {
        CartItemSet = 1,
        CartItemRemoved = 1,
        CartCheckedOut = 1,
    }
}
