//! The writer's statements in `PostgreSQL`. While they run nobody else can append, so they are few: each is one round
//! trip, whatever the number of rows.

use chrono::{DateTime, Utc};
use events::envelope::{Position, StreamId};
use events::ids::EventId;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::rows::{get, outcome_from_row, unsigned};
use super::session::Session;
use crate::event_log::StreamHead;
use crate::event_log::batch::{ClaimKey, Known, NewOutcome, OutcomeKey, PlacedEvent, Touched};
use crate::event_log::store::{LogStore, Purpose, StoreError, stream_names};
use crate::event_log::stored::actor_to_text;

/// Rows in one INSERT: bounds how much of a large import is in memory twice.
const ROWS_PER_INSERT: usize = 4_096;

/// What the server says when another writer has kept the counter's row for too long.
const LOCK_NOT_AVAILABLE: &str = "55P03";

// READ COMMITTED whatever the server's default: each statement sees all that was committed before the lock was had.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED;
    SELECT position FROM event_log.log_head FOR UPDATE";

// One picture for all statements, and nobody waits for it.
const BEGIN_CHECK: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
    SELECT position FROM event_log.log_head";

// The newest event of each stream, by the end of its range in the index on (stream, version).
pub(super) const HEADS: &str = "SELECT wanted.stream, newest.version, newest.event_id
    FROM unnest($1::text[]) AS wanted (stream) CROSS JOIN LATERAL (
        SELECT version, event_id FROM event_log.events
        WHERE events.stream = wanted.stream ORDER BY version DESC LIMIT 1
    ) AS newest";

// `place` is the place in the list, so that what was asked need not be read back. LIMIT keeps PostgreSQL from any other
// way than looking each one up by the index.
pub(super) const OWNERS: &str = "SELECT wanted.place, found.owner
    FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY AS wanted (scope, value, place) CROSS JOIN LATERAL (
        SELECT owner FROM event_log.claims
        WHERE claims.scope = wanted.scope AND claims.value = wanted.value LIMIT 1
    ) AS found";

pub(super) const OUTCOMES: &str = "SELECT found.*, wanted.place
    FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY AS wanted (scope, key, place) CROSS JOIN LATERAL (
        SELECT fingerprint, outcome, position, recorded_at FROM event_log.outcomes
        WHERE outcomes.scope = wanted.scope AND outcomes.key = wanted.key LIMIT 1
    ) AS found";

pub(super) const INSERT_EVENTS: &str = "WITH moved AS (UPDATE event_log.log_head SET position = $13)
    INSERT INTO event_log.events (position, stream, version, event_id, event_type, schema_version, payload,
        recorded_at, actor, correlation_id, causation_id, trace_parent)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::uuid[], $5::text[], $6::integer[], $7::text[],
        $8::bigint[], $9::text[], $10::uuid[], $11::uuid[], $12::text[])";

pub(super) const WRITE_CLAIMS: &str = "WITH changed AS (
        SELECT * FROM unnest($1::text[], $2::bytea[], $3::text[]) AS changed (scope, value, owner)
    ), released AS (
        DELETE FROM event_log.claims USING changed
        WHERE claims.scope = changed.scope AND claims.value = changed.value AND changed.owner IS NULL
    )
    INSERT INTO event_log.claims (scope, value, owner)
    SELECT scope, value, owner FROM changed WHERE owner IS NOT NULL
    ON CONFLICT (scope, value) DO UPDATE SET owner = excluded.owner";

pub(super) const INSERT_OUTCOMES: &str =
    "INSERT INTO event_log.outcomes (scope, key, fingerprint, outcome, position, recorded_at)
    SELECT * FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])";

// Several processes may do this at once: each takes what the others haven't. By their places in the table (ctid), which
// spares a second look-up and can't become a join; rows that are locked and never updated keep them.
pub(super) const FORGET_OUTCOMES: &str = "WITH deleted AS (
        DELETE FROM event_log.outcomes WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM event_log.outcomes WHERE recorded_at < $1
            ORDER BY recorded_at LIMIT $2 FOR UPDATE SKIP LOCKED
        )) RETURNING 1
    )
    SELECT count(*) FROM deleted";

