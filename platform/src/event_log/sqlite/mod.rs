//! The event log in a `SQLite` database: the default, with no server to install.

mod rows;
mod store;

use std::path::Path;

use events::envelope::{Position, RecordedEvent, StreamId};
use sqlx::SqlitePool;

use self::rows::{event_from_row, json_list, outcome_from_row};
use self::store::SqliteStore;
use super::writer::WriterHandle;
use super::{LogOptions, OpenError, ReadError, StoredOutcome};
use crate::backup;
use crate::sqlite::{self, Durability};

/// Streams that one statement looks up. The list is bound as one JSON text, so this is no limit of `SQLite`'s; it
/// keeps a statement short enough not to hold its connection for long.
const STREAMS_PER_STATEMENT: usize = 500;

const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    include_str!("../../../../migrations/sqlite/log/0001_event_log.sql"),
)];

const READ: &str = "SELECT position, stream, version, event_type, schema_version, payload,
        event_id, recorded_at, actor, correlation_id, causation_id, trace_parent
    FROM events WHERE position > ?1 ORDER BY position LIMIT ?2";

// CROSS JOIN keeps SQLite from scanning the events: each name is looked up by the index on (stream, version).
const READ_STREAMS: &str = "SELECT position, stream, version, event_type, schema_version, payload,
        event_id, recorded_at, actor, correlation_id, causation_id, trace_parent
    FROM json_each(?1) AS wanted CROSS JOIN events
    ON events.stream = wanted.value ->> 0 AND events.version > wanted.value ->> 1";

const HEAD: &str = "SELECT position FROM log_head";

/// How the log is copied: what was appended stays as it is. The first event's id is no other log's.
pub const BACKUP_HINTS: backup::Hints = backup::Hints {
    settled: &[("events", "1"), ("outcomes", "1")],
    position: Some(HEAD),
    identity: Some("SELECT lower(hex(event_id)) FROM events WHERE position = 1"),
};

/// An event log in `SQLite`.
#[derive(Debug, Clone)]
pub struct SqliteLog {
    writer: WriterHandle,
    readers: SqlitePool,
}

impl SqliteLog {
    pub(super) async fn open(path: &Path, options: LogOptions) -> Result<Self, OpenError> {
        let mut connection = sqlite::open_writer(path, Durability::Full).await?;
        sqlite::apply_migrations(&mut connection, MIGRATIONS).await?;
        let readers = sqlite::open_readers(path, options.readers).await?;
        let position = read_head(&readers).await?;
        let writer = WriterHandle::start(SqliteStore::new(path, connection), position, &options);
        let poll = writer.head_poll(options.poll_interval);
        tokio::spawn({
            let readers = readers.clone();
            async move { poll.run(|| read_head(&readers)).await }
        });
        Ok(Self { writer, readers })
    }

    pub(super) fn writer(&self) -> &WriterHandle {
        &self.writer
    }

    pub(super) async fn read(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, ReadError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = sqlx::query(READ)
            .bind(after.cast_signed())
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(event_from_row).collect()
    }

    pub(super) async fn read_streams_after(
        &self,
        streams: &[(StreamId, u64)],
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        let mut wanted = streams.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let mut events = Vec::new();
        for some in wanted.chunks(STREAMS_PER_STATEMENT) {
            let rows = sqlx::query(READ_STREAMS)
                .bind(json_list(&names_and_versions(some)))
                .fetch_all(&self.readers)
                .await?;
            for row in &rows {
                events.push(event_from_row(row)?);
            }
        }
        // They come in this order already, but SQLite doesn't promise it, and here it costs one pass.
        events.sort_by(|a: &RecordedEvent, b| (&a.stream, a.version).cmp(&(&b.stream, b.version)));
        Ok(events)
    }

    pub(super) async fn head(&self) -> Result<Position, ReadError> {
        read_head(&self.readers).await
    }

    pub(super) async fn claim_owner(&self, scope: &str, value: &str) -> Result<Option<String>, ReadError> {
        sqlx::query_scalar("SELECT owner FROM claims WHERE scope = ?1 AND value = ?2")
            .bind(scope)
            .bind(value)
            .fetch_optional(&self.readers)
            .await
            .map_err(ReadError::from)
    }

    pub(super) async fn outcome(&self, scope: &str, key: &str) -> Result<Option<StoredOutcome>, ReadError> {
        let row = sqlx::query(
            "SELECT fingerprint, outcome, position, recorded_at FROM outcomes WHERE scope = ?1 AND key = ?2",
        )
        .bind(scope)
        .bind(key)
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(outcome_from_row).transpose()
    }

    pub(super) async fn close_readers(&self) {
        self.readers.close().await;
    }
}

fn names_and_versions(streams: &[(StreamId, u64)]) -> Vec<(&str, u64)> {
    streams
        .iter()
        .map(|(stream, after)| (stream.as_str(), *after))
        .collect()
}

async fn read_head(readers: &SqlitePool) -> Result<Position, ReadError> {
    let position: i64 = sqlx::query_scalar(HEAD).fetch_one(readers).await?;
    Ok(position.cast_unsigned())
}
