//! The provider's books: one `SQLite` file, written by one connection in `IMMEDIATE` transactions and synced to disk at
//! each commit, so that what was answered survives a `kill -9`. What is written when is left to `operations`.

pub(crate) mod idempotency;
pub(crate) mod objects;
pub(crate) mod outbox;

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, SqliteConnection, Transaction};

use crate::error::{SandboxError, StoreError};

/// Raised with every change of the tables below.
const SCHEMA_VERSION: i64 = 1;
/// Readers beside the writer: lists and look-ups are short, four of them keep every core busy.
const READERS: u32 = 4;
/// An auditor may hold the file for a moment; longer means that something is wrong.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// `objects` holds Stripe's objects as JSON. `due_at_ms` is set while an object waits to settle, `payment_intent`
/// names the intent that a charge or refund belongs to. `refusals` counts the 503s given to each request.
const SCHEMA: &str = "
    CREATE TABLE objects (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        object TEXT NOT NULL,
        payment_intent TEXT,
        created INTEGER NOT NULL,
        due_at_ms INTEGER,
        body TEXT NOT NULL
    );
    CREATE INDEX objects_by_kind ON objects (object, seq);
    CREATE INDEX objects_by_intent ON objects (payment_intent, object, seq) WHERE payment_intent IS NOT NULL;
    CREATE INDEX objects_due ON objects (due_at_ms) WHERE due_at_ms IS NOT NULL;
    CREATE TABLE metadata (
        object_id TEXT NOT NULL REFERENCES objects (id),
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (object_id, key)
    ) WITHOUT ROWID;
    CREATE INDEX metadata_by_value ON metadata (key, value);
    CREATE TABLE idempotency_keys (
        key TEXT PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        status INTEGER NOT NULL,
        body TEXT NOT NULL,
        created_ms INTEGER NOT NULL
    );
    CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_ms);
    CREATE TABLE refusals (
        request TEXT PRIMARY KEY,
        given INTEGER NOT NULL
    );
    CREATE TABLE outbox (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        payload TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'given_up')),
        attempts INTEGER NOT NULL DEFAULT 0,
        due_at_ms INTEGER NOT NULL
    );
    CREATE INDEX outbox_pending ON outbox (due_at_ms, seq) WHERE state = 'pending';
";

#[derive(Clone)]
pub(crate) struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Store {
    pub async fn open(database: &Path) -> Result<Self, SandboxError> {
        let at = |source| SandboxError::Open {
            database: database.to_owned(),
            source,
        };
        let options = options(database).create_if_missing(true);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await
            .map_err(at)?;
        prepare(&writer, database).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options)
            .await
            .map_err(at)?;
        Ok(Self { writer, readers })
    }

    /// A transaction that holds the write lock from its first moment; dropped, it rolls back.
    pub async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    pub fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

pub(crate) fn options(database: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(database)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
}

async fn prepare(writer: &SqlitePool, database: &Path) -> Result<(), SandboxError> {
    let mut tx = writer
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(StoreError::from)?;
    match version(&mut tx).await? {
        SCHEMA_VERSION => {}
        0 => create(&mut tx).await?,
        found => {
            return Err(SandboxError::Version {
                database: database.to_owned(),
                found,
                known: SCHEMA_VERSION,
            });
        }
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

async fn version(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(connection)
        .await?)
}

async fn create(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::raw_sql(SCHEMA).execute(&mut *connection).await?;
    sqlx::raw_sql("PRAGMA user_version = 1")
        .execute(connection)
        .await?;
    Ok(())
}
