//! Orders as they stand now. The contact stays sealed: who may see it opens it.

use chrono::{DateTime, Utc};
use events::envelope::Position;
use events::ids::{AccountId, CategoryId, OrderId, PaymentId, ProductId, Sku};
use events::money::Money;
use events::order::CancelReason;
use events::sealed::Sealed;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::record::{self, Binds, Record, RowError};
use crate::table::{Table, int, text};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    AwaitingPayment,
    Paid,
    Shipped,
    Delivered,
    Cancelled,
    /// All of it came back.
    Returned,
}

impl OrderStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingPayment => "awaiting_payment",
            Self::Paid => "paid",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Returned => "returned",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderedLine {
    pub sku: Sku,
    pub product_id: ProductId,
    /// The product's name when it was ordered.
    pub name: String,
    pub category: Option<CategoryId>,
    pub seller: Option<AccountId>,
    pub quantity: u32,
    /// Of the quantity, what came back.
    pub returned: u32,
    pub unit_price: Money,
}

/// The document of an order, as an answer shows it but for the contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderDocument {
    pub id: OrderId,
    pub customer: Option<AccountId>,
    pub status: OrderStatus,
    pub lines: Vec<OrderedLine>,
    pub total: Money,
    /// What went back to the customer so far.
    pub refunded: Money,
    pub country: String,
    pub payment_id: PaymentId,
    pub placed_at: DateTime<Utc>,
    /// When it gives its reservations back if it isn't paid.
    pub expires_at: Option<DateTime<Utc>>,
    pub paid_at: Option<DateTime<Utc>>,
    pub shipped_at: Option<DateTime<Utc>>,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub cancelled_at: Option<DateTime<Utc>>,
    pub cancel_reason: Option<CancelReason>,
    pub returned_at: Option<DateTime<Utc>>,
    /// Its number in the system that it was imported from.
    pub reference: Option<String>,
    pub historical: bool,
    /// The version of the order's stream.
    pub version: u64,
}

/// A row of `orders`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub document: OrderDocument,
    /// An [`events::order::Contact`], sealed with the customer's key, or the order's own.
    pub contact: Sealed,
    /// The position of the last event that changed the row.
    pub position: Position,
}

impl Order {
    /// Its tag for conditional requests: `"version.position"`, of which an edit's `If-Match` needs the first part.
    pub fn etag(&self) -> String {
        format!("\"{}.{}\"", self.document.version, self.position)
    }
}

impl Record for Order {
    type Key = OrderId;

    const TABLE: Table = Table {
        name: "orders",
        columns: &[
            text("id"),
            text("customer").or_null(),
            text("status"),
            // Microseconds since 1970.
            int("placed_at"),
            text("currency"),
            int("total_minor"),
            text("reference").or_null(),
            int("version"),
            int("position"),
            text("contact"),
            // An `OrderDocument`.
            text("doc"),
        ],
        key: 1,
        indexes: &[
            "placed_at, id",
            "customer, placed_at, id",
            "status, placed_at, id",
        ],
    };

    fn key(&self) -> OrderId {
        self.document.id
    }

    fn bind(&self, binds: &mut Binds) {
        let document = &self.document;
        binds
            .shown(document.id)
            .shown_or_null(document.customer)
            .text(document.status.as_str())
            .time(document.placed_at)
            .shown(document.total.currency())
            .int(document.total.amount_minor())
            .text_or_null(document.reference.as_deref())
            .count(document.version)
            .count(self.position)
            .text(&self.contact.0)
            .json(document);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            document: record::json(row, "doc")?,
            contact: Sealed(row.try_get("contact")?),
            position: record::count(row, "position")?,
        })
    }
}
