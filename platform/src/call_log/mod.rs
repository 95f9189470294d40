//! The log of calls between this shop and others, both ways: who, when, what, how long, and what came of it.
//!
//! It is bounded by age and by count, so that nobody fills a disk with refused calls. Who the others are, and which calls
//! are worth a line, is the business of whoever keeps it.

mod postgres;
mod sqlite;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

use crate::postgres::{OpenError as PostgresOpenError, PostgresTarget, Schema};
use crate::sqlite::OpenError as SqliteOpenError;
use postgres::PostgresCalls;
use sqlite::SqliteCalls;

/// The tables in `PostgreSQL`.
pub const POSTGRES_SCHEMA: Schema = postgres::SCHEMA;

/// Calls that are kept: some weeks of a hundred branches.
pub const KEPT_MAX: i64 = 200_000;
/// For how long they are kept.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(90);
/// Failing calls of one other side that are looked at: whether it is a hundred or more makes no difference to who mends it.
pub const FAILURES_MAX: i64 = 100;
/// Calls between two looks at these bounds: the excess stays small, and looking costs next to nothing.
const CALLS_PER_CLEARING: u32 = 100;
/// As much of a text as is kept, in characters: what a stranger sends may be long.
const TEXT_MAX_CHARS: usize = 200;

/// Who called whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Somebody called us.
    Incoming,
    /// We called somebody.
    Outgoing,
}

impl Direction {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
        }
    }

    fn from_stored(text: &str) -> Self {
        if text == "outgoing" {
            Self::Outgoing
        } else {
            Self::Incoming
        }
    }
}

/// A call that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// When it began.
    pub at: DateTime<Utc>,
    pub direction: Direction,
    /// The other side, as far as it said who it is.
    pub peer: Option<String>,
    pub method: String,
    /// Without the query.
    pub path: String,
    /// None if no answer came.
    pub status: Option<u16>,
    pub duration_ms: u64,
    /// Why it failed, as a code or in words. Never a token.
    pub error: Option<String>,
}

impl Call {
    /// Whether the other side was let in and served.
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| status < 400)
    }

    fn cut(&self) -> Self {
        let cut = |text: &String| text.chars().take(TEXT_MAX_CHARS).collect();
        Self {
            peer: self.peer.as_ref().map(cut),
            path: cut(&self.path),
            error: self.error.as_ref().map(cut),
            ..self.clone()
        }
    }
}

/// A call with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedCall {
    pub seq: i64,
    pub call: Call,
}

/// Which calls to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallFilter {
    pub direction: Option<Direction>,
    pub peer: Option<String>,
}

/// Why the log of calls can't be used.
#[derive(Debug, thiserror::Error)]
#[error("the log of calls can't be read or written")]
pub struct CallLogError(#[from] sqlx::Error);

/// The log of calls. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CallLog {
    store: Store,
    since_clearing: Arc<AtomicU32>,
}

#[derive(Debug, Clone)]
enum Store {
    Sqlite(SqliteCalls),
    Postgres(PostgresCalls),
}

impl CallLog {
    fn with(store: Store) -> Self {
        Self {
            store,
            since_clearing: Arc::default(),
        }
    }

    /// Opens the `SQLite` database at `path`, creating what is missing.
    pub async fn open_sqlite(path: &Path) -> Result<Self, SqliteOpenError> {
        Ok(Self::with(Store::Sqlite(SqliteCalls::open(path).await?)))
    }

    /// Opens it in a `PostgreSQL` database whose schema is up to date; also as a user that may only read it, and then
    /// does.
    pub async fn open_postgres(target: &PostgresTarget) -> Result<Self, PostgresOpenError> {
        Ok(Self::with(Store::Postgres(PostgresCalls::open(target).await?)))
    }

    /// Adds a call. A failure is told in the process's own log and nowhere else: no call fails for want of its line.
    pub async fn record(&self, call: &Call) {
        if let Err(error) = self.try_record(&call.cut()).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a call can't be added to the log of calls"
            );
        }
    }

    async fn try_record(&self, call: &Call) -> Result<(), CallLogError> {
        let contact = call
            .peer
            .as_ref()
            .filter(|_| call.direction == Direction::Incoming && call.succeeded());
        let contact = contact.map(String::as_str);
        match &self.store {
            Store::Sqlite(store) => store.insert(call, contact).await?,
            Store::Postgres(store) => store.insert(call, contact).await?,
        }
        if self.since_clearing.fetch_add(1, Ordering::Relaxed) + 1 >= CALLS_PER_CLEARING {
            self.since_clearing.store(0, Ordering::Relaxed);
            self.clear(call.at - KEPT_FOR, KEPT_MAX).await?;
        }
        Ok(())
    }

    /// Deletes what began before `before`, and all but the newest `kept`.
    pub async fn clear(&self, before: DateTime<Utc>, kept: i64) -> Result<(), CallLogError> {
        match &self.store {
            Store::Sqlite(store) => store.clear(before, kept).await?,
            Store::Postgres(store) => store.clear(before, kept).await?,
        }
        Ok(())
    }

    /// Up to `limit` calls from before the place `before`, newest first.
    pub async fn list(
        &self,
        filter: &CallFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<LoggedCall>, CallLogError> {
        Ok(match &self.store {
            Store::Sqlite(store) => store.list(filter, before, limit).await?,
            Store::Postgres(store) => store.list(filter, before, limit).await?,
        })
    }

    /// When this other side was last let in and served.
    pub async fn last_contact(&self, peer: &str) -> Result<Option<DateTime<Utc>>, CallLogError> {
        let micros = match &self.store {
            Store::Sqlite(store) => store.last_contact(peer).await?,
            Store::Postgres(store) => store.last_contact(peer).await?,
        };
        Ok(micros.and_then(DateTime::from_timestamp_micros))
    }

    /// Calls of this other side, newest first, since one was let in and served: those that fail now. At most
    /// [`FAILURES_MAX`] of them.
    pub async fn failing(&self, peer: &str) -> Result<Vec<LoggedCall>, CallLogError> {
        let filter = CallFilter {
            direction: Some(Direction::Incoming),
            peer: Some(peer.to_owned()),
        };
        let newest = self.list(&filter, None, FAILURES_MAX).await?;
        Ok(newest
            .into_iter()
            .take_while(|logged| !logged.call.succeeded())
            .collect())
    }

    pub async fn close(&self) {
        match &self.store {
            Store::Sqlite(store) => store.close().await,
            Store::Postgres(store) => store.close().await,
        }
    }
}

/// A row's columns: `seq, at, direction, peer, method, path, status, duration_ms, error`.
type Columns = (
    i64,
    i64,
    String,
    Option<String>,
    String,
    String,
    Option<i64>,
    i64,
    Option<String>,
);

fn logged(
    (seq, at, direction, peer, method, path, status, duration_ms, error): Columns,
) -> Result<LoggedCall, sqlx::Error> {
    let at = DateTime::from_timestamp_micros(at);
    let at = at.ok_or_else(|| sqlx::Error::Decode("a call began at no time".into()))?;
    Ok(LoggedCall {
        seq,
        call: Call {
            at,
            direction: Direction::from_stored(&direction),
            peer,
            method,
            path,
            status: status.and_then(|status| u16::try_from(status).ok()),
            duration_ms: u64::try_from(duration_ms).unwrap_or_default(),
            error,
        },
    })
}
