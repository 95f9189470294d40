//! What is on each account's wishlist. Names, prices and stock are the catalogue's, joined by whoever asks.

use chrono::{DateTime, Utc};
use events::envelope::Position;
use events::ids::{AccountId, ProductId};
use sqlx::any::AnyRow;

use crate::record::{self, Binds, Record, RowError};
use crate::table::{Table, int, text};

/// A row of `wishlist_items`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WishlistItem {
    pub account: AccountId,
    pub product_id: ProductId,
    pub added_at: DateTime<Utc>,
    /// The position at which it was added: its place in the list.
    pub position: Position,
}

impl Record for WishlistItem {
    type Key = (AccountId, ProductId);

    const TABLE: Table = Table {
        name: "wishlist_items",
        columns: &[
            text("account"),
            text("product_id"),
            // Microseconds since 1970.
            int("added_at"),
            int("position"),
        ],
        key: 2,
        indexes: &["account, position"],
    };

    fn key(&self) -> (AccountId, ProductId) {
        (self.account, self.product_id)
    }

    fn bind(&self, binds: &mut Binds) {
        binds
            .shown(self.account)
            .shown(self.product_id)
            .time(self.added_at)
            .count(self.position);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            account: record::shown(row, "account")?,
            product_id: record::shown(row, "product_id")?,
            added_at: record::time(row, "added_at")?,
            position: record::count(row, "position")?,
        })
    }
}
