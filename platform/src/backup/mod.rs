//! Copies of `SQLite` databases, of small files beside them, and of blobs, in another place: often, cheaply, while others
//! write; and the way back.
//!
//! A copy is a *manifest* that lists *chunks*. A chunk is some rows of one table, compressed, named by the SHA-256 of its
//! bytes; one that is there already isn't written again, so a copy costs what has changed. Chunks come first and the
//! manifest last: a copy that breaks off is none. All databases are read as of one moment each, in the order in which
//! they are given, through a read-only connection; a writer never waits for it.
//!
//! Which databases belong together, in which order, and how often, is left to whoever copies. What is in them too.

mod blobs;
mod chunk;
mod clearing;
mod copier;
mod manifest;
mod reading;
mod restore;
mod retention;
mod row;
mod snapshot;
mod target;

use std::path::PathBuf;

use crate::blobs::BlobError;

pub use blobs::{BlobName, BlobsBack, BlobsCopy, restore_blobs};
pub use copier::{Copied, Copier, Draft};
pub use manifest::{Chunk, DatabaseCopy, FileCopy, Manifest, ManifestName, TableCopy};
pub use restore::{RestoreError, restore};
pub use retention::Retention;
pub use target::{Target, TargetError};

/// Why a copy failed. The one before is untouched.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{name} can't be read")]
    Database { name: &'static str, source: sqlx::Error },
    #[error("{} can't be read", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{name}.{table} holds a value of the type {found}, which isn't copied")]
    Value {
        name: &'static str,
        table: String,
        found: String,
    },
    #[error(
        "{} belongs to another shop: its backups begin with {theirs}, this shop's with {ours}",
        target
    )]
    Stranger {
        target: String,
        theirs: String,
        ours: String,
    },
    #[error("a copy that was made earlier can't be read")]
    Manifest(#[from] RestoreError),
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The rows are safe: what fails is only the copying of blobs, and it goes on with the next copy.
    #[error("{left} blobs couldn't be copied")]
    Blobs { left: u64, source: BlobError },
}

/// What is copied together.
#[derive(Debug, Clone)]
pub struct Sources {
    /// In the order in which they are read: whatever refers to another comes before it.
    pub databases: Vec<DatabaseSource>,
    pub files: Vec<FileSource>,
}

/// A database, and what is known of its tables.
#[derive(Debug, Clone)]
pub struct DatabaseSource {
    /// The file's name, which it gets back.
    pub name: &'static str,
    pub path: PathBuf,
    pub hints: Hints,
}

/// A small file.
#[derive(Debug, Clone)]
pub struct FileSource {
    pub name: &'static str,
    pub path: PathBuf,
}

/// What the owner of a database knows that its schema doesn't tell.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints {
    /// Tables with an integer key and the condition, in SQL, under which a row never changes again. A range full of such
    /// rows is read once.
    pub settled: &'static [(&'static str, &'static str)],
    /// A query for the number that tells how far the database is. Of all the databases at most one has it.
    pub position: Option<&'static str>,
    /// A query for a text that no two shops share; no row while the database is empty.
    pub identity: Option<&'static str>,
}
