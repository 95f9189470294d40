//! Everything that ever happened to a product and its stock: the answer to "why is this 47?".

use chrono::{DateTime, Utc};
use events::envelope::{Actor, Position};
use events::ids::{OrderId, ProductId, Sku};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::any::AnyRow;

use crate::products::StockLevel;
use crate::record::{self, Binds, Record, RowError};
use crate::table::{Table, int, text};

/// A row of `product_history`, and its document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductEntry {
    pub product_id: ProductId,
    pub position: Position,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// The event's type, such as `StockReceived`.
    pub event: String,
    pub actor: Actor,
    /// What it did to the stock of a SKU, if it did.
    pub stock: Option<StockMovement>,
    /// What else there is to tell, such as the new price.
    pub details: Value,
    /// The SKU that it is about, if it is about one.
    #[serde(default)]
    pub sku: Option<Sku>,
}

/// What one event did to the stock of one SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockMovement {
    pub sku: Sku,
    /// By how many units each figure changed.
    pub change: StockLevel,
    /// The figures afterwards.
    pub level: StockLevel,
    pub order_id: Option<OrderId>,
    pub reason: Option<String>,
}

impl StockMovement {
    /// The figures before it.
    pub fn before(&self) -> StockLevel {
        StockLevel {
            on_hand: self.level.on_hand.saturating_sub(self.change.on_hand),
            reserved: self.level.reserved.saturating_sub(self.change.reserved),
        }
    }
}

impl Record for ProductEntry {
    type Key = (ProductId, Position);

    const TABLE: Table = Table {
        name: "product_history",
        columns: &[
            text("product_id"),
            int("position"),
            text("sku").or_null(),
            text("doc"),
        ],
        key: 2,
        indexes: &["product_id, sku, position"],
    };

    fn key(&self) -> Self::Key {
        (self.product_id, self.position)
    }

    fn bind(&self, binds: &mut Binds) {
        binds
            .shown(self.product_id)
            .count(self.position)
            .shown_or_null(self.sku.as_ref())
            .json(self);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        record::json(row, "doc")
    }
}
