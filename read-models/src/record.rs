//! What a row of a view has to offer so that `store` can load and save it, and the binding of values
//! to a statement's parameters. Which rows there are is the views' own business.

use std::fmt;
use std::hash::Hash;

use chrono::{DateTime, Utc};
use events::envelope::Position;
use events::ids::{
    AccountId, ApiKeyId, BranchId, CategoryId, GuestCartId, ImageId, OrderId, OrphanId, PaymentId, ProductId,
    Sku,
};
use events::money::Currency;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::{AnyConnection, Arguments, Row};

use crate::store::StoreError;
use crate::table::Table;

/// A row of a view.
pub trait Record: Clone + PartialEq + Send + Sync + 'static {
    type Key: Key;

    const TABLE: Table;

    fn key(&self) -> Self::Key;

    /// Binds every column, in the table's order.
    fn bind(&self, binds: &mut Binds);

    /// Reads a row of all columns, in the table's order.
    fn read(row: &AnyRow) -> Result<Self, RowError>;

    /// Whether every column that is in an index is the same as in `old`, so that none of the indexes need be
    /// written. Worth answering where rows often change in their other columns.
    fn is_indexed_like(&self, old: &Self) -> bool {
        let _ = old;
        false
    }

    /// Writes what else of these changes the view keeps, in tables beside its own.
    fn save_beside(
        conn: &mut AnyConnection,
        generation: u64,
        changes: &[Change<Self>],
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        let _ = (conn, generation, changes);
        async { Ok(()) }
    }
}

/// A row before and after; missing before it exists and after it is deleted.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<R> {
    pub old: Option<R>,
    pub new: Option<R>,
}

/// What names a row.
pub trait Key: Clone + Eq + Ord + Hash + fmt::Debug + Send + Sync + 'static {
    /// Binds the key's columns, in the table's order.
    fn bind(&self, binds: &mut Binds);
}

/// A stored row that doesn't have its shape.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    #[error(transparent)]
    Column(#[from] sqlx::Error),
    #[error("the column {column} can't be read: {reason}")]
    Value { column: &'static str, reason: String },
}

/// The values of a statement's parameters.
///
/// `PostgreSQL`'s texts can't hold the character NUL. No row has it in a column then, in no database, so that their bytes are
/// the same; and to look for it finds nothing. Documents have it in JSON's spelling.
#[derive(Default)]
pub struct Binds(AnyArguments);

impl Binds {
    pub fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.add(without_nul(text.into()))
    }

    pub fn text_or_null(&mut self, text: Option<impl Into<String>>) -> &mut Self {
        self.add(text.map(|text| without_nul(text.into())))
    }

    /// A value whose text form is stored, such as an id.
    pub fn shown(&mut self, value: impl fmt::Display) -> &mut Self {
        self.add(without_nul(value.to_string()))
    }

    pub fn shown_or_null(&mut self, value: Option<impl fmt::Display>) -> &mut Self {
        self.add(value.map(|value| without_nul(value.to_string())))
    }

    pub fn int(&mut self, number: i64) -> &mut Self {
        self.add(number)
    }

    pub fn int_or_null(&mut self, number: Option<i64>) -> &mut Self {
        self.add(number)
    }

    /// A position, version or count; the log can't have more than `i64::MAX` of them.
    pub fn count(&mut self, number: u64) -> &mut Self {
        self.add(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// A time, in microseconds since 1970.
    pub fn time(&mut self, time: DateTime<Utc>) -> &mut Self {
        self.add(time.timestamp_micros())
    }

    /// A value as JSON text.
    pub fn json(&mut self, value: &impl Serialize) -> &mut Self {
        self.add(json_text(value))
    }

    pub fn into_arguments(self) -> AnyArguments {
        self.0
    }

    fn add<'t, T>(&mut self, value: T) -> &mut Self
    where
        T: sqlx::Encode<'t, sqlx::Any> + sqlx::Type<sqlx::Any>,
    {
        let added = self.0.add(value);
        debug_assert!(added.is_ok(), "texts and integers always encode");
        self
    }
}

fn without_nul(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "\u{FFFD}")
    } else {
        text
    }
}

