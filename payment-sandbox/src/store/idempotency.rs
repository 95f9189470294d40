//! Stored answers by idempotency key, and the count of refusals per request. Which requests are in progress is left
//! to `execution`: that question dies with the process.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{Row, SqliteConnection};

use crate::error::StoreError;

/// Stripe keeps a key for at least 24 hours, and promises no more: a caller must not lean on it longer.
const KEY_RETENTION: Duration = Duration::from_hours(24);

pub(crate) struct StoredAnswer {
    pub fingerprint: String,
    pub status: u16,
    pub body: String,
}

pub(crate) async fn find(
    connection: &mut SqliteConnection,
    key: &str,
    now: DateTime<Utc>,
) -> Result<Option<StoredAnswer>, StoreError> {
    let row = sqlx::query(
        "SELECT fingerprint, status, body FROM idempotency_keys WHERE key = ?1 AND created_ms > ?2",
    )
    .bind(key)
    .bind(oldest_kept_ms(now))
    .fetch_optional(connection)
    .await?;
    let answer = row.map(|row| {
        Ok(StoredAnswer {
            fingerprint: row.try_get("fingerprint")?,
            status: row.try_get("status")?,
            body: row.try_get("body")?,
        })
    });
    answer.transpose().map_err(StoreError::Sql)
}

/// Stores an answer and lets go of those that nobody may ask for any more.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    key: &str,
    fingerprint: &str,
    (status, body): (u16, &Value),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM idempotency_keys WHERE created_ms <= ?1")
        .bind(oldest_kept_ms(now))
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO idempotency_keys (key, fingerprint, status, body, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .bind(key)
    .bind(fingerprint)
    .bind(status)
    .bind(body.to_string())
    .bind(now.timestamp_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Counts one more refusal of this request and returns how many there were, this one included.
pub(crate) async fn count_refusal(
    connection: &mut SqliteConnection,
    request: &str,
) -> Result<i64, StoreError> {
    let query = "INSERT INTO refusals (request, given) VALUES (?1, 1)
                 ON CONFLICT (request) DO UPDATE SET given = given + 1 RETURNING given";
    Ok(sqlx::query_scalar(query)
        .bind(request)
        .fetch_one(connection)
        .await?)
}

/// Forgets the refusals of a request that was carried out.
pub(crate) async fn forget_refusals(
    connection: &mut SqliteConnection,
    request: &str,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM refusals WHERE request = ?1")
        .bind(request)
        .execute(connection)
        .await?;
    Ok(())
}

fn oldest_kept_ms(now: DateTime<Utc>) -> i64 {
    (now - KEY_RETENTION).timestamp_millis()
}
