//! Events that wait for their delivery, written in the transaction of the change that they tell of.

use chrono::{DateTime, Utc};
use sqlx::{Row, SqliteConnection};

use crate::error::StoreError;

/// Delivered events are kept for a look back; more than this would only fill the disk.
const KEPT_DELIVERED: i64 = 10_000;
/// With nobody to listen, the oldest events are given up beyond this.
const MAX_PENDING: i64 = 100_000;
/// The bounds above are kept to within this many events, so that looking costs next to nothing.
const PRUNE_EVERY: i64 = 1_000;

pub(crate) struct Pending {
    pub id: String,
    pub kind: String,
    pub payload: String,
    /// Failed deliveries so far.
    pub attempts: i64,
}

pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    id: &str,
    kind: &str,
    payload: &str,
    due_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let inserted = sqlx::query("INSERT INTO outbox (id, kind, payload, due_at_ms) VALUES (?1, ?2, ?3, ?4)")
        .bind(id)
        .bind(kind)
        .bind(payload)
        .bind(due_at.timestamp_millis())
        .execute(&mut *connection)
        .await?;
    if inserted.last_insert_rowid() % PRUNE_EVERY == 0 {
        prune(connection, KEPT_DELIVERED, MAX_PENDING).await?;
    }
    Ok(())
}

pub(crate) async fn due(
    connection: &mut SqliteConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Pending>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, kind, payload, attempts FROM outbox WHERE state = 'pending' AND due_at_ms <= ?1
         ORDER BY due_at_ms, seq LIMIT ?2",
    )
    .bind(now.timestamp_millis())
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Pending {
                id: row.try_get("id")?,
                kind: row.try_get("kind")?,
                payload: row.try_get("payload")?,
                attempts: row.try_get("attempts")?,
            })
        })
        .collect()
}

pub(crate) async fn earliest_due_ms(connection: &mut SqliteConnection) -> Result<Option<i64>, StoreError> {
    let query = "SELECT min(due_at_ms) FROM outbox WHERE state = 'pending'";
    Ok(sqlx::query_scalar(query).fetch_one(connection).await?)
}

pub(crate) async fn mark_delivered(connection: &mut SqliteConnection, id: &str) -> Result<(), StoreError> {
    set_state(connection, id, "delivered").await
}

pub(crate) async fn give_up(connection: &mut SqliteConnection, id: &str) -> Result<(), StoreError> {
    set_state(connection, id, "given_up").await
}

async fn set_state(connection: &mut SqliteConnection, id: &str, state: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE outbox SET state = ?2, attempts = attempts + 1 WHERE id = ?1")
        .bind(id)
        .bind(state)
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn retry_at(
    connection: &mut SqliteConnection,
    id: &str,
    due_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE outbox SET attempts = attempts + 1, due_at_ms = ?2 WHERE id = ?1")
        .bind(id)
        .bind(due_at.timestamp_millis())
        .execute(connection)
        .await?;
    Ok(())
}

/// Gives up the oldest pending events beyond `pending`, then forgets finished ones beyond the newest `kept`.
async fn prune(connection: &mut SqliteConnection, kept: i64, pending: i64) -> Result<(), StoreError> {
    let given_up = sqlx::query(
        "UPDATE outbox SET state = 'given_up'
         WHERE state = 'pending' AND seq <= (SELECT max(seq) FROM outbox) - ?1",
    )
    .bind(pending)
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if given_up > 0 {
        tracing::warn!(given_up, "webhook events given up: nobody took them for too long");
    }
    sqlx::query("DELETE FROM outbox WHERE state <> 'pending' AND seq <= (SELECT max(seq) FROM outbox) - ?1")
        .bind(kept)
        .execute(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[tokio::test]
    async fn only_the_newest_events_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("sandbox.sqlite"))
            .await
            .unwrap();
        let mut books = store.begin().await.unwrap();
        let now = Utc::now();
        for number in 1..=10 {
            insert(&mut books, &format!("evt_{number}"), "payout.paid", "{}", now)
                .await
                .unwrap();
        }
        mark_delivered(&mut books, "evt_6").await.unwrap();
        mark_delivered(&mut books, "evt_9").await.unwrap();
        prune(&mut books, 3, 6).await.unwrap();
        let pending = due(&mut books, now, 100).await.unwrap();
        let ids: Vec<_> = pending.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(
            ids,
            ["evt_5", "evt_7", "evt_8", "evt_10"],
            "evt_1 to evt_4 were given up"
        );
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox")
            .fetch_one(&mut *books)
            .await
            .unwrap();
        assert_eq!(rows, 5, "besides the pending ones only evt_9 is left");
    }
}
