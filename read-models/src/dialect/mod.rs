//! What the databases can't share: how a writer's transaction begins, and full text.

mod sqlite;

use events::envelope::Position;
use sqlx::AnyConnection;

use crate::record::Binds;
use crate::table::Of;

/// The database that the views stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
}

/// What the full-text index holds of one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductText {
    /// The product's number.
    pub number: Position,
    pub name: String,
    pub description: String,
    /// All of them, with spaces in between.
    pub skus: String,
}

impl ProductText {
    pub(crate) fn bind(&self, binds: &mut Binds) {
        binds
            .count(self.number)
            .text(&self.name)
            .text(&self.description)
            .text(&self.skus);
    }
}

impl Dialect {
    /// The dialect of an open connection.
    ///
    /// # Panics
    /// If it leads to a database that this crate doesn't open.
    pub fn of(conn: &AnyConnection) -> Self {
        match conn.backend_name() {
            "SQLite" => Self::Sqlite,
            other => unreachable!("no view is ever opened in {other}"),
        }
    }

    /// Begins a transaction that may write, so that nobody else writes until it ends.
    pub fn begin_write(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
        }
    }

    /// Adds the parameter `number` of a statement that takes its parameters in their order.
    pub(crate) fn push_parameter(self, statement: &mut String, number: usize) {
        match self {
            // Not `$1`, which SQLite takes for a name: each of the driver's bindings then walks the list of
            // names, and a quarter of a rebuild goes into that.
            Self::Sqlite => {
                let _ = number;
                statement.push('?');
            }
        }
    }

    /// A generation's full-text table: its name, and the statement that makes it.
    pub(crate) fn create_text(self, generation: u64) -> (String, String) {
        let table = Of::Generation(generation).table(PRODUCTS_TEXT);
        let statement = match self {
            Self::Sqlite => sqlite::create_text(&table),
        };
        (table, statement)
    }

    /// What the stable name shows of a generation's full-text table.
    pub(crate) fn expose_text(self, generation: u64) -> String {
        match self {
            Self::Sqlite => sqlite::expose_text(&Of::Generation(generation).table(PRODUCTS_TEXT)),
        }
    }

    /// Adds one text: number, name, description, SKUs.
    pub(crate) fn insert_text(self, generation: u64) -> String {
        match self {
            Self::Sqlite => sqlite::insert_text(&Of::Generation(generation).table(PRODUCTS_TEXT)),
        }
    }

    /// Deletes the text of one number.
    pub(crate) fn delete_text(self, generation: u64) -> String {
        match self {
            Self::Sqlite => sqlite::delete_text(&Of::Generation(generation).table(PRODUCTS_TEXT)),
        }
    }

    /// Reads every text, in the order of the numbers.
    pub(crate) fn select_texts(self, of: Of) -> String {
        let table = of.table(PRODUCTS_TEXT);
        match (self, of) {
            (Self::Sqlite, Of::Serving) => sqlite::select_texts(&table, "number"),
            (Self::Sqlite, Of::Generation(_)) => sqlite::select_texts(&table, "rowid"),
        }
    }

    /// Joins the full-text index to `products` (under that name) in a query.
    pub fn search_join(self) -> &'static str {
        match self {
            Self::Sqlite => "JOIN products_text ON products_text.number = products.number",
        }
    }

    /// The condition that a product's text matches the expression in parameter `number`.
    pub fn search_condition(self, number: usize) -> String {
        match self {
            Self::Sqlite => format!("products_text.terms MATCH ${number}"),
        }
    }

    /// To sort by: the best match comes first in ascending order.
    pub fn search_rank(self) -> &'static str {
        match self {
            Self::Sqlite => "products_text.score",
        }
    }

    /// What somebody typed, as an expression for [`Self::search_condition`]: every word must occur, the last
    /// may be the beginning of one. Nothing if there is no word in it.
    pub fn search_expression(self, typed: &str) -> Option<String> {
        match self {
            Self::Sqlite => sqlite::search_expression(typed),
        }
    }
}

/// The stable name of the full-text index.
pub(crate) const PRODUCTS_TEXT: &str = "products_text";
