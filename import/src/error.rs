//! What ends a run. A row that's wrong doesn't: it's rejected, and the run goes on.

use std::path::Path;

use bulk::BulkError;

use crate::options::Dataset;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Bulk(#[from] BulkError),
    #[error("{file} can't be {what}: {cause}")]
    File {
        file: String,
        what: &'static str,
        cause: std::io::Error,
    },
    #[error("{dataset} can't be read from this format", dataset = .dataset.name())]
    FormatUnsupported { dataset: Dataset },
    #[error("{dataset} have no sales to check", dataset = .dataset.name())]
    NothingToCheck { dataset: Dataset },
    #[error("{file} belongs to another import: {reason}; name another file with --state, or delete it")]
    StateMismatch { file: String, reason: String },
    #[error("{in_flight} requests at once: it's 1 to {max}")]
    InFlight { in_flight: usize, max: usize },
    #[error("{server:?} is no server's address such as http://127.0.0.1:8080: {reason}")]
    Server { server: String, reason: String },
    #[error("{server} can't be reached, also after {waited_s} s: {reason}")]
    Unreachable {
        server: String,
        waited_s: u64,
        reason: String,
    },
    #[error("{server} has been too busy for {waited_s} s: its last answer was {status} {code}")]
    Busy {
        server: String,
        waited_s: u64,
        status: u16,
        code: String,
    },
    #[error("the server refuses {doing}: {status} {code}: {detail}")]
    Refused {
        doing: String,
        status: u16,
        code: String,
        detail: String,
    },
    #[error("the server's answer to {doing} has another shape than expected: {reason}")]
    Answer { doing: String, reason: String },
    #[error("a task of the import ended unexpectedly: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl ImportError {
    pub(crate) fn file(path: &Path, what: &'static str, cause: std::io::Error) -> Self {
        Self::File {
            file: path.display().to_string(),
            what,
            cause,
        }
    }
}
