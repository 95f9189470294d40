//! The vault's rows in `PostgreSQL`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, Row as _};
use uuid::Uuid;

use super::{Change, NewKey, Row};
use crate::postgres::{self, Migration, PostgresTarget, Schema, within};
use crate::vault::{OpenVaultError, VaultError};

/// The vault's tables.
pub(in crate::vault) const SCHEMA: Schema = Schema {
    name: "vault",
    migrations: &[Migration {
        version: 1,
        compatible_from: 1,
        sql: include_str!("../../../../migrations/postgres/vault/0001_vault.sql"),
    }],
};

/// One for the writer, and a few to read. Nearly every key comes from the cache.
const CONNECTIONS: u32 = 3;

/// Subjects that one statement looks up.
const SUBJECTS_PER_STATEMENT: usize = 500;

/// When the server gives a statement up, also one that waits for another writer. Far above any of ours.
const STATEMENT_TIMEOUT_MS: &str = "10000";

/// How long a read or a whole change is waited for, a connection included. Above the statements' own timeout, for a
/// server that is gone without a word.
const PATIENCE: Duration = Duration::from_secs(25);

/// Lets the writers of several processes take turns, as each changes many rows in an order of its own. Any fixed number
/// does.
const LOCK_WRITERS: &str = "SELECT pg_advisory_xact_lock(1986948724)";

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

const KEEP_CHECK: &str = "INSERT INTO vault.master_key_check (id, sealed) VALUES (1, $1)
    ON CONFLICT (id) DO NOTHING";

const READ_CHECK: &str = "SELECT sealed FROM vault.master_key_check";

const READ_KEYS: &str = "SELECT found.subject, found.wrapped
    FROM unnest($1::uuid[]) AS wanted (subject) CROSS JOIN LATERAL (
        SELECT subject, wrapped FROM vault.subject_keys
        WHERE subject_keys.subject = wanted.subject LIMIT 1
    ) AS found";

const INSERT_KEYS: &str = "INSERT INTO vault.subject_keys (subject, wrapped, created_at)
    SELECT subject, wrapped, $3 FROM unnest($1::uuid[], $2::bytea[]) AS new (subject, wrapped)
    ON CONFLICT (subject) DO NOTHING";

const ERASE_KEYS: &str = "INSERT INTO vault.subject_keys AS kept (subject, wrapped, created_at, erased_at)
    SELECT subject, NULL, $2, $2 FROM unnest($1::uuid[]) AS erased (subject)
    ON CONFLICT (subject) DO UPDATE
        SET wrapped = NULL, erased_at = coalesce(kept.erased_at, excluded.erased_at)";

/// A schema of the vault's own.
#[derive(Debug, Clone)]
pub(in crate::vault) struct PostgresKeys {
    pool: PgPool,
}

impl PostgresKeys {
    /// Opens it, if its schema is one that this program knows.
    pub async fn open(target: &PostgresTarget) -> Result<Self, OpenVaultError> {
        let target = target.with_setting("statement_timeout", STATEMENT_TIMEOUT_MS);
        let pool = target.pool(CONNECTIONS).await?;
        let mut connection = pool.acquire().await.map_err(VaultError::from)?;
        postgres::check(&mut connection, &SCHEMA).await?;
        drop(connection);
        Ok(Self { pool })
    }

    pub async fn keep_check(&self, offered: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        let insert = sqlx::query(KEEP_CHECK).bind(offered).execute(&self.pool);
        within(PATIENCE, insert).await?;
        Ok(within(PATIENCE, sqlx::query_scalar(READ_CHECK).fetch_one(&self.pool)).await?)
    }

    /// What `keep_check` has kept, if a writer has been here.
    pub async fn read_check(&self) -> Result<Option<Vec<u8>>, VaultError> {
        let read = sqlx::query_scalar(READ_CHECK).fetch_optional(&self.pool);
        Ok(within(PATIENCE, read).await?)
    }

    pub async fn read(&self, subjects: &[Uuid]) -> Result<Vec<Row>, VaultError> {
        let read = async { read(&mut *self.pool.acquire().await?, subjects).await };
        Ok(within(PATIENCE, read).await?)
    }

    pub async fn write(&self, change: &Change) -> Result<Vec<Row>, VaultError> {
        Ok(within(PATIENCE, self.write_all(change)).await?)
    }

    async fn write_all(&self, change: &Change) -> Result<Vec<Row>, sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        postgres::commit_durably(&mut connection).await?;
        let mut transaction = sqlx::Connection::begin_with(&mut *connection, BEGIN).await?;
        sqlx::query(LOCK_WRITERS).execute(&mut *transaction).await?;
        insert_missing(&mut transaction, &change.new, change.now).await?;
        erase(&mut transaction, &change.erased, change.now).await?;
        let rows = read(&mut transaction, &change.subjects()).await?;
        transaction.commit().await?;
        Ok(rows)
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

async fn read(connection: &mut PgConnection, subjects: &[Uuid]) -> Result<Vec<Row>, sqlx::Error> {
    let mut found = Vec::with_capacity(subjects.len());
    for some in subjects.chunks(SUBJECTS_PER_STATEMENT) {
        let rows = sqlx::query(READ_KEYS)
            .bind(some)
            .fetch_all(&mut *connection)
            .await?;
        for row in rows {
            found.push(Row {
                subject: row.try_get(0)?,
                wrapped: row.try_get(1)?,
            });
        }
    }
    Ok(found)
}

async fn insert_missing(
    connection: &mut PgConnection,
    keys: &[NewKey],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    if keys.is_empty() {
        return Ok(());
    }
    let (subjects, wrapped): (Vec<Uuid>, Vec<&[u8]>) = keys
        .iter()
        .map(|key| (key.subject, key.wrapped.as_slice()))
        .unzip();
    sqlx::query(INSERT_KEYS)
        .bind(subjects)
        .bind(wrapped)
        .bind(now.timestamp_micros())
        .execute(connection)
        .await?;
    Ok(())
}

async fn erase(
    connection: &mut PgConnection,
    subjects: &[Uuid],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    if subjects.is_empty() {
        return Ok(());
    }
    sqlx::query(ERASE_KEYS)
        .bind(subjects)
        .bind(now.timestamp_micros())
        .execute(connection)
        .await?;
    Ok(())
}
