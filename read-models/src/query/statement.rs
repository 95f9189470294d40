//! A statement that is put together from fixed pieces of SQL and parameters. Values only ever get in
//! as parameters; the pieces are constants of this crate.

use std::fmt::{self, Write};

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::record::{Binds, Record, RowError};
use crate::store::{self, StoreError};

/// SQL with its parameters, in the order in which they were added.
#[derive(Default)]
pub struct Statement {
    sql: String,
    binds: Binds,
    parameters: usize,
}

impl Statement {
    pub fn new(sql: &str) -> Self {
        let mut statement = Self::default();
        statement.sql(sql);
        statement
    }

    /// `SELECT` of all columns of a view's table, as far as the `WHERE`.
    pub fn select<R: Record>() -> Self {
        let (columns, table) = (R::TABLE.column_list(), R::TABLE.name);
        Self::new(&format!("SELECT {columns} FROM {table} WHERE "))
    }

    /// Adds a piece of SQL.
    pub fn sql(&mut self, piece: &str) -> &mut Self {
        self.sql.push_str(piece);
        self
    }

    /// Adds a parameter with the value's text form, such as an id.
    pub fn text(&mut self, value: impl fmt::Display) -> &mut Self {
        self.binds.shown(value);
        self.parameter()
    }

    /// Adds a parameter with a whole number.
    pub fn int(&mut self, value: i64) -> &mut Self {
        self.binds.int(value);
        self.parameter()
    }

    /// Adds a parameter with a position.
    pub fn count(&mut self, value: u64) -> &mut Self {
        self.binds.count(value);
        self.parameter()
    }

    /// Binds a text and tells its number, for a piece of SQL that is made elsewhere.
    pub fn numbered_text(&mut self, value: impl fmt::Display) -> usize {
        self.binds.shown(value);
        self.parameters += 1;
        self.parameters
    }

    fn parameter(&mut self) -> &mut Self {
        self.parameters += 1;
        let _ = write!(self.sql, "${}", self.parameters); // proof: writing to a String can't fail
        self
    }

    /// All rows of a view's table.
    pub async fn rows<R: Record>(self, conn: &mut AnyConnection) -> Result<Vec<R>, StoreError> {
        let rows = store::fetch(conn, self.sql, self.binds).await?;
        rows.iter().map(store::read).collect()
    }

    /// All rows, of whatever columns `read` expects; `table` is named in errors.
    pub async fn rows_with<T>(
        self,
        conn: &mut AnyConnection,
        table: &'static str,
        read: fn(&AnyRow) -> Result<T, RowError>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = store::fetch(conn, self.sql, self.binds).await?;
        let read = |row| read(row).map_err(|source| StoreError::Row { table, source });
        rows.iter().map(read).collect()
    }

    /// How the database would run it, a line per step.
    #[cfg(test)]
    pub async fn plan(self, conn: &mut AnyConnection) -> Vec<String> {
        use sqlx::Row;

        use crate::dialect::Dialect;
        let (explain, column) = match Dialect::of(conn) {
            Dialect::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
            Dialect::Postgres => ("EXPLAIN", "QUERY PLAN"),
        };
        let sql = format!("{explain} {}", self.sql);
        let rows = store::fetch(conn, sql, self.binds).await.unwrap();
        rows.iter().map(|row| row.get::<String, _>(column)).collect()
    }
}
