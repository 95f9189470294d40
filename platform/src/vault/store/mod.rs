//! Where the vault's rows are: wrapped keys, and marks of those that were erased. Which is an adapter's business; what is
//! in a wrapped key it can't tell.

mod postgres;
mod sqlite;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub(super) use self::postgres::{PostgresKeys, SCHEMA};
pub(super) use self::sqlite::SqliteKeys;
use super::VaultError;

/// What the vault has of a subject.
#[derive(Debug)]
pub(super) struct Row {
    pub subject: Uuid,
    /// None once it was erased.
    pub wrapped: Option<Vec<u8>>,
}

/// A key for a subject that may have none yet.
#[derive(Debug)]
pub(super) struct NewKey {
    pub subject: Uuid,
    pub wrapped: Vec<u8>,
}

/// What one transaction changes.
#[derive(Debug)]
pub(super) struct Change {
    /// Kept for those who have no row yet.
    pub new: Vec<NewKey>,
    /// After that: whoever gets a key and is erased at once is erased.
    pub erased: Vec<Uuid>,
    pub now: DateTime<Utc>,
}

impl Change {
    fn subjects(&self) -> Vec<Uuid> {
        self.new.iter().map(|key| key.subject).collect()
    }
}

/// The adapter, chosen once when the vault is opened.
#[derive(Debug, Clone)]
pub(super) enum KeyStore {
    Sqlite(SqliteKeys),
    Postgres(PostgresKeys),
}

impl KeyStore {
    /// The text that tells a wrong master key: the one that is kept, or else `offered`, which is kept from now on.
    pub async fn keep_check(&self, offered: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        match self {
            Self::Sqlite(store) => store.keep_check(offered).await,
            Self::Postgres(store) => store.keep_check(offered).await,
        }
    }

    /// The rows of these subjects; those that the vault doesn't know are missing.
    pub async fn read(&self, subjects: &[Uuid]) -> Result<Vec<Row>, VaultError> {
        match self {
            Self::Sqlite(store) => store.read(subjects).await,
            Self::Postgres(store) => store.read(subjects).await,
        }
    }

    /// Changes all of it, durably, or nothing; answers with the rows of those for whom there was a new key.
    pub async fn write(&self, change: &Change) -> Result<Vec<Row>, VaultError> {
        match self {
            Self::Sqlite(store) => store.write(change).await,
            Self::Postgres(store) => store.write(change).await,
        }
    }

    /// Removes what is left of erased keys beside the rows, as far as the database lets us.
    pub async fn scrub(&self) -> Result<(), VaultError> {
        match self {
            Self::Sqlite(store) => store.scrub().await,
            // Its server vacuums dead rows by itself, as the table's settings say, and recycles its write-ahead log.
            Self::Postgres(_) => Ok(()),
        }
    }

    pub async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }
}
