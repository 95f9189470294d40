//! Everything that happened to an order, its payment's events and its emails included.

use chrono::{DateTime, Utc};
use events::envelope::{Actor, Position};
use events::ids::OrderId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::any::AnyRow;

use crate::record::{self, Binds, Record, RowError};
use crate::table::{Table, int, text};

/// A row of `order_history`, and its document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderEntry {
    pub order_id: OrderId,
    pub position: Position,
    /// When it happened, as the event says, else when it was recorded.
    pub at: DateTime<Utc>,
    /// The event's type, such as `OrderShipped`.
    pub event: String,
    pub actor: Actor,
    /// The same in words for people.
    pub summary: String,
    /// What there is to tell, such as the carrier. Never personal data or a card's token.
    pub details: Value,
}

impl Record for OrderEntry {
    type Key = (OrderId, Position);

    const TABLE: Table = Table {
        name: "order_history",
        columns: &[text("order_id"), int("position"), text("doc")],
        key: 2,
        indexes: &[],
    };

    fn key(&self) -> Self::Key {
        (self.order_id, self.position)
    }

    fn bind(&self, binds: &mut Binds) {
        binds.shown(self.order_id).count(self.position).json(self);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        record::json(row, "doc")
    }
}
