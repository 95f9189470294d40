//! Bulk data in and out of the shop, as a client of its REST API: import, a check of what was imported against its
//! file, and export.
//!
//! It knows nothing of the server's inside, and whatever it sends is decided there. Reading the command line and
//! printing the reports are left to the executable.

mod accounts;
mod categories;
mod check;
mod client;
mod error;
mod export;
mod input;
mod job;
mod kind;
mod options;
mod progress;
mod records;
mod rejection;
mod report;
mod run;
mod sending;
mod state;

pub use bulk::{BulkError, Rejection};
pub use check::{CheckReport, Difference, Figure, GroupCheck, check};
pub use client::Traffic;
pub use error::ImportError;
pub use export::{ExportReport, export};
pub use kind::Kind;
pub use options::{
    CheckOptions, Credentials, Dataset, ExportKind, ExportOptions, Format, IN_FLIGHT_DEFAULT, IN_FLIGHT_MAX,
    ImportOptions, STANDARD_STREAM, StatePath, Target,
};
pub use progress::Progress;
pub use rejection::CodeSummary;
pub use report::{ImportReport, Tally};
pub use run::run;
