//! What ends a run. A row that's wrong doesn't: it's rejected, and the run goes on.

use std::path::Path;

use crate::options::Dataset;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{file}: the name doesn't tell whether it's CSV, NDJSON or JSON; say it with --format")]
    FormatUnknown { file: String },
    #[error("{file} can't be {what}: {source}")]
    File {
        file: String,
        what: &'static str,
        source: std::io::Error,
    },
    #[error("{file}: the column {column:?} is missing in the header ({found})")]
    ColumnMissing {
        file: String,
        column: String,
        found: String,
    },
    #[error("{file}: the header has a column {column:?} that means nothing here; it may have {known}")]
    ColumnUnknown {
        file: String,
        column: String,
        known: String,
    },
    #[error("{file}: the header has the column {column:?} twice")]
    ColumnTwice { file: String, column: String },
    #[error("{file}: row {row}: this isn't readable as CSV: {source}")]
    Csv {
        file: String,
        row: u64,
        source: csv::Error,
    },
    #[error("{file}: this isn't a JSON array of objects: {source}")]
    Json { file: String, source: serde_json::Error },
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
    pub(crate) fn file(path: &Path, what: &'static str, source: std::io::Error) -> Self {
        Self::File {
            file: path.display().to_string(),
            what,
            source,
        }
    }
}
