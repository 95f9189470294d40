//! What makes a file as a whole unreadable. A row that's wrong doesn't: it's rejected, and the reading goes on.

use std::path::Path;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum BulkError {
    #[error("{file}: the name doesn't tell whether it's CSV, NDJSON or JSON; say it with --format")]
    FormatUnknown { file: String },
    #[error("{file} can't be {what}: {cause}")]
    File {
        file: String,
        what: &'static str,
        cause: std::io::Error,
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
    #[error("{file}: row {row}: this isn't readable as CSV: {cause}")]
    Csv {
        file: String,
        row: u64,
        cause: csv::Error,
    },
    #[error("{file}: this isn't a JSON array of objects: {cause}")]
    Json { file: String, cause: serde_json::Error },
}

impl BulkError {
    pub(crate) fn file(path: &Path, what: &'static str, cause: std::io::Error) -> Self {
        Self::File {
            file: path.display().to_string(),
            what,
            cause,
        }
    }
}
