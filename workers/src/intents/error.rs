//! Why the intents can't be had or changed.

use events::envelope::Position;
use platform::{postgres, sqlite};

use super::rows::IntentId;

#[derive(Debug, thiserror::Error)]
pub enum IntentsError {
    #[error("the database of intents can't be opened")]
    Open(#[from] sqlite::OpenError),
    #[error("the database of intents can't be opened")]
    OpenPostgres(#[from] postgres::OpenError),
    #[error("the lock beside the database of intents can't be made")]
    Lock(#[source] std::io::Error),
    #[error("the database of intents fails")]
    Sql(#[from] sqlx::Error),
    /// Another planner was faster; read the checkpoint again.
    #[error("the planner's checkpoint is no longer at {expected}")]
    Moved { expected: Position },
    #[error("an effect of the event at {position} can't be written as JSON")]
    Unwritable {
        position: Position,
        source: serde_json::Error,
    },
    #[error("intent {intent} can't be read: {reason}")]
    Unreadable { intent: IntentId, reason: String },
    #[error("intent {intent} is neither parked nor unsent")]
    NotParked { intent: IntentId },
    #[error("leases can't be ended: {reason}")]
    Unavailable { reason: String },
    #[error("the intents are closed")]
    Closed,
}
