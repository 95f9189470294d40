//! What every `SQLite` database of ours has in common: how it is opened, how long it waits, how its
//! schema comes up to date. What is in the tables is the business of whoever opens it.
//!
//! The pattern is one writer and a few readers. `SQLite` takes one writer at a time anyway, and a
//! connection of its own queues them fairly, where a pool would let them spin on the lock.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection, SqlitePool};

/// How long a statement waits for another process's write. Far above any commit of ours, and below
/// the patience of an HTTP client.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a task waits for a free reader before it is told that the database is overloaded.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// The writer's page cache: the upper levels of a log's indexes over some ten million events.
const WRITER_CACHE_KIB: u32 = 64 * 1024;

/// A reader's page cache. There are several, and the operating system caches the file as well.
const READER_CACHE_KIB: u32 = 16 * 1024;

/// Pages (of 4 KiB) in the write-ahead log before a commit copies them back: 16 MiB, so that the copying
/// and its fsync are spread over many commits, and the file still stays small.
const WAL_AUTOCHECKPOINT_PAGES: u32 = 4_000;

/// What the write-ahead log is cut back to when a checkpoint has emptied it.
const WAL_SIZE_LIMIT_BYTES: u32 = 64 * 1024 * 1024;

/// Rows that the connection's thread may be ahead of the task that reads them: deep enough that
/// neither waits for the other on every row.
const ROW_BUFFER: usize = 512;

/// What a commit promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A committed transaction survives a power cut. One fsync per commit.
    Full,
    /// A committed transaction survives a crash of the process; a power cut may take the newest ones, never the
    /// consistency. For what can be derived again, such as read models.
    Normal,
}

/// Why a database can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the database {} can't be opened", path.display())]
    Open { path: PathBuf, source: sqlx::Error },
    #[error("the database {} can't be created", path.display())]
    Create { path: PathBuf, source: std::io::Error },
    #[error("the schema can't be brought to version {version}")]
    Migrate { version: u32, source: sqlx::Error },
    #[error(
        "the database's schema has version {found}, this program knows up to {known}: start a newer release"
    )]
    NewerSchema { found: u32, known: u32 },
}

/// Opens the one connection that writes; creates the file, readable by its owner alone, if there is none.
pub async fn open_writer(path: &Path, durability: Durability) -> Result<SqliteConnection, OpenError> {
    create_private(path)?;
    writer_options(path, durability)
        .connect()
        .await
        .map_err(|source| open_error(path, source))
}

/// The writer as a pool of one, for those that write from several tasks and need no queue of their own.
pub async fn open_writer_pool(path: &Path, durability: Durability) -> Result<SqlitePool, OpenError> {
    create_private(path)?;
    pool_of_one(path, writer_options(path, durability)).await
}

/// Like [`open_writer_pool`] with full durability, for secrets: what is deleted is overwritten with zeros.
pub async fn open_erasing_writer_pool(path: &Path) -> Result<SqlitePool, OpenError> {
    create_private(path)?;
    let options = writer_options(path, Durability::Full).pragma("secure_delete", "ON");
    pool_of_one(path, options).await
}

async fn pool_of_one(path: &Path, options: SqliteConnectOptions) -> Result<SqlitePool, OpenError> {
    SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options)
        .await
        .map_err(|source| open_error(path, source))
}

/// Opens up to `connections` read-only connections; the file must exist.
pub async fn open_readers(path: &Path, connections: u32) -> Result<SqlitePool, OpenError> {
    let options = base_options(path)
        .read_only(true)
        .row_buffer_size(ROW_BUFFER)
        .pragma("cache_size", format!("-{READER_CACHE_KIB}"));
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options)
        .await
        .map_err(|source| open_error(path, source))
}

/// Applies the migrations that the database doesn't have yet, each in a transaction of its own.
/// `migrations` are `(version, sql)`, versions ascending from 1. The version is kept in `PRAGMA user_version`.
///
/// Fails with [`OpenError::NewerSchema`] when a newer release has been here.
pub async fn apply_migrations(
    connection: &mut SqliteConnection,
    migrations: &[(u32, &'static str)],
) -> Result<(), OpenError> {
    let known = migrations.last().map_or(0, |(version, _)| *version);
    let found = schema_version(connection)
        .await
        .map_err(|source| OpenError::Migrate {
            version: known,
            source,
        })?;
    if found > known {
        return Err(OpenError::NewerSchema { found, known });
    }
    for &(version, sql) in migrations.iter().filter(|(version, _)| *version > found) {
        migrate(connection, version, sql)
            .await
            .map_err(|source| OpenError::Migrate { version, source })?;
    }
    Ok(())
}

/// Copies the write-ahead log back into the database and empties it. Says whether it could: somebody who goes on
/// reading an older state, also in another process, keeps that part of the log.
pub async fn checkpoint(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let busy: i64 = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(connection)
        .await?;
    Ok(busy == 0)
}

async fn migrate(
    connection: &mut SqliteConnection,
    version: u32,
    sql: &'static str,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    // Another process may have been faster while this one waited for the lock.
    if schema_version(&mut transaction).await? < version {
        sqlx::raw_sql(sql).execute(&mut *transaction).await?;
        sqlx::raw_sql(AssertSqlSafe(format!("PRAGMA user_version = {version}")))
            .execute(&mut *transaction)
            .await?;
        tracing::debug!(version, "migrated the schema");
    }
    transaction.commit().await
}

async fn schema_version(connection: &mut SqliteConnection) -> Result<u32, sqlx::Error> {
    sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(connection)
        .await
}

fn writer_options(path: &Path, durability: Durability) -> SqliteConnectOptions {
    let synchronous = match durability {
        Durability::Full => SqliteSynchronous::Full,
        Durability::Normal => SqliteSynchronous::Normal,
    };
    base_options(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .pragma("cache_size", format!("-{WRITER_CACHE_KIB}"))
        .pragma("wal_autocheckpoint", WAL_AUTOCHECKPOINT_PAGES.to_string())
        .pragma("journal_size_limit", WAL_SIZE_LIMIT_BYTES.to_string())
}

fn base_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging()
}

/// `SQLite` would create the file readable by everyone; its companions (`-wal`, `-shm`) take the file's mode.
fn create_private(path: &Path) -> Result<(), OpenError> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|source| OpenError::Create {
        path: path.to_owned(),
        source,
    })
}

fn open_error(path: &Path, source: sqlx::Error) -> OpenError {
    OpenError::Open {
        path: path.to_owned(),
        source,
    }
}
