//! The categories, each with its parent; the tree is made of them by whoever asks.

use events::envelope::Position;
use events::ids::CategoryId;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::record::{self, Binds, Record, RowError};
use crate::table::{Table, int, text};

/// A row of `categories`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Category {
    pub id: CategoryId,
    /// Missing for one at the top.
    pub parent: Option<CategoryId>,
    pub name: String,
    pub slug: String,
    /// It takes no new products and no longer shows.
    pub archived: bool,
    /// The version of the category's stream.
    pub version: u64,
    /// The position of the last event that changed the row.
    pub position: Position,
}

impl Record for Category {
    type Key = CategoryId;

    const TABLE: Table = Table {
        name: "categories",
        columns: &[
            text("id"),
            text("parent").or_null(),
            text("name"),
            text("slug"),
            // 0 or 1.
            int("archived"),
            int("version"),
            int("position"),
        ],
        key: 1,
        indexes: &["slug"],
    };

    fn key(&self) -> CategoryId {
        self.id
    }

    fn bind(&self, binds: &mut Binds) {
        binds
            .shown(self.id)
            .shown_or_null(self.parent)
            .text(&self.name)
            .text(&self.slug)
            .int(i64::from(self.archived))
            .count(self.version)
            .count(self.position);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            id: record::shown(row, "id")?,
            parent: record::shown_or_null(row, "parent")?,
            name: row.try_get("name")?,
            slug: row.try_get("slug")?,
            archived: row.try_get::<i64, _>("archived")? != 0,
            version: record::count(row, "version")?,
            position: record::count(row, "position")?,
        })
    }
}