/// A row's document as JSON text.
///
/// # Panics
/// Never: the rows are plain structs with text keys, which always have a JSON form.
pub fn json_text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("rows are plain structs with text keys")
}

/// Reads a column that holds a text form, such as an id's.
pub fn shown<T>(row: &AnyRow, column: &'static str) -> Result<T, RowError>
where
    T: std::str::FromStr<Err: fmt::Display>,
{
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|error: T::Err| RowError::Value {
        column,
        reason: error.to_string(),
    })
}

/// Reads a column that holds a SKU.
pub fn sku(row: &AnyRow, column: &'static str) -> Result<Sku, RowError> {
    let text: String = shown(row, column)?;
    Sku::new(text).map_err(|error| RowError::Value {
        column,
        reason: error.to_string(),
    })
}

/// As [`shown`], for a column that may be NULL.
pub fn shown_or_null<T>(row: &AnyRow, column: &'static str) -> Result<Option<T>, RowError>
where
    T: std::str::FromStr<Err: fmt::Display>,
{
    let text: Option<&str> = row.try_get(column)?;
    text.map(str::parse)
        .transpose()
        .map_err(|error: T::Err| RowError::Value {
            column,
            reason: error.to_string(),
        })
}

/// Reads a column that holds JSON text.
pub fn json<T: DeserializeOwned>(row: &AnyRow, column: &'static str) -> Result<T, RowError> {
    let text: &str = row.try_get(column)?;
    serde_json::from_str(text).map_err(|error| RowError::Value {
        column,
        reason: error.to_string(),
    })
}

/// Reads a position, version or count.
pub fn count(row: &AnyRow, column: &'static str) -> Result<u64, RowError> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|_| RowError::Value {
        column,
        reason: format!("{number} is negative"),
    })
}

/// Reads a time kept in microseconds since 1970.
pub fn time(row: &AnyRow, column: &'static str) -> Result<DateTime<Utc>, RowError> {
    let micros: i64 = row.try_get(column)?;
    DateTime::from_timestamp_micros(micros).ok_or_else(|| RowError::Value {
        column,
        reason: format!("{micros} is no time"),
    })
}

/// Reads a time that may be missing.
pub fn time_or_null(row: &AnyRow, column: &'static str) -> Result<Option<DateTime<Utc>>, RowError> {
    match row.try_get::<Option<i64>, _>(column)? {
        Some(_) => time(row, column).map(Some),
        None => Ok(None),
    }
}

macro_rules! text_keys {
    ($($id:ty),+) => {$(
        impl Key for $id {
            fn bind(&self, binds: &mut Binds) {
                binds.shown(self);
            }
        }
    )+};
}
text_keys!(
    AccountId,
    ApiKeyId,
    BranchId,
    CategoryId,
    GuestCartId,
    ImageId,
    OrderId,
    OrphanId,
    PaymentId,
    ProductId,
    Sku,
    Currency
);

impl Key for Position {
    fn bind(&self, binds: &mut Binds) {
        binds.count(*self);
    }
}

impl Key for String {
    fn bind(&self, binds: &mut Binds) {
        binds.text(self);
    }
}

impl<A: Key, B: Key> Key for (A, B) {
    fn bind(&self, binds: &mut Binds) {
        self.0.bind(binds);
        self.1.bind(binds);
    }
}

/// The entries of a view that keeps none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoEntries {}

impl Record for NoEntries {
    type Key = Position;

    const TABLE: Table = Table {
        name: "no_entries",
        columns: &[],
        key: 0,
        indexes: &[],
    };

    fn key(&self) -> Position {
        match *self {}
    }

    fn bind(&self, _: &mut Binds) {
        match *self {}
    }

    fn read(_: &AnyRow) -> Result<Self, RowError> {
        Err(RowError::Value {
            column: "no_entries",
            reason: "no row can be here".to_owned(),
        })
    }
}
