//! What the databases can't share: how transactions begin, what keeps writers and readers apart, and full text.

mod postgres;
mod sqlite;
mod words;

use std::fmt::Write;

use events::envelope::Position;
use sqlx::AnyConnection;

use crate::record::Binds;
use crate::table::Of;

pub use words::words;

/// The database that the views stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// What the full-text index holds of one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductText {
    /// The product's number.
    pub number: Position,
    pub name: String,
    pub description: String,
    /// All of them, and the attributes' values, with spaces in between.
    pub skus: String,
}

impl ProductText {
    /// Binds what [`Dialect::insert_text`] takes.
    pub(crate) fn bind(&self, dialect: Dialect, binds: &mut Binds) {
        binds
            .count(self.number)
            .text(&self.name)
            .text(&self.description)
            .text(&self.skus);
        if dialect == Dialect::Postgres {
            binds.text(postgres::terms(self));
        }
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
            "PostgreSQL" => Self::Postgres,
            other => unreachable!("no view is ever opened in {other}"),
        }
    }

    /// Begins a transaction that may write. Nobody else writes until it ends, once [`Self::hold_off_writers`] is done.
    pub(crate) fn begin_write(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// Begins a transaction that sees one state of everything.
    pub(crate) fn begin_read(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// Waits for other writers and keeps them off until the transaction ends; nothing where its beginning does that.
    pub(crate) fn hold_off_writers(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(postgres::HOLD_OFF_WRITERS),
        }
    }

    /// Lets a transaction that reads whole views pause for longer than others may: it keeps nobody from writing. Nothing
    /// where nobody counts.
    pub(crate) fn read_at_leisure(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("SET LOCAL idle_in_transaction_session_timeout = '1min'"),
        }
    }

    /// Keeps the generations that are served from being swapped until the transaction ends. Must be its first statement:
    /// what it sees is then no older than what is served.
    pub(crate) fn hold_off_swaps(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(postgres::HOLD_OFF_SWAPS),
        }
    }

    /// Waits for those who hold swaps off, and keeps all readers off until the transaction ends.
    pub(crate) fn hold_off_readers(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(postgres::HOLD_OFF_READERS),
        }
    }

    /// The type of a text column, which is compared and sorted by its bytes.
    pub(crate) fn text_type(self) -> &'static str {
        match self {
            Self::Sqlite => "TEXT",
            Self::Postgres => "TEXT COLLATE \"C\"",
        }
    }

    /// Adds the parameter `number` of a statement that takes its parameters in their order.
    pub(crate) fn push_parameter(self, statement: &mut String, number: usize) {
        match self {
            // Not `$1`, which SQLite takes for a name: each of the driver's bindings then walks the list of
            // names, and a quarter of a rebuild goes into that.
            Self::Sqlite => {
                statement.push('?');
            }
            Self::Postgres => {
                let _ = write!(statement, "${number}"); // proof: writing to a String can't fail
            }
        }
    }

    /// Makes a generation's full-text table.
    pub(crate) fn create_text(self, generation: u64) -> String {
        let table = Of::Generation(generation).table(PRODUCTS_TEXT);
        match self {
            Self::Sqlite => sqlite::create_text(&table),
            Self::Postgres => postgres::create_text(&table),
        }
    }

    /// What the stable name shows of a generation's full-text table.
    pub(crate) fn expose_text(self, generation: u64) -> String {
        let table = Of::Generation(generation).table(PRODUCTS_TEXT);
        match self {
            Self::Sqlite => sqlite::expose_text(&table),
            Self::Postgres => postgres::expose_text(&table),
        }
    }

    /// Adds one text, as [`ProductText::bind`] binds it.
    pub(crate) fn insert_text(self, generation: u64) -> String {
        let table = Of::Generation(generation).table(PRODUCTS_TEXT);
        match self {
            Self::Sqlite => sqlite::insert_text(&table),
            Self::Postgres => postgres::insert_text(&table),
        }
    }

    /// Deletes the text of one number.
    pub(crate) fn delete_text(self, generation: u64) -> String {
        let table = Of::Generation(generation).table(PRODUCTS_TEXT);
        match self {
            Self::Sqlite => sqlite::delete_text(&table),
            Self::Postgres => postgres::delete_text(&table),
        }
    }

    /// Reads every text, in the order of the numbers.
    pub(crate) fn select_texts(self, of: Of) -> String {
        let table = of.table(PRODUCTS_TEXT);
        match (self, of) {
            (Self::Sqlite, Of::Serving) => sqlite::select_texts(&table, "number"),
            (Self::Sqlite, Of::Generation(_)) => sqlite::select_texts(&table, "rowid"),
            (Self::Postgres, _) => postgres::select_texts(&table),
        }
    }

    /// What keeps a column in a condition from being looked up in an index of its own, where another has all that is asked
    /// for: `SQLite` has no statistics that would tell it.
    pub(crate) fn unindexed(self) -> &'static str {
        match self {
            Self::Sqlite => "+",
            Self::Postgres => "",
        }
    }

    /// Joins the full-text index to `products` (under that name) in a query.
    pub fn search_join(self) -> &'static str {
        "JOIN products_text ON products_text.number = products.number"
    }

    /// The condition that a product's text matches the expression in parameter `number`.
    pub fn search_condition(self, number: usize) -> String {
        match self {
            Self::Sqlite => format!("products_text.terms MATCH ${number}"),
            Self::Postgres => postgres::search_condition(number),
        }
    }

    /// To sort the matches of the expression in parameter `number` by: the best comes first in ascending order.
    pub fn search_rank(self, number: usize) -> String {
        match self {
            Self::Sqlite => "products_text.score".to_owned(),
            Self::Postgres => postgres::search_rank(number),
        }
    }

    /// What somebody typed, as an expression for [`Self::search_condition`]: every word must occur, the last
    /// may be the beginning of one. Nothing if there is no word in it.
    pub fn search_expression(self, typed: &str) -> Option<String> {
        match self {
            Self::Sqlite => sqlite::search_expression(typed),
            Self::Postgres => postgres::search_expression(typed),
        }
    }

    /// As [`Self::search_expression`], for words that occur in the name, the attributes or the SKUs.
    pub fn suggestion_expression(self, typed: &str) -> Option<String> {
        match self {
            Self::Sqlite => sqlite::suggestion_expression(typed),
            Self::Postgres => postgres::suggestion_expression(typed),
        }
    }
}

/// More words than this in a search say nothing more about what is meant, and only cost time.
pub(crate) const SEARCH_WORDS_MAX: usize = 16;

/// The stable name of the full-text index.
pub(crate) const PRODUCTS_TEXT: &str = "products_text";
