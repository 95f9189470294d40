//! The event log: the one truth of the system, an append-only list of facts.
//!
//! What every adapter promises (and `conformance` holds it to):
//! - positions start at 1, have no gaps and no duplicates, and become visible in order;
//! - an append is atomic over all of its streams, claims and its idempotency key, and durable when answered;
//! - a stream's expected head is a fence: it holds between commands, processes and machines;
//! - a failed append changes nothing and fails alone, also when it shares a batch with others.
//!
//! What the events mean is the callers' business.

mod batch;
mod handle;
mod options;
mod poll;
mod postgres;
mod sqlite;
mod store;
mod stored;
mod writer;

#[cfg(feature = "conformance")]
pub mod conformance;

pub use handle::{AppendPermit, EventLog, PendingAppend};
#[cfg(any(test, feature = "conformance"))]
pub use options::Step;
pub use options::{LogOptions, LogStats};
pub use postgres::{PostgresLog, SCHEMA as POSTGRES_SCHEMA};
pub use sqlite::{BACKUP_HINTS, SqliteLog};

use chrono::{DateTime, Utc};
use events::envelope::{EventMeta, Position, StreamId};
use events::ids::EventId;

/// Where a stream stands: its newest version and the event that made it.
///
/// The id is what makes the head a fence. Commands decide on heads that are not yet committed; were
/// only the version compared, another process could commit a different event of the same version
/// in between, and a decision made on the first would pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamHead {
    /// 0 for a stream without events.
    pub version: u64,
    pub event_id: Option<EventId>,
}

/// An event that is to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    pub event_type: &'static str,
    pub schema_version: u32,
    /// JSON text.
    pub payload: String,
    pub meta: EventMeta,
}

/// What is expected of one stream, and what is added to it. With no events it is a mere check: the
/// decision read that stream, and only holds if nobody has written to it since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamWrite {
    pub stream: StreamId,
    pub expected: StreamHead,
    pub events: Vec<NewEvent>,
}

/// A value that only one owner may have, such as an email address. Its owner may claim it again, to no effect.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Claim {
    /// What must be unique, such as `email`.
    pub scope: &'static str,
    pub value: String,
    /// Who has it: a stream's key.
    pub owner: String,
}

/// Names a command, so that sending it twice runs it once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    /// Whose key it is, so that two callers can use the same one.
    pub scope: String,
    pub key: String,
    /// A hash of the request, which a repeat must match.
    pub fingerprint: String,
}

/// What a command with an idempotency key was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOutcome {
    pub fingerprint: String,
    /// The answer, as JSON text.
    pub outcome: String,
    /// The position that was answered.
    pub position: Position,
    pub recorded_at: DateTime<Utc>,
}

/// One atomic step of the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Append {
    /// Each stream at most once.
    pub writes: Vec<StreamWrite>,
    pub claims: Vec<Claim>,
    /// Claims that their owner gives up, before `claims` are taken. Giving up what nobody has, or what has become
    /// somebody else's, is no error and changes nothing.
    pub releases: Vec<Claim>,
    /// The key and the answer to keep with it.
    pub idempotency: Option<(IdempotencyKey, String)>,
}

impl Append {
    /// How many events it adds, over all of its streams.
    pub fn event_count(&self) -> usize {
        self.writes.iter().map(|write| write.events.len()).sum()
    }

    /// Whether it changes nothing, and only asks whether some streams stand still.
    pub fn is_check(&self) -> bool {
        let changes_claims = !(self.claims.is_empty() && self.releases.is_empty());
        self.event_count() == 0 && !changes_claims && self.idempotency.is_none()
    }
}

/// Where an append came to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The position of its last event; for an append without events, the log's head that it was checked at.
    pub position: Position,
}

/// Why an append changed nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// Somebody else wrote to these streams first: reload them and decide again.
    #[error("the streams {streams:?} have moved on")]
    Conflict { streams: Vec<StreamId> },
    #[error("{scope} {value:?} is taken")]
    Taken {
        scope: &'static str,
        value: String,
        owner: String,
    },
    /// A command with this idempotency key is in the log already; whether it is the same command, the fingerprint
    /// tells.
    #[error("the idempotency key has been used")]
    Repeated(StoredOutcome),
    /// The log could not be written; whether the append is in it may be unknown.
    #[error("the event log can't be written: {reason}")]
    Unavailable { reason: String },
}

/// Why the log can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the event log can't be opened")]
    Sqlite(#[from] crate::sqlite::OpenError),
    #[error("the event log can't be opened")]
    Postgres(#[from] crate::postgres::OpenError),
    #[error("the event log opens, but can't be read")]
    Read(#[from] ReadError),
}

/// Why the log can't be read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the event log can't be read: {reason}")]
pub struct ReadError {
    pub reason: String,
}
