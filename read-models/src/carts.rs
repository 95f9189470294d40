//! Each account's cart: SKUs and quantities. Prices are the catalogue's, joined by whoever asks.

use events::envelope::Position;
use events::ids::{AccountId, ProductId, Sku};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::record::{self, Binds, Record, RowError};
use crate::table::{Table, int, text};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartItem {
    pub sku: Sku,
    pub product_id: ProductId,
    pub quantity: u32,
}

/// A row of `carts`. An empty cart has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cart {
    pub account: AccountId,
    /// In the order in which they were first put in. At least one.
    pub items: Vec<CartItem>,
    /// The version of the cart's stream.
    pub version: u64,
    /// The position of the last event that changed the row.
    pub position: Position,
}

impl Record for Cart {
    type Key = AccountId;

    const TABLE: Table = Table {
        name: "carts",
        columns: &[
            text("account"),
            int("version"),
            int("position"),
            // A list of `CartItem`s.
            text("items"),
        ],
        key: 1,
        indexes: &[],
    };

    fn key(&self) -> AccountId {
        self.account
    }

    fn bind(&self, binds: &mut Binds) {
        binds
            .shown(self.account)
            .count(self.version)
            .count(self.position)
            .json(&self.items);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            account: record::shown(row, "account")?,
            version: record::count(row, "version")?,
            position: record::count(row, "position")?,
            items: record::json(row, "items")?,
        })
    }
}
