//! The event log in a `PostgreSQL` database: for processes on several machines. Each has a writer of its own; they take
//! turns by locking the counter's row, so that positions stay gapless and in the order of commits.

#[cfg(test)]
mod plans;
mod rows;
mod session;
mod store;

use std::time::Duration;

use events::envelope::{Position, RecordedEvent, StreamId};
use sqlx::PgPool;
use sqlx::postgres::PgRow;

use self::rows::{event_from_row, outcome_from_row};
use self::session::Session;
use self::store::PostgresStore;
use super::writer::WriterHandle;
use super::{LogOptions, OpenError, ReadError, StoredOutcome};
use crate::postgres::{Migration, PostgresTarget, Schema, within};

/// The log's tables.
pub const SCHEMA: Schema = Schema {
    name: "event_log",
    migrations: &[Migration {
        version: 1,
        compatible_from: 1,
        sql: include_str!("../../../../migrations/postgres/event_log/0001_event_log.sql"),
    }],
};

/// Streams that one statement looks up: keeps it short enough not to hold its connection for long.
const STREAMS_PER_STATEMENT: usize = 500;

/// When the server gives a statement up. Far above any of ours, also on a busy disk.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(20);

/// How long the writer waits for the writers of other processes. Far above any transaction of theirs, and above the time
/// after which the server throws out one that hangs.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a read may take, waiting for a connection included: the server may be gone without a word.
const READ_PATIENCE: Duration = Duration::from_secs(30);

const READ: &str = "SELECT position, stream, version, event_type, schema_version, payload,
        event_id, recorded_at, actor, correlation_id, causation_id, trace_parent
    FROM event_log.events WHERE position > $1 ORDER BY position LIMIT $2";

// LATERAL and ORDER BY keep PostgreSQL from scanning the events, whatever it thinks of how many names there are: each is
// looked up by the index on (stream, version).
const READ_STREAMS: &str = "SELECT found.* FROM unnest($1::text[], $2::bigint[]) AS wanted (stream, after)
    CROSS JOIN LATERAL (
        SELECT position, stream, version, event_type, schema_version, payload,
            event_id, recorded_at, actor, correlation_id, causation_id, trace_parent
        FROM event_log.events WHERE events.stream = wanted.stream AND events.version > wanted.after ORDER BY version
    ) AS found";

const HEAD: &str = "SELECT position FROM event_log.log_head";

const OWNER: &str = "SELECT owner FROM event_log.claims WHERE scope = $1 AND value = $2";

const OUTCOME: &str = "SELECT fingerprint, outcome, position, recorded_at
    FROM event_log.outcomes WHERE scope = $1 AND key = $2";

/// An event log in `PostgreSQL`.
#[derive(Debug, Clone)]
pub struct PostgresLog {
    writer: WriterHandle,
    readers: PgPool,
}

impl PostgresLog {
    pub(super) async fn open(target: &PostgresTarget, options: LogOptions) -> Result<Self, OpenError> {
        let target = target
            .with_setting("statement_timeout", &milliseconds(STATEMENT_TIMEOUT))
            .with_setting("lock_timeout", &milliseconds(LOCK_TIMEOUT));
        let session = Session::open(target.clone()).await?;
        let readers = target.pool(options.readers).await?;
        let position = read_head(&readers).await?;
        let writer = WriterHandle::start(PostgresStore::new(session), position, &options);
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
        let query = sqlx::query(READ).bind(after.cast_signed()).bind(limit);
        let rows = within(READ_PATIENCE, query.fetch_all(&self.readers)).await?;
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
            let names = some.iter().map(|(stream, _)| stream.as_str());
            let versions = some.iter().map(|(_, after)| after.cast_signed());
            let query = sqlx::query(READ_STREAMS)
                .bind(names.collect::<Vec<_>>())
                .bind(versions.collect::<Vec<_>>());
            let rows = within(READ_PATIENCE, query.fetch_all(&self.readers)).await?;
            for row in &rows {
                events.push(event_from_row(row)?);
            }
        }
        // They come in this order already, but a join doesn't promise it, and here it costs one pass.
        events.sort_by(|a: &RecordedEvent, b| (&a.stream, a.version).cmp(&(&b.stream, b.version)));
        Ok(events)
    }

    pub(super) async fn head(&self) -> Result<Position, ReadError> {
        read_head(&self.readers).await
    }

    pub(super) async fn claim_owner(&self, scope: &str, value: &str) -> Result<Option<String>, ReadError> {
        let query = sqlx::query_scalar(OWNER).bind(scope).bind(value.as_bytes());
        Ok(within(READ_PATIENCE, query.fetch_optional(&self.readers)).await?)
    }

    pub(super) async fn outcome(&self, scope: &str, key: &str) -> Result<Option<StoredOutcome>, ReadError> {
        let query = sqlx::query(OUTCOME).bind(scope).bind(key.as_bytes());
        let row: Option<PgRow> = within(READ_PATIENCE, query.fetch_optional(&self.readers)).await?;
        row.as_ref().map(outcome_from_row).transpose()
    }

    pub(super) async fn close_readers(&self) {
        self.readers.close().await;
    }
}

async fn read_head(readers: &PgPool) -> Result<Position, ReadError> {
    let query = sqlx::query_scalar(HEAD);
    let position: i64 = within(READ_PATIENCE, query.fetch_one(readers)).await?;
    Ok(position.cast_unsigned())
}

fn milliseconds(duration: Duration) -> String {
    duration.as_millis().to_string()
}
