//! Every line that somebody bought or sold, and every one that was taken back.

use chrono::{DateTime, Utc};
use events::envelope::Position;
use events::ids::{AccountId, OrderId, ProductId, Sku};
use events::money::Money;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::record::{self, Binds, Key, Record, RowError};
use crate::table::{Table, int, text};

/// Whether the account bought or sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Purchased,
    Sold,
}

impl Side {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Purchased => "purchased",
            Self::Sold => "sold",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TradeKey {
    pub account: AccountId,
    pub side: Side,
    pub position: Position,
    /// Its number among the lines of its event.
    pub line: u64,
}

impl Key for TradeKey {
    fn bind(&self, binds: &mut Binds) {
        binds
            .shown(self.account)
            .text(self.side.as_str())
            .count(self.position)
            .count(self.line);
    }
}

/// A row of `trade_entries`, and its document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradeEntry {
    pub account: AccountId,
    pub side: Side,
    pub position: Position,
    pub line: u64,
    pub at: DateTime<Utc>,
    pub order_id: OrderId,
    /// Missing where only money was given back.
    pub product_id: Option<ProductId>,
    pub sku: Option<Sku>,
    /// Negative when it was taken back.
    pub quantity: i64,
    /// Before the fee; negative when it was taken back.
    pub amount: Money,
}

impl Record for TradeEntry {
    type Key = TradeKey;

    const TABLE: Table = Table {
        name: "trade_entries",
        columns: &[
            text("account"),
            // `purchased` or `sold`.
            text("side"),
            int("position"),
            int("line"),
            // A `TradeEntry`.
            text("doc"),
        ],
        key: 4,
        indexes: &[],
    };

    fn key(&self) -> TradeKey {
        TradeKey {
            account: self.account,
            side: self.side,
            position: self.position,
            line: self.line,
        }
    }

    fn bind(&self, binds: &mut Binds) {
        self.key().bind(binds);
        binds.json(self);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        record::json(row, "doc")
    }
}
