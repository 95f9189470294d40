//! Facts about orders. They carry what reports need, so that a view never looks into another stream.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::{AccountId, CategoryId, OrderId, PaymentId, ProductId, RefundId, Sku};
use crate::money::Money;
use crate::sealed::Sealed;

/// Where an order goes if nobody says: an item may change hands without a parcel.
pub const UNSPECIFIED_COUNTRY: &str = "Unspecified";

/// What was ordered, at the price of that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLine {
    pub sku: Sku,
    pub product_id: ProductId,
    /// The product's name at that moment.
    pub name: String,
    pub category: Option<CategoryId>,
    pub seller: Option<AccountId>,
    pub quantity: u32,
    pub unit_price: Money,
}

/// Units and money of one SKU, as a sales report counts them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SoldLine {
    pub sku: Sku,
    pub product_id: ProductId,
    pub quantity: u32,
    /// For all units together.
    pub amount: Money,
}

/// What a sealed contact holds once it is opened, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contact {
    pub email: Option<String>,
    /// The name on the parcel.
    #[serde(default)]
    pub name: String,
    /// Street, town and code, as the customer wrote them.
    #[serde(default)]
    pub address: String,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contact(…)")
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderPlaced {
    pub order_id: OrderId,
    /// Who bought; missing for a sale of the past whose customer isn't known.
    pub customer: Option<AccountId>,
    /// A [`Contact`], sealed with the customer's key, or the order's own if there's no customer.
    pub contact: Sealed,
    pub lines: Vec<OrderLine>,
    pub total: Money,
    /// Where it goes, as a country's name or code.
    pub country: String,
    pub payment_id: PaymentId,
    pub placed_at: DateTime<Utc>,
    /// When an unpaid order gives its reservations back; missing for one that is settled at once.
    pub expires_at: Option<DateTime<Utc>>,
    /// The number it had in the system that it was imported from.
    pub reference: Option<String>,
    /// A sale of the past: nobody is emailed and no card is charged.
    pub historical: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderPaid {
    pub order_id: OrderId,
    pub customer: Option<AccountId>,
    pub payment_id: PaymentId,
    pub country: String,
    pub lines: Vec<SoldLine>,
    pub total: Money,
    pub paid_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderShipped {
    pub order_id: OrderId,
    pub customer: Option<AccountId>,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub shipped_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderDelivered {
    pub order_id: OrderId,
    pub customer: Option<AccountId>,
    pub delivered_at: DateTime<Utc>,
}

/// Why an order was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    Customer,
    Staff,
    /// It wasn't paid in time.
    Unpaid,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderCancelled {
    pub order_id: OrderId,
    pub customer: Option<AccountId>,
    pub reason: CancelReason,
    pub country: String,
    /// What a report takes back: everything if it had been paid, else nothing.
    pub reversed: Vec<SoldLine>,
    pub reversed_total: Money,
    pub cancelled_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderReturned {
    pub order_id: OrderId,
    pub customer: Option<AccountId>,
    pub country: String,
    pub lines: Vec<SoldLine>,
    pub total: Money,
    pub refund_id: RefundId,
    pub reason: String,
    pub returned_at: DateTime<Utc>,
}

events! {
    /// What happens to an order.
    OrderEvent {
        OrderPlaced = 1,
        OrderPaid = 1,
        OrderShipped = 1,
        OrderDelivered = 1,
        OrderCancelled = 1,
        OrderReturned = 1,
    }
}