/// The one connection that writes.
pub(super) struct PostgresStore {
    session: Session,
    /// Where the counter is to move, which `insert_events` does in the same round trip.
    head: Position,
}

impl PostgresStore {
    pub fn new(session: Session) -> Self {
        Self { session, head: 0 }
    }

    async fn read_head(&mut self, purpose: Purpose) -> Result<Position, sqlx::Error> {
        let begin = match purpose {
            Purpose::Check => BEGIN_CHECK,
            Purpose::Append => BEGIN,
        };
        let rows = self.session.run_text(begin).await?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        Ok(row.try_get::<i64, _>(0)?.cast_unsigned())
    }
}

impl LogStore for PostgresStore {
    async fn begin(&mut self, purpose: Purpose) -> Result<Position, StoreError> {
        if self.session.is_open() {
            match self.read_head(purpose).await {
                Err(error) if !is_lock_timeout(&error) => {
                    // Nothing has been written, so whatever it is, a new connection may have a second try: the server
                    // was restarted, or has handed over to another.
                    tracing::debug!(%error, "dropping the writer's connection");
                    self.session.give_up();
                }
                answer => return answer.map_err(begin_error),
            }
        }
        self.session.reconnect().await?;
        self.read_head(purpose).await.map_err(begin_error)
    }

    async fn load(&mut self, touched: &Touched) -> Result<Known, StoreError> {
        let mut known = Known::default();
        if !touched.streams.is_empty() {
            let query = sqlx::query(HEADS).bind(stream_names(&touched.streams));
            for row in self.session.run(query).await? {
                let head = StreamHead {
                    version: unsigned(&row, 1)?,
                    event_id: Some(EventId(get(&row, 2)?)),
                };
                known.heads.insert(StreamId::from_stored(get(&row, 0)?), head);
            }
        }
        if !touched.claims.is_empty() {
            let (scopes, values): (Vec<&str>, Vec<&[u8]>) = touched.claims.iter().map(claim_columns).unzip();
            let query = sqlx::query(OWNERS).bind(scopes).bind(values);
            for row in self.session.run(query).await? {
                let claim = asked(&touched.claims, &row, 0)?;
                known.owners.insert(claim, get(&row, 1)?);
            }
        }
        if !touched.keys.is_empty() {
            let (scopes, keys): (Vec<&str>, Vec<&[u8]>) = touched.keys.iter().map(key_columns).unzip();
            let query = sqlx::query(OUTCOMES).bind(scopes).bind(keys);
            for row in self.session.run(query).await? {
                let key = asked(&touched.keys, &row, 4)?;
                known.outcomes.insert(key, outcome_from_row(&row)?);
            }
        }
        Ok(known)
    }

    async fn advance_head(&mut self, position: Position) -> Result<(), StoreError> {
        self.head = position;
        Ok(())
    }

    async fn insert_events(&mut self, events: Vec<PlacedEvent>) -> Result<(), StoreError> {
        let mut left = events.into_iter();
        while left.len() > 0 {
            let some: Vec<PlacedEvent> = left.by_ref().take(ROWS_PER_INSERT).collect();
            let metas = || some.iter().map(|placed| &placed.event.meta);
            let query = sqlx::query(INSERT_EVENTS)
                .bind(column(&some, |placed| placed.position.cast_signed()))
                .bind(column(&some, |placed| placed.stream.as_str()))
                .bind(column(&some, |placed| placed.version.cast_signed()))
                .bind(column(metas(), |meta| meta.event_id.0))
                .bind(column(&some, |placed| placed.event.event_type))
                .bind(column(&some, |placed| placed.event.schema_version.cast_signed()))
                .bind(column(&some, |placed| placed.event.payload.as_str()))
                .bind(column(metas(), |meta| meta.recorded_at.timestamp_micros()))
                .bind(column(metas(), |meta| actor_to_text(meta.actor)))
                .bind(column(metas(), |meta| meta.correlation_id))
                .bind(column(metas(), |meta| meta.causation_id.map(|id| id.0)))
                .bind(column(metas(), |meta| meta.trace_parent.as_deref()))
                .bind(self.head.cast_signed());
            self.session.run(query).await?;
        }
        Ok(())
    }

