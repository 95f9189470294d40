//! Why a command wasn't accepted.

use domain::DomainError;
use platform::event_log::{AppendError, ReadError, StoredOutcome};

#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    #[error(transparent)]
    Refused(#[from] DomainError),
    /// A value that must be unique has another owner.
    #[error("{scope} {value:?} is taken")]
    Taken {
        scope: &'static str,
        value: String,
        owner: String,
    },
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// Too many others write to the same streams at once; trying again later is safe.
    #[error("too many commands want the same thing at once")]
    Contended,
    /// The log can't be reached. Whether the command was accepted may be unknown; an idempotency key
    /// makes it safe to send again.
    #[error("the event log is unavailable: {reason}")]
    Unavailable { reason: String },
    /// The log holds what this program can't read.
    #[error("stream {stream} can't be read: {reason}")]
    Unreadable { stream: String, reason: String },
    #[error("the answer has no JSON form")]
    Answer,
    /// The key has been used; [`crate::Executor::execute`] answers with what it was answered then.
    #[error("the idempotency key has been used")]
    Repeated(StoredOutcome),
}

impl ExecuteError {
    /// What kind of failure it is, in one word: for metrics and traces, which may hold nobody's values.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Refused(_) | Self::Taken { .. } => "refused",
            Self::KeyReused => "key_reused",
            Self::Contended => "contended",
            Self::Unavailable { .. } => "unavailable",
            Self::Unreadable { .. } => "unreadable",
            Self::Answer => "unanswerable",
            Self::Repeated(_) => "replayed",
        }
    }
}

impl From<AppendError> for ExecuteError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict { .. } => Self::Contended,
            AppendError::Taken { scope, value, owner } => Self::Taken { scope, value, owner },
            AppendError::Repeated(stored) => Self::Repeated(stored),
            AppendError::Unavailable { reason } => Self::Unavailable { reason },
        }
    }
}

impl From<ReadError> for ExecuteError {
    fn from(error: ReadError) -> Self {
        Self::Unavailable { reason: error.reason }
    }
}
