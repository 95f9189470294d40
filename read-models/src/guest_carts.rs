//! The carts of those who aren't logged in, found by the hash of their token. One that was merged or has expired has no
//! row. Prices are the catalogue's, joined by whoever asks.

use chrono::{DateTime, Utc};
use events::envelope::Position;
use events::ids::GuestCartId;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::carts::CartItem;
use crate::record::{self, Binds, Record, RowError};
use crate::table::{Table, int, text};

/// A row of `guest_carts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestCart {
    pub id: GuestCartId,
    /// SHA-256 of the token, in hex.
    pub token_hash: String,
    pub expires_at: DateTime<Utc>,
    /// In the order in which they were first put in; perhaps none any more.
    pub items: Vec<CartItem>,
    /// The position of the last event that changed the row.
    pub position: Position,
}

impl Record for GuestCart {
    type Key = GuestCartId;

    const TABLE: Table = Table {
        name: "guest_carts",
        columns: &[
            text("id"),
            text("token_hash"),
            // Microseconds since 1970.
            int("expires_at"),
            int("position"),
            // A list of `CartItem`s.
            text("items"),
        ],
        key: 1,
        indexes: &[],
    };

    fn key(&self) -> GuestCartId {
        self.id
    }

    fn bind(&self, binds: &mut Binds) {
        binds
            .shown(self.id)
            .text(&self.token_hash)
            .time(self.expires_at)
            .count(self.position)
            .json(&self.items);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            id: record::shown(row, "id")?,
            token_hash: row.try_get("token_hash")?,
            expires_at: record::time(row, "expires_at")?,
            position: record::count(row, "position")?,
            items: record::json(row, "items")?,
        })
    }
}