    async fn write_claims(&mut self, changes: Vec<(ClaimKey, Option<String>)>) -> Result<(), StoreError> {
        let query = sqlx::query(WRITE_CLAIMS)
            .bind(column(&changes, |((scope, _), _)| *scope))
            .bind(column(&changes, |((_, value), _)| value.as_bytes()))
            .bind(column(&changes, |(_, owner)| owner.as_deref()));
        self.session.run(query).await?;
        Ok(())
    }

    async fn insert_outcomes(&mut self, outcomes: Vec<NewOutcome>) -> Result<(), StoreError> {
        let stored = || outcomes.iter().map(|outcome| &outcome.stored);
        let query = sqlx::query(INSERT_OUTCOMES)
            .bind(column(&outcomes, |outcome| outcome.key.0.as_str()))
            .bind(column(&outcomes, |outcome| outcome.key.1.as_bytes()))
            .bind(column(stored(), |stored| stored.fingerprint.as_str()))
            .bind(column(stored(), |stored| stored.outcome.as_str()))
            .bind(column(stored(), |stored| stored.position.cast_signed()))
            .bind(column(stored(), |stored| stored.recorded_at.timestamp_micros()));
        self.session.run(query).await?;
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), StoreError> {
        self.session.run_text("COMMIT").await?;
        Ok(())
    }

    async fn rollback(&mut self) {
        if !self.session.is_open() {
            return;
        }
        if let Err(error) = self.session.run_text("ROLLBACK").await {
            tracing::debug!(%error, "dropping the writer's connection");
            self.session.give_up();
        }
    }

    async fn forget_outcomes(&mut self, before: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        if !self.session.is_open() {
            self.session.reconnect().await?;
        }
        let query = sqlx::query(FORGET_OUTCOMES)
            .bind(before.timestamp_micros())
            .bind(i64::from(limit));
        let rows = self.session.run(query).await?;
        let deleted = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        Ok(unsigned(deleted, 0)?)
    }

    async fn close(self) -> Result<(), StoreError> {
        Ok(self.session.close().await?)
    }
}

/// One column of what is to be written, as `unnest` takes it.
fn column<R, T>(rows: impl IntoIterator<Item = R>, value: impl Fn(R) -> T) -> Vec<T> {
    rows.into_iter().map(value).collect()
}

fn claim_columns((scope, value): &ClaimKey) -> (&str, &[u8]) {
    (scope, value.as_bytes())
}

fn key_columns((scope, key): &OutcomeKey) -> (&str, &[u8]) {
    (scope, key.as_bytes())
}

/// What was asked at the place, counted from 1, that the row tells in `column`.
fn asked<T: Clone>(list: &[T], row: &PgRow, column: usize) -> Result<T, StoreError> {
    let place: i64 = get(row, column)?;
    let found = usize::try_from(place - 1).ok().and_then(|index| list.get(index));
    found.cloned().ok_or_else(|| StoreError {
        reason: format!("PostgreSQL answered for item {place} of {}", list.len()),
    })
}

fn is_lock_timeout(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == LOCK_NOT_AVAILABLE)
}

fn begin_error(error: sqlx::Error) -> StoreError {
    if is_lock_timeout(&error) {
        return StoreError {
            reason: format!(
                "another process has kept the log's head locked for {} s",
                super::LOCK_TIMEOUT.as_secs()
            ),
        };
    }
    error.into()
}
