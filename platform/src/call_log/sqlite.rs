//! The log of calls in `SQLite`.

use std::path::Path;

use chrono::{DateTime, Utc};
use sqlx::SqlitePool;

use super::{Call, CallFilter, Columns, Direction, LoggedCall, logged};
use crate::sqlite::{self, Durability, OpenError};

const MIGRATIONS: &[(u32, &str)] = &[(1, include_str!("../../../migrations/sqlite/calls/0001_calls.sql"))];
/// People read it now and then.
const READERS: u32 = 1;

const INSERT: &str = "INSERT INTO calls (at, direction, peer, method, path, status, duration_ms, error)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const CONTACT: &str = "INSERT INTO contacts (peer, last_at) VALUES (?1, ?2)
    ON CONFLICT (peer) DO UPDATE SET last_at = max(last_at, excluded.last_at)";
const LIST: &str = "SELECT seq, at, direction, peer, method, path, status, duration_ms, error FROM calls
    WHERE (?1 IS NULL OR seq < ?1) AND (?2 IS NULL OR direction = ?2) AND (?3 IS NULL OR peer = ?3)
    ORDER BY seq DESC LIMIT ?4";

/// A file of its own, since losing it loses nothing that anything rests on.
#[derive(Debug, Clone)]
pub(super) struct SqliteCalls {
    /// Of one connection.
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteCalls {
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let writer = sqlite::open_writer_pool(path, Durability::Normal).await?;
        let mut connection = writer.acquire().await.map_err(|source| OpenError::Open {
            path: path.to_owned(),
            source,
        })?;
        sqlite::apply_migrations(&mut connection, MIGRATIONS).await?;
        drop(connection);
        let readers = sqlite::open_readers(path, READERS).await?;
        Ok(Self { writer, readers })
    }

    pub async fn insert(&self, call: &Call, contact: Option<&str>) -> Result<(), sqlx::Error> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(INSERT)
            .bind(call.at.timestamp_micros())
            .bind(call.direction.as_str())
            .bind(call.peer.as_deref())
            .bind(&call.method)
            .bind(&call.path)
            .bind(call.status.map(i64::from))
            .bind(i64::try_from(call.duration_ms).unwrap_or(i64::MAX))
            .bind(call.error.as_deref())
            .execute(&mut *transaction)
            .await?;
        if let Some(peer) = contact {
            sqlx::query(CONTACT)
                .bind(peer)
                .bind(call.at.timestamp_micros())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    }

    pub async fn clear(&self, before: DateTime<Utc>, kept: i64) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM calls WHERE at < ?1")
            .bind(before.timestamp_micros())
            .execute(&self.writer)
            .await?;
        sqlx::query("DELETE FROM calls WHERE seq <= (SELECT max(seq) FROM calls) - ?1")
            .bind(kept)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub async fn list(
        &self,
        filter: &CallFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<LoggedCall>, sqlx::Error> {
        let rows: Vec<Columns> = sqlx::query_as(LIST)
            .bind(before)
            .bind(filter.direction.map(Direction::as_str))
            .bind(filter.peer.as_deref())
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        rows.into_iter().map(logged).collect()
    }

    pub async fn last_contact(&self, peer: &str) -> Result<Option<i64>, sqlx::Error> {
        sqlx::query_scalar("SELECT last_at FROM contacts WHERE peer = ?1")
            .bind(peer)
            .fetch_optional(&self.readers)
            .await
    }

    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}
