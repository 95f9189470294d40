//! The vault's rows in `SQLite`.

use std::path::Path;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use sqlx::{Row as _, SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::{Change, NewKey, Row};
use crate::sqlite;
use crate::vault::{OpenVaultError, VaultError};

/// Reading connections. Nearly every key comes from the cache.
const READERS: u32 = 2;

/// Subjects that one statement looks up; they are bound as one JSON text.
const SUBJECTS_PER_STATEMENT: usize = 500;

const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    include_str!("../../../../migrations/sqlite/vault/0001_vault.sql"),
)];

/// Rows in one INSERT, from large to small: few sizes, so that prepared statements are used again.
static INSERT_KEYS: LazyLock<[(usize, String); 2]> =
    LazyLock::new(|| [64, 1].map(|rows| (rows, insert_keys(rows))));

const READ_KEYS: &str = "SELECT subject, wrapped
    FROM json_each(?1) AS wanted CROSS JOIN subject_keys ON subject = unhex(wanted.value)";

const ERASE_KEY: &str =
    "INSERT INTO subject_keys (subject, wrapped, created_at, erased_at) VALUES (?1, NULL, ?2, ?2)
    ON CONFLICT (subject) DO UPDATE SET wrapped = NULL, erased_at = coalesce(erased_at, excluded.erased_at)";

/// A database file of the vault's own. What is deleted in it is overwritten.
#[derive(Debug, Clone)]
pub(in crate::vault) struct SqliteKeys {
    /// Of one connection.
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteKeys {
    /// Opens it, creating what is missing.
    pub async fn open(path: &Path) -> Result<Self, OpenVaultError> {
        let writer = sqlite::open_erasing_writer_pool(path).await?;
        let mut connection = writer.acquire().await.map_err(VaultError::from)?;
        sqlite::apply_migrations(&mut connection, MIGRATIONS).await?;
        drop(connection);
        let readers = sqlite::open_readers(path, READERS).await?;
        Ok(Self { writer, readers })
    }

    pub async fn keep_check(&self, offered: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("INSERT INTO master_key_check (id, sealed) VALUES (1, ?1) ON CONFLICT (id) DO NOTHING")
            .bind(offered)
            .execute(&mut *transaction)
            .await?;
        let kept = sqlx::query_scalar("SELECT sealed FROM master_key_check")
            .fetch_one(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(kept)
    }

    pub async fn read(&self, subjects: &[Uuid]) -> Result<Vec<Row>, VaultError> {
        read(&mut *self.readers.acquire().await?, subjects).await
    }

    pub async fn write(&self, change: &Change) -> Result<Vec<Row>, VaultError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        insert_missing(&mut transaction, &change.new, change.now).await?;
        for subject in &change.erased {
            sqlx::query(ERASE_KEY)
                .bind(subject.as_bytes().to_vec())
                .bind(change.now.timestamp_micros())
                .execute(&mut *transaction)
                .await?;
        }
        let rows = read(&mut transaction, &change.subjects()).await?;
        transaction.commit().await?;
        Ok(rows)
    }

    /// Empties the write-ahead log, which still holds the pages with the erased keys.
    pub async fn scrub(&self) -> Result<(), VaultError> {
        if !sqlite::checkpoint(&mut *self.writer.acquire().await?).await? {
            tracing::warn!(
                "erased keys are still in the vault's write-ahead log, as somebody goes on reading it"
            );
        }
        Ok(())
    }

    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}

async fn read(connection: &mut SqliteConnection, subjects: &[Uuid]) -> Result<Vec<Row>, VaultError> {
    let mut found = Vec::with_capacity(subjects.len());
    for some in subjects.chunks(SUBJECTS_PER_STATEMENT) {
        for row in sqlx::query(READ_KEYS)
            .bind(json_list(some))
            .fetch_all(&mut *connection)
            .await?
        {
            found.push(Row {
                subject: subject_from_bytes(row.try_get(0)?)?,
                wrapped: row.try_get(1)?,
            });
        }
    }
    Ok(found)
}

async fn insert_missing(
    connection: &mut SqliteConnection,
    keys: &[NewKey],
    now: DateTime<Utc>,
) -> Result<(), VaultError> {
    let mut left = keys;
    for (rows, statement) in INSERT_KEYS.iter() {
        while let Some((some, rest)) = left.split_at_checked(*rows) {
            if some.is_empty() {
                return Ok(());
            }
            let mut insert = sqlx::query(statement.as_str());
            for key in some {
                insert = insert
                    .bind(key.subject.as_bytes().to_vec())
                    .bind(key.wrapped.clone())
                    .bind(now.timestamp_micros());
            }
            insert.execute(&mut *connection).await?;
            left = rest;
        }
    }
    Ok(())
}

fn insert_keys(rows: usize) -> String {
    format!(
        "INSERT INTO subject_keys (subject, wrapped, created_at) VALUES {} ON CONFLICT (subject) DO NOTHING",
        vec!["(?, ?, ?)"; rows].join(", ")
    )
}

/// As `json_each` and `unhex` take it: a JSON list of hexadecimal texts.
fn json_list(subjects: &[Uuid]) -> String {
    let quoted: Vec<String> = subjects
        .iter()
        .map(|subject| format!("\"{}\"", subject.simple()))
        .collect();
    format!("[{}]", quoted.join(","))
}

fn subject_from_bytes(bytes: &[u8]) -> Result<Uuid, VaultError> {
    Uuid::from_slice(bytes).map_err(|_| VaultError::Unavailable {
        reason: format!(
            "a row holds a subject of {} bytes, which Tillstream never writes",
            bytes.len()
        ),
    })
}
