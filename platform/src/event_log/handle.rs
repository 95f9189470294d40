//! The log as everybody sees it: an adapter, chosen once at start, behind one set of methods.

use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use chrono::{DateTime, Utc};
use events::envelope::{Position, RecordedEvent, StreamId};
use tokio::sync::{mpsc, oneshot, watch};

use super::writer::{Job, WriterHandle};
use super::{
    Append, AppendError, Appended, LogOptions, LogStats, OpenError, PostgresLog, ReadError, SqliteLog,
    StoredOutcome,
};
use crate::postgres::PostgresTarget;

/// An open event log. Cheap to clone; the clones share one writer. When the last one is dropped, the writer finishes
/// what it has accepted and stops; [`EventLog::close`] also waits for that.
#[derive(Debug, Clone)]
pub enum EventLog {
    Sqlite(SqliteLog),
    Postgres(PostgresLog),
}

impl EventLog {
    /// Opens the log in the `SQLite` database at `path`, creating what is missing.
    ///
    /// Refuses a database that a newer release has written.
    pub async fn open_sqlite(path: &Path, options: LogOptions) -> Result<Self, OpenError> {
        SqliteLog::open(path, options).await.map(Self::Sqlite)
    }

    /// Opens the log in a `PostgreSQL` database whose schema is [`POSTGRES_SCHEMA`](super::POSTGRES_SCHEMA).
    ///
    /// Never changes a schema: refuses one that is older than this program, or too new for it.
    pub async fn open_postgres(target: &PostgresTarget, options: LogOptions) -> Result<Self, OpenError> {
        PostgresLog::open(target, options).await.map(Self::Postgres)
    }

    /// Waits for a place in the writer's queue. `Unavailable` once the log is closed.
    pub async fn reserve(&self) -> Result<AppendPermit, AppendError> {
        let place = self.writer().reserve().await?;
        Ok(AppendPermit { place })
    }

    /// Appends, and waits until it is durable, or known to have failed.
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.reserve().await?.send(append).await
    }

    /// The events after position `after`, in order and without a hole: up to `limit`, which itself is bounded by
    /// [`EventLog::READ_LIMIT`].
    pub async fn read(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, ReadError> {
        let limit = limit.min(Self::READ_LIMIT);
        match self {
            Self::Sqlite(log) => log.read(after, limit).await,
            Self::Postgres(log) => log.read(after, limit).await,
        }
    }

    /// Most events that one [`EventLog::read`] returns: some ten megabytes of them.
    pub const READ_LIMIT: usize = 10_000;

    /// How long ago the first event after position `after` was recorded: what a reader who stands there is behind. Zero if
    /// there is none.
    pub async fn age_after(&self, after: Position) -> Result<Duration, ReadError> {
        if *self.watch().borrow() <= after {
            return Ok(Duration::ZERO);
        }
        let next = self.read(after, 1).await?;
        let age = next.first().map(|event| Utc::now() - event.meta.recorded_at);
        // An event of a clock ahead of ours has no age yet.
        Ok(age.and_then(|age| age.to_std().ok()).unwrap_or_default())
    }

    /// All events of these streams, ordered by stream, then by version. Streams without events add nothing.
    pub async fn read_streams(&self, streams: &[StreamId]) -> Result<Vec<RecordedEvent>, ReadError> {
        let whole: Vec<_> = streams.iter().map(|stream| (stream.clone(), 0)).collect();
        self.read_streams_after(&whole).await
    }

    /// As [`EventLog::read_streams`], but of each stream only what came after this version.
    pub async fn read_streams_after(
        &self,
        streams: &[(StreamId, u64)],
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        match self {
            Self::Sqlite(log) => log.read_streams_after(streams).await,
            Self::Postgres(log) => log.read_streams_after(streams).await,
        }
    }

    /// The position of the newest committed event, from the database. 0 for an empty log.
    pub async fn head(&self) -> Result<Position, ReadError> {
        match self {
            Self::Sqlite(log) => log.head().await,
            Self::Postgres(log) => log.head().await,
        }
    }

    /// Who has claimed this value.
    pub async fn claim_owner(&self, scope: &str, value: &str) -> Result<Option<String>, ReadError> {
        match self {
            Self::Sqlite(log) => log.claim_owner(scope, value).await,
            Self::Postgres(log) => log.claim_owner(scope, value).await,
        }
    }

    /// What the command with this idempotency key was answered.
    pub async fn outcome(&self, scope: &str, key: &str) -> Result<Option<StoredOutcome>, ReadError> {
        match self {
            Self::Sqlite(log) => log.outcome(scope, key).await,
            Self::Postgres(log) => log.outcome(scope, key).await,
        }
    }

    /// Deletes the outcomes that were recorded before `before`, and says how many. Goes in small steps, so that
    /// appends need not wait for long.
    pub async fn forget_outcomes_before(&self, before: DateTime<Utc>) -> Result<u64, AppendError> {
        self.writer().forget_outcomes_before(before).await
    }

    /// The newest position that this process knows of, as it moves. The writer moves it before it answers; what other
    /// processes commit appears within [`LogOptions::poll_interval`].
    pub fn watch(&self) -> watch::Receiver<Position> {
        self.writer().watch()
    }

    /// Looks at once for what other processes have committed, as one of them has hinted that there is something. Returns
    /// before it has looked; what is found appears in [`EventLog::watch`].
    pub fn look_now(&self) {
        self.writer().look_now();
    }

    /// What the writer has done so far.
    pub fn stats(&self) -> &LogStats {
        self.writer().stats()
    }

    /// Accepts no more appends, finishes those that were accepted, and closes the database. Waits for permits that are
    /// still out, so don't hold one here. Closing twice is no error.
    pub async fn close(&self) {
        self.writer().close().await;
        match self {
            Self::Sqlite(log) => log.close_readers().await,
            Self::Postgres(log) => log.close_readers().await,
        }
    }

    /// Whether the log is closed or closing.
    pub fn is_closed(&self) -> bool {
        self.writer().is_closing()
    }

    /// Resolves when the log is closed or closing.
    pub async fn closed(&self) {
        self.writer().closing().await;
    }

    fn writer(&self) -> &WriterHandle {
        match self {
            Self::Sqlite(log) => log.writer(),
            Self::Postgres(log) => log.writer(),
        }
    }
}

/// A place in the writer's queue.
#[derive(Debug)]
pub struct AppendPermit {
    place: mpsc::OwnedPermit<Job>,
}

impl AppendPermit {
    /// Enqueues the append without waiting, so that a caller can decide and enqueue under one lock: the order of
    /// `send`s is the order in which the writer decides.
    pub fn send(self, append: Append) -> PendingAppend {
        let (reply, answer) = oneshot::channel();
        self.place.send(Job::Append { append, reply });
        PendingAppend { answer }
    }
}

/// The answer to an append that is on its way. Dropping it doesn't take the append back.
#[derive(Debug)]
#[must_use = "an append may fail"]
pub struct PendingAppend {
    answer: oneshot::Receiver<Result<Appended, AppendError>>,
}

impl Future for PendingAppend {
    type Output = Result<Appended, AppendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer)
            .poll(context)
            .map(|answer| answer.unwrap_or_else(|_| Err(AppendError::stopped())))
    }
}
