//! A database as of one moment, read while others write: its schema, and its rows in pieces that stay the same as long
//! as their rows do.
//!
//! A table with an integer key is cut into ranges of the key. Any other is read in the order of its key and cut where the
//! rows themselves say so, so that a new row changes the piece that it falls into and no other.

use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};

use super::row::{self, RowError};
use super::{BackupError, DatabaseSource};
use crate::sqlite;

/// Keys in a range: large enough to compress well and to keep manifests short, small enough that the newest, unfinished
/// range is written again at each copy for some hundred kilobytes.
pub(super) const RANGE: i64 = 4_096;
/// The bits of a row's hash that are zero where a piece ends: pieces have some thousand rows.
const CUT_BITS: u16 = 0x03ff;
/// Where a piece ends at the latest.
const PIECE_MAX_ROWS: u64 = 8_192;

/// A table as its schema tells.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub name: String,
    pub create: Option<String>,
    pub columns: Vec<String>,
    /// The column that is an integer key.
    pub integer_key: Option<String>,
    /// What its rows are read in the order of, otherwise.
    order: Vec<String>,
}

/// Rows as lines, on their way into a chunk.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Piece {
    pub lines: Vec<u8>,
    pub rows: u64,
}

/// An open read transaction.
pub(super) struct Snapshot<'a> {
    source: &'a DatabaseSource,
    connection: &'a mut SqliteConnection,
}

/// Opens the connection over which snapshots of a database are taken, one after the other.
pub(super) async fn connect(source: &DatabaseSource) -> Result<SqliteConnection, BackupError> {
    let opened = sqlite::open_readers(&source.path, 1).await;
    let pool = opened.map_err(|error| match error {
        sqlite::OpenError::Open { source: cause, .. } => read_error(source, cause),
        other => read_error(source, sqlx::Error::Configuration(other.into())),
    })?;
    // A pool would replace it now and then, and with it what its version is counted from.
    let connection = pool.acquire().await.map_err(|error| read_error(source, error))?;
    Ok(connection.detach())
}

/// A number that changes whenever somebody else has written to the database; it is the connection's own. Within a
/// transaction it is that of the moment.
pub(super) async fn version(
    source: &DatabaseSource,
    connection: &mut SqliteConnection,
) -> Result<i64, BackupError> {
    let version = sqlx::query_scalar("PRAGMA data_version")
        .fetch_one(connection)
        .await;
    version.map_err(|error| read_error(source, error))
}

fn read_error(database: &DatabaseSource, source: sqlx::Error) -> BackupError {
    let name = database.name;
    BackupError::Database { name, source }
}

impl<'a> Snapshot<'a> {
    pub async fn begin(
        source: &'a DatabaseSource,
        connection: &'a mut SqliteConnection,
    ) -> Result<Self, BackupError> {
        // The moment is that of the first read.
        let begun = sqlx::raw_sql("BEGIN; SELECT count(*) FROM sqlite_master;")
            .execute(&mut *connection)
            .await;
        begun.map_err(|error| read_error(source, error))?;
        Ok(Self { source, connection })
    }

    pub async fn end(self) -> Result<(), BackupError> {
        let ended = sqlx::raw_sql("ROLLBACK").execute(&mut *self.connection).await;
        ended.map(drop).map_err(|error| read_error(self.source, error))
    }

    /// See [`version`].
    pub async fn version(&mut self) -> Result<i64, BackupError> {
        version(self.source, self.connection).await
    }

