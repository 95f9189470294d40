//! The writer's statements in `SQLite`.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use events::envelope::{Position, StreamId};
use events::ids::EventId;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Connection, Sqlite, SqliteConnection};

use super::rows::{get, json_list, outcome_from_row, uuid_from_bytes};
use crate::event_log::StreamHead;
use crate::event_log::batch::{ClaimKey, Known, NewOutcome, PlacedEvent, Touched};
use crate::event_log::store::{LogStore, Purpose, StoreError, stream_names};
use crate::event_log::stored::actor_to_text;
use crate::sqlite::{self, Durability};

const EVENT_COLUMNS: usize = 12;

/// Rows in one INSERT, from large to small. Few sizes, so that their prepared statements are used again and
/// again; beyond 64 rows a statement gains nothing more.
static INSERT_EVENTS: LazyLock<[(usize, String); 3]> =
    LazyLock::new(|| [64, 8, 1].map(|rows| (rows, insert_events(rows))));

// The newest event of each stream, by the end of its range in the index on (stream, version).
const HEADS: &str = "SELECT stream, version, event_id
    FROM json_each(?1) AS wanted CROSS JOIN events ON events.stream = wanted.value
    WHERE version = (SELECT max(version) FROM events AS newest WHERE newest.stream = wanted.value)";

// `key` is the place in the list, so that what was asked need not be read back.
const OWNERS: &str = "SELECT wanted.key, owner FROM json_each(?1) AS wanted CROSS JOIN claims
    ON claims.scope = wanted.value ->> 0 AND claims.value = wanted.value ->> 1";

const OUTCOMES: &str = "SELECT fingerprint, outcome, position, recorded_at, wanted.key
    FROM json_each(?1) AS wanted CROSS JOIN outcomes
    ON outcomes.scope = wanted.value ->> 0 AND outcomes.key = wanted.value ->> 1";

const TAKE_CLAIM: &str = "INSERT INTO claims (scope, value, owner) VALUES (?1, ?2, ?3)
    ON CONFLICT (scope, value) DO UPDATE SET owner = excluded.owner";

const INSERT_OUTCOME: &str = "INSERT INTO outcomes (scope, key, fingerprint, outcome, position, recorded_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const FORGET_OUTCOMES: &str = "DELETE FROM outcomes
    WHERE id IN (SELECT id FROM outcomes WHERE recorded_at < ?1 ORDER BY recorded_at LIMIT ?2)";

/// The one connection that writes.
pub(super) struct SqliteStore {
    path: PathBuf,
    /// None after a failure, until the next `begin` opens a new one.
    connection: Option<SqliteConnection>,
}

impl SqliteStore {
    pub fn new(path: &Path, connection: SqliteConnection) -> Self {
        Self {
            path: path.to_owned(),
            connection: Some(connection),
        }
    }

    fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.connection.as_mut().ok_or_else(|| StoreError {
            reason: "the connection is lost".to_owned(),
        })
    }

    async fn reconnect(&mut self) -> Result<(), StoreError> {
        let opened = sqlite::open_writer(&self.path, Durability::Full).await;
        self.connection = Some(opened.map_err(|error| StoreError {
            reason: error.to_string(),
        })?);
        tracing::info!("the event log's writer has a new connection");
        Ok(())
    }

    async fn execute(&mut self, statement: &'static str) -> Result<(), StoreError> {
        sqlx::query(statement).execute(self.connection()?).await?;
        Ok(())
    }
}

impl LogStore for SqliteStore {
    async fn begin(&mut self, purpose: Purpose) -> Result<Position, StoreError> {
        if self.connection.is_none() {
            self.reconnect().await?;
        }
        // Not sqlx's own transaction, which would roll back when dropped: a test's crash mustn't be that polite.
        self.execute(match purpose {
            Purpose::Check => "BEGIN",
            Purpose::Append => "BEGIN IMMEDIATE",
        })
        .await?;
        let position: i64 = sqlx::query_scalar(super::HEAD)
            .fetch_one(self.connection()?)
            .await?;
        Ok(position.cast_unsigned())
    }

    async fn load(&mut self, touched: &Touched) -> Result<Known, StoreError> {
        let connection = self.connection()?;
        let mut known = Known::default();
        if !touched.streams.is_empty() {
            let names = json_list(&stream_names(&touched.streams));
            for row in sqlx::query(HEADS).bind(names).fetch_all(&mut *connection).await? {
                let head = StreamHead {
                    version: get::<i64>(&row, 1)?.cast_unsigned(),
                    event_id: Some(EventId(uuid_from_bytes(get(&row, 2)?)?)),
                };
                known.heads.insert(StreamId::from_stored(get(&row, 0)?), head);
            }
        }
        if !touched.claims.is_empty() {
            let claims = json_list(&touched.claims);
            for row in sqlx::query(OWNERS)
                .bind(claims)
                .fetch_all(&mut *connection)
                .await?
            {
                known
                    .owners
                    .insert(asked(&touched.claims, get(&row, 0)?)?, get(&row, 1)?);
            }
        }
        if !touched.keys.is_empty() {
            let keys = json_list(&touched.keys);
            for row in sqlx::query(OUTCOMES)
                .bind(keys)
                .fetch_all(&mut *connection)
                .await?
            {
                known
                    .outcomes
                    .insert(asked(&touched.keys, get(&row, 4)?)?, outcome_from_row(&row)?);
            }
        }
        Ok(known)
    }

