//! The log of calls in `PostgreSQL`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::{Call, CallFilter, Columns, Direction, LoggedCall, logged};
use crate::postgres::{self, Migration, OpenError, PostgresTarget, Schema, within};

pub(super) const SCHEMA: Schema = Schema {
    name: "calls",
    migrations: &[Migration {
        version: 1,
        compatible_from: 1,
        sql: include_str!("../../../migrations/postgres/calls/0001_calls.sql"),
    }],
};

/// A line here, a page there.
const CONNECTIONS: u32 = 2;
/// When the server gives a statement up. Far above any of ours.
const STATEMENT_TIMEOUT_MS: &str = "5000";
/// How long an answer is waited for, a connection included: a line isn't worth more.
const PATIENCE: Duration = Duration::from_secs(10);

const INSERT: &str = "INSERT INTO calls.calls (at, direction, peer, method, path, status, duration_ms, error)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const CONTACT: &str = "INSERT INTO calls.contacts AS kept (peer, last_at) VALUES ($1, $2)
    ON CONFLICT (peer) DO UPDATE SET last_at = greatest(kept.last_at, excluded.last_at)";
const LIST: &str =
    "SELECT seq, at, direction, peer, method, path, status, duration_ms, error FROM calls.calls
    WHERE ($1::bigint IS NULL OR seq < $1) AND ($2::text IS NULL OR direction = $2)
        AND ($3::text IS NULL OR peer = $3)
    ORDER BY seq DESC LIMIT $4";

/// A schema of its own.
#[derive(Debug, Clone)]
pub(super) struct PostgresCalls {
    pool: PgPool,
}

impl PostgresCalls {
    pub async fn open(target: &PostgresTarget) -> Result<Self, OpenError> {
        let target = target.with_setting("statement_timeout", STATEMENT_TIMEOUT_MS);
        let pool = target.pool(CONNECTIONS).await?;
        let mut connection = pool.acquire().await?;
        postgres::check(&mut connection, &SCHEMA).await?;
        drop(connection);
        Ok(Self { pool })
    }

    pub async fn insert(&self, call: &Call, contact: Option<&str>) -> Result<(), sqlx::Error> {
        let insert = async {
            let mut transaction = self.pool.begin().await?;
            sqlx::query(INSERT)
                .bind(call.at.timestamp_micros())
                .bind(call.direction.as_str())
                .bind(without_nul(call.peer.as_deref()))
                .bind(&call.method)
                .bind(without_nul(Some(&call.path)))
                .bind(call.status.map(i64::from))
                .bind(i64::try_from(call.duration_ms).unwrap_or(i64::MAX))
                .bind(without_nul(call.error.as_deref()))
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
        };
        within(PATIENCE, insert).await
    }

    pub async fn clear(&self, before: DateTime<Utc>, kept: i64) -> Result<(), sqlx::Error> {
        let clear = async {
            sqlx::query("DELETE FROM calls.calls WHERE at < $1")
                .bind(before.timestamp_micros())
                .execute(&self.pool)
                .await?;
            sqlx::query("DELETE FROM calls.calls WHERE seq <= (SELECT max(seq) FROM calls.calls) - $1")
                .bind(kept)
                .execute(&self.pool)
                .await?;
            Ok(())
        };
        within(PATIENCE, clear).await
    }

    pub async fn list(
        &self,
        filter: &CallFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<LoggedCall>, sqlx::Error> {
        let list = sqlx::query_as(LIST)
            .bind(before)
            .bind(filter.direction.map(Direction::as_str))
            .bind(without_nul(filter.peer.as_deref()))
            .bind(limit)
            .fetch_all(&self.pool);
        let rows: Vec<Columns> = within(PATIENCE, list).await?;
        rows.into_iter().map(logged).collect()
    }

    pub async fn last_contact(&self, peer: &str) -> Result<Option<i64>, sqlx::Error> {
        let find = sqlx::query_scalar("SELECT last_at FROM calls.contacts WHERE peer = $1")
            .bind(peer)
            .fetch_optional(&self.pool);
        within(PATIENCE, find).await
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// `PostgreSQL`'s texts can't hold the character NUL.
fn without_nul(text: Option<&str>) -> Option<String> {
    text.map(|text| text.replace('\0', "\u{FFFD}"))
}
