//! Why a projector can't go on.

use events::DecodeError;
use events::envelope::Position;
use platform::event_log::ReadError;
use read_models::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the event at position {position} can't be read: {source}")]
    Decode { position: Position, source: DecodeError },
    /// The feed broke its promise; going on would lose events.
    #[error("the feed skipped from position {expected} to {found}")]
    Hole { expected: Position, found: Position },
    #[error("the views can't be written: {0}")]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ProjectError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