    /// The first column of the query's first row.
    pub async fn ask<T>(&mut self, query: &'static str) -> Result<Option<T>, BackupError>
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite>,
    {
        let found = sqlx::query_scalar(query)
            .fetch_optional(&mut *self.connection)
            .await;
        found.map_err(|error| read_error(self.source, error))
    }

    pub async fn user_version(&mut self) -> Result<i64, BackupError> {
        Ok(self.ask("PRAGMA user_version").await?.unwrap_or_default())
    }

    /// All tables, in the order in which they were made.
    pub async fn tables(&mut self) -> Result<Vec<Table>, BackupError> {
        let rows = self
            .rows(
                "SELECT name, sql FROM sqlite_master WHERE type = 'table'
                   AND (name NOT LIKE 'sqlite_%' OR name = 'sqlite_sequence') ORDER BY rowid",
            )
            .await?;
        let mut tables = Vec::with_capacity(rows.len());
        for (name, create) in rows {
            // It is there as soon as a table counts its keys.
            let create = create.filter(|_| name != "sqlite_sequence");
            tables.push(self.table(name, create).await?);
        }
        Ok(tables)
    }

    /// The statements that make indexes and triggers.
    pub async fn afterwards(&mut self) -> Result<Vec<String>, BackupError> {
        let rows = self
            .rows(
                "SELECT name, sql FROM sqlite_master
                 WHERE type IN ('index', 'trigger', 'view') AND sql IS NOT NULL ORDER BY rowid",
            )
            .await?;
        Ok(rows.into_iter().filter_map(|(_, sql)| sql).collect())
    }

    async fn rows(&mut self, query: &'static str) -> Result<Vec<(String, Option<String>)>, BackupError> {
        let found = sqlx::query_as(query).fetch_all(&mut *self.connection).await;
        found.map_err(|error| read_error(self.source, error))
    }

    async fn table(&mut self, name: String, create: Option<String>) -> Result<Table, BackupError> {
        let columns: Vec<(String, String, i64)> =
            sqlx::query_as("SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid")
                .bind(&name)
                .fetch_all(&mut *self.connection)
                .await
                .map_err(|error| read_error(self.source, error))?;
        let mut key: Vec<_> = columns.iter().filter(|(_, _, place)| *place > 0).collect();
        key.sort_unstable_by_key(|(_, _, place)| *place);
        let integer_key = match key.as_slice() {
            [(column, kind, _)] if kind.eq_ignore_ascii_case("INTEGER") => Some(column.clone()),
            _ => None,
        };
        let all: Vec<_> = columns.iter().map(|(column, ..)| column.clone()).collect();
        let order = if key.is_empty() {
            all.clone()
        } else {
            key.into_iter().map(|(column, ..)| column.clone()).collect()
        };
        Ok(Table {
            name,
            create,
            columns: all,
            integer_key,
            order,
        })
    }

    /// The smallest key from `from` on.
    pub async fn next_key(
        &mut self,
        table: &Table,
        key: &str,
        from: i64,
    ) -> Result<Option<i64>, BackupError> {
        let sql = format!(
            "SELECT min({0}) FROM {1} WHERE {0} >= ?",
            quoted(key),
            quoted(&table.name)
        );
        self.number(sql, &[from]).await
    }

    pub async fn last_key(&mut self, table: &Table, key: &str) -> Result<Option<i64>, BackupError> {
        let sql = format!("SELECT max({}) FROM {}", quoted(key), quoted(&table.name));
        self.number(sql, &[]).await
    }

    /// Whether the condition holds for every row of the range that begins at `from`.
    pub async fn holds(
        &mut self,
        table: &Table,
        key: &str,
        from: i64,
        condition: &str,
    ) -> Result<bool, BackupError> {
        let sql = format!(
            "SELECT NOT EXISTS (SELECT 1 FROM {1} WHERE {0} >= ? AND {0} < ? AND NOT ({condition}))",
            quoted(key),
            quoted(&table.name)
        );
        Ok(self.number(sql, &[from, from.saturating_add(RANGE)]).await? == Some(1))
    }

    async fn number(&mut self, sql: String, values: &[i64]) -> Result<Option<i64>, BackupError> {
        let query = values
            .iter()
            .fold(sqlx::query_scalar(AssertSqlSafe(sql)), |query, value| {
                query.bind(*value)
            });
        let found: Result<Option<i64>, _> = query.fetch_one(&mut *self.connection).await;
        found.map_err(|error| read_error(self.source, error))
    }

    /// The rows whose key is in the range that begins at `from`.
    pub async fn range(&mut self, table: &Table, key: &str, from: i64) -> Result<Piece, BackupError> {
        let sql = format!(
            "SELECT {columns} FROM {table} WHERE {key} >= ? AND {key} < ? ORDER BY {key}",
            columns = list(&table.columns),
            table = quoted(&table.name),
            key = quoted(key),
        );
        let query = sqlx::query(AssertSqlSafe(sql))
            .bind(from)
            .bind(from.saturating_add(RANGE));
        let mut rows = query.fetch(&mut *self.connection);
        let mut piece = Piece::default();
        while let Some(row) = rows
            .try_next()
            .await
            .map_err(|error| read_error(self.source, error))?
        {
            piece.push(&line(self.source, table, &row)?);
        }
        Ok(piece)
    }

    /// All rows, piece by piece.
    pub fn pieces<'s>(&'s mut self, table: &'s Table) -> BoxStream<'s, Result<Piece, BackupError>> {
        let sql = format!(
            "SELECT {columns} FROM {table} ORDER BY {order}",
            columns = list(&table.columns),
            table = quoted(&table.name),
            order = list(&table.order),
        );
        let source = self.source;
        let rows = sqlx::query(AssertSqlSafe(sql))
            .fetch(&mut *self.connection)
            .fuse();
        let pieces = stream::try_unfold(rows, move |mut rows| async move {
            let mut piece = Piece::default();
            while let Some(row) = rows.try_next().await.map_err(|error| read_error(source, error))? {
                let line = line(source, table, &row)?;
                piece.push(&line);
                if ends_piece(&line) || piece.rows >= PIECE_MAX_ROWS {
                    return Ok(Some((piece, rows)));
                }
            }
            Ok((piece.rows > 0).then_some((piece, rows)))
        });
        pieces.boxed()
    }
}

impl Piece {
    pub fn push(&mut self, line: &[u8]) {
        self.lines.extend_from_slice(line);
        self.lines.push(b'\n');
        self.rows += 1;
    }
}

fn line(source: &DatabaseSource, table: &Table, row: &SqliteRow) -> Result<Vec<u8>, BackupError> {
    row::encode(row).map_err(|error| match error {
        RowError::Sql(error) => read_error(source, error),
        RowError::Type(found) => BackupError::Value {
            name: source.name,
            table: table.name.clone(),
            found,
        },
    })
}

/// Whether a piece ends with this line.
pub(super) fn ends_piece(line: &[u8]) -> bool {
    let hash = Sha256::digest(line);
    u16::from_be_bytes([hash[0], hash[1]]) & CUT_BITS == 0
}

/// A name as SQL quotes it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(super) fn list(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| quoted(name)).collect();
    quoted.join(", ")
}