    async fn advance_head(&mut self, position: Position) -> Result<(), StoreError> {
        sqlx::query("UPDATE log_head SET position = ?1")
            .bind(position.cast_signed())
            .execute(self.connection()?)
            .await?;
        Ok(())
    }

    async fn insert_events(&mut self, events: Vec<PlacedEvent>) -> Result<(), StoreError> {
        let connection = self.connection()?;
        let mut left = events.into_iter();
        for (rows, statement) in INSERT_EVENTS.iter() {
            while left.len() >= *rows {
                let insert = sqlx::query(statement.as_str());
                let insert = left.by_ref().take(*rows).fold(insert, bind_event);
                insert.execute(&mut *connection).await?;
            }
        }
        Ok(())
    }

    async fn write_claims(&mut self, changes: Vec<(ClaimKey, Option<String>)>) -> Result<(), StoreError> {
        let connection = self.connection()?;
        for ((scope, value), owner) in changes {
            let statement = match owner {
                Some(owner) => sqlx::query(TAKE_CLAIM).bind(scope).bind(value).bind(owner),
                None => sqlx::query("DELETE FROM claims WHERE scope = ?1 AND value = ?2")
                    .bind(scope)
                    .bind(value),
            };
            statement.execute(&mut *connection).await?;
        }
        Ok(())
    }

    async fn insert_outcomes(&mut self, outcomes: Vec<NewOutcome>) -> Result<(), StoreError> {
        let connection = self.connection()?;
        for NewOutcome {
            key: (scope, key),
            stored,
        } in outcomes
        {
            sqlx::query(INSERT_OUTCOME)
                .bind(scope)
                .bind(key)
                .bind(stored.fingerprint)
                .bind(stored.outcome)
                .bind(stored.position.cast_signed())
                .bind(stored.recorded_at.timestamp_micros())
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), StoreError> {
        self.execute("COMMIT").await
    }

    async fn rollback(&mut self) {
        if let Err(error) = self.execute("ROLLBACK").await {
            // Some failures have rolled back already, others have broken the connection. A new one is right for both.
            tracing::debug!(%error, "dropping the writer's connection");
            self.connection = None;
        }
    }

    async fn forget_outcomes(&mut self, before: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        self.begin(Purpose::Append).await?;
        let deleted = sqlx::query(FORGET_OUTCOMES)
            .bind(before.timestamp_micros())
            .bind(limit)
            .execute(self.connection()?)
            .await?;
        self.commit().await?;
        Ok(deleted.rows_affected())
    }

    async fn close(mut self) -> Result<(), StoreError> {
        if let Some(mut connection) = self.connection.take() {
            sqlite::checkpoint(&mut connection).await?;
            connection.close().await?;
        }
        Ok(())
    }
}

type Insert = Query<'static, Sqlite, SqliteArguments>;

fn bind_event(insert: Insert, placed: PlacedEvent) -> Insert {
    let PlacedEvent {
        position,
        stream,
        version,
        event,
    } = placed;
    let meta = event.meta;
    insert
        .bind(position.cast_signed())
        .bind(stream.as_str().to_owned())
        .bind(version.cast_signed())
        .bind(meta.event_id.0.as_bytes().to_vec())
        .bind(event.event_type)
        .bind(event.schema_version)
        .bind(event.payload)
        .bind(meta.recorded_at.timestamp_micros())
        .bind(actor_to_text(meta.actor))
        .bind(meta.correlation_id.as_bytes().to_vec())
        .bind(meta.causation_id.map(|id| id.0.as_bytes().to_vec()))
        .bind(meta.trace_parent)
}

fn insert_events(rows: usize) -> String {
    let one = format!("({})", ["?"; EVENT_COLUMNS].join(", "));
    format!(
        "INSERT INTO events (position, stream, version, event_id, event_type, schema_version, payload,
            recorded_at, actor, correlation_id, causation_id, trace_parent) VALUES {}",
        vec![one; rows].join(", ")
    )
}

/// What was asked at this place of the list.
fn asked<T: Clone>(list: &[T], index: i64) -> Result<T, StoreError> {
    let found = usize::try_from(index).ok().and_then(|index| list.get(index));
    found.cloned().ok_or_else(|| StoreError {
        reason: format!("SQLite answered for item {index} of {}", list.len()),
    })
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Row};

    use super::super::{HEAD, MIGRATIONS, READ, READ_STREAMS};
    use super::*;

    #[tokio::test]
    async fn no_statement_scans_a_table_that_grows() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        sqlite::apply_migrations(&mut connection, MIGRATIONS)
            .await
            .unwrap();
        for statement in [HEAD, READ, READ_STREAMS, HEADS, OWNERS, OUTCOMES, FORGET_OUTCOMES] {
            let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")))
                .fetch_all(&mut connection)
                .await
                .unwrap();
            assert!(!plan.is_empty());
            for step in plan {
                let step: String = step.get("detail");
                let scans = ["events", "claims", "outcomes", "newest"]
                    .iter()
                    .any(|table| step.starts_with(&format!("SCAN {table}")));
                assert!(!scans, "{statement}: {step}");
            }
        }
    }
}
