//! Reads and writes Stripe's objects, whatever their type, and finds them by id, list, intent or metadata.

use chrono::{DateTime, Utc};
use sqlx::{Row, SqliteConnection};

use crate::error::StoreError;
use crate::objects::{Charge, ChargeStatus, Metadata, Resource};

/// One page of a list, newest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Page {
    pub payment_intent: Option<String>,
    /// Unix seconds, inclusive.
    pub created_from: Option<i64>,
    /// The id of the last object of the page before.
    pub starting_after: Option<String>,
    pub limit: i64,
}

pub(crate) async fn insert<T: Resource>(
    connection: &mut SqliteConnection,
    resource: &T,
    due_at: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO objects (id, object, payment_intent, created, due_at_ms, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(resource.id())
    .bind(T::OBJECT)
    .bind(resource.payment_intent())
    .bind(resource.created())
    .bind(due_at.map(|at| at.timestamp_millis()))
    .bind(resource.to_json().to_string())
    .execute(&mut *connection)
    .await?;
    insert_metadata(connection, resource.id(), resource.metadata()).await
}

async fn insert_metadata(
    connection: &mut SqliteConnection,
    id: &str,
    metadata: &Metadata,
) -> Result<(), StoreError> {
    for (key, value) in metadata {
        sqlx::query("INSERT INTO metadata (object_id, key, value) VALUES (?1, ?2, ?3)")
            .bind(id)
            .bind(key)
            .bind(value)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Writes the object's new state; `due_at` replaces the time at which it settles.
pub(crate) async fn update<T: Resource>(
    connection: &mut SqliteConnection,
    resource: &T,
    due_at: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE objects SET body = ?2, due_at_ms = ?3 WHERE id = ?1")
        .bind(resource.id())
        .bind(resource.to_json().to_string())
        .bind(due_at.map(|at| at.timestamp_millis()))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn find<T: Resource>(
    connection: &mut SqliteConnection,
    id: &str,
) -> Result<Option<T>, StoreError> {
    let body: Option<String> = sqlx::query_scalar("SELECT body FROM objects WHERE id = ?1 AND object = ?2")
        .bind(id)
        .bind(T::OBJECT)
        .fetch_optional(connection)
        .await?;
    body.map(|body| parse(id, &body)).transpose()
}

/// The page and whether more follow.
pub(crate) async fn list<T: Resource>(
    connection: &mut SqliteConnection,
    page: &Page,
) -> Result<(Vec<T>, bool), StoreError> {
    let rows = sqlx::query(
        "SELECT id, body FROM objects
         WHERE object = ?1
           AND (?2 IS NULL OR payment_intent = ?2)
           AND (?3 IS NULL OR created >= ?3)
           AND (?4 IS NULL OR seq < (SELECT seq FROM objects WHERE id = ?4))
         ORDER BY seq DESC LIMIT ?5 + 1",
    )
    .bind(T::OBJECT)
    .bind(page.payment_intent.as_deref())
    .bind(page.created_from)
    .bind(page.starting_after.as_deref())
    .bind(page.limit)
    .fetch_all(connection)
    .await?;
    let mut found = rows
        .iter()
        .map(|row| parse(row.try_get("id")?, row.try_get("body")?))
        .collect::<Result<Vec<T>, _>>()?;
    let limit = usize::try_from(page.limit).unwrap_or(0);
    let more = found.len() > limit;
    found.truncate(limit);
    Ok((found, more))
}

/// The newest objects with this metadata pair, at most `limit`.
pub(crate) async fn with_metadata<T: Resource>(
    connection: &mut SqliteConnection,
    (key, value): (&str, &str),
    limit: i64,
) -> Result<Vec<T>, StoreError> {
    let rows = sqlx::query(
        "SELECT o.id, o.body FROM metadata m JOIN objects o ON o.id = m.object_id
         WHERE m.key = ?1 AND m.value = ?2 AND o.object = ?3
         ORDER BY o.seq DESC LIMIT ?4",
    )
    .bind(key)
    .bind(value)
    .bind(T::OBJECT)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| parse(row.try_get("id")?, row.try_get("body")?))
        .collect()
}

/// The first object of this type whose time to settle has come.
pub(crate) async fn next_due<T: Resource>(
    connection: &mut SqliteConnection,
    now: DateTime<Utc>,
) -> Result<Option<T>, StoreError> {
    let row = sqlx::query(
        "SELECT id, body FROM objects WHERE due_at_ms <= ?1 AND object = ?2 ORDER BY due_at_ms, seq LIMIT 1",
    )
    .bind(now.timestamp_millis())
    .bind(T::OBJECT)
    .fetch_optional(connection)
    .await?;
    row.map(|row| parse(row.try_get("id")?, row.try_get("body")?))
        .transpose()
}

/// When the next object settles, in Unix milliseconds.
pub(crate) async fn earliest_due_ms(connection: &mut SqliteConnection) -> Result<Option<i64>, StoreError> {
    let query = "SELECT min(due_at_ms) FROM objects WHERE due_at_ms IS NOT NULL";
    Ok(sqlx::query_scalar(query).fetch_one(connection).await?)
}

/// Every succeeded charge, oldest first.
pub(crate) async fn succeeded_charges(connection: &mut SqliteConnection) -> Result<Vec<Charge>, StoreError> {
    let rows = sqlx::query("SELECT id, body FROM objects WHERE object = ?1 ORDER BY seq")
        .bind(Charge::OBJECT)
        .fetch_all(connection)
        .await?;
    let mut charges = rows
        .iter()
        .map(|row| parse::<Charge>(row.try_get("id")?, row.try_get("body")?))
        .collect::<Result<Vec<_>, _>>()?;
    charges.retain(|charge| charge.status == ChargeStatus::Succeeded);
    Ok(charges)
}

fn parse<T: Resource>(id: &str, body: &str) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|source| StoreError::Unreadable {
        object: T::OBJECT,
        id: id.to_owned(),
        source,
    })
}
