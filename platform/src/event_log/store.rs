//! What a database has to offer to carry the log's writer. Only the SQL differs between adapters; how appends are
//! batched and decided is the writer's business.

use chrono::{DateTime, Utc};
use events::envelope::{Position, StreamId};

use super::ReadError;
use super::batch::{ClaimKey, Known, NewOutcome, PlacedEvent, Touched};

/// Why a statement of the writer failed: what the database said.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason}")]
pub(super) struct StoreError {
    pub reason: String,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self {
            reason: error.to_string(),
        }
    }
}

impl From<ReadError> for StoreError {
    fn from(error: ReadError) -> Self {
        Self { reason: error.reason }
    }
}

impl From<sqlx::Error> for ReadError {
    fn from(error: sqlx::Error) -> Self {
        Self {
            reason: error.to_string(),
        }
    }
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To look at one consistent picture.
    Check,
    /// To change something. From its beginning to its end no other writer may commit, in whatever process: what `load`
    /// reads must still hold at the commit. `SQLite` does it with `BEGIN IMMEDIATE`, others by locking the counter's row.
    Append,
}

/// The writer's connection. Its methods are called in the order in which they stand here.
pub(super) trait LogStore: Send + 'static {
    /// Begins a transaction and answers with the position of the newest event.
    fn begin(&mut self, purpose: Purpose) -> impl Future<Output = Result<Position, StoreError>> + Send;

    /// What the log knows about everything that the batch touches.
    fn load(&mut self, touched: &Touched) -> impl Future<Output = Result<Known, StoreError>> + Send;

    /// Moves the counter to the position of the batch's last event.
    fn advance_head(&mut self, position: Position) -> impl Future<Output = Result<(), StoreError>> + Send;

    fn insert_events(
        &mut self,
        events: Vec<PlacedEvent>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes claims for an owner, or releases them (`None`).
    fn write_claims(
        &mut self,
        changes: Vec<(ClaimKey, Option<String>)>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    fn insert_outcomes(
        &mut self,
        outcomes: Vec<NewOutcome>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    fn commit(&mut self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Gives up the transaction, if there is one. Leaves the store ready for `begin`, with a new connection if need be.
    fn rollback(&mut self) -> impl Future<Output = ()> + Send;

    /// Deletes up to `limit` outcomes recorded before `before`, in a transaction of its own, and says how many.
    fn forget_outcomes(
        &mut self,
        before: DateTime<Utc>,
        limit: u32,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Tidies up and closes the connection.
    fn close(self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What adapters need of a stream's name.
pub(super) fn stream_names(streams: &[StreamId]) -> Vec<&str> {
    streams.iter().map(StreamId::as_str).collect()
}
