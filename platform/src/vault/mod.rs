//! The vault: a key of their own for everybody whose personal data is in the log.
//!
//! The log can't forget, so personal data stands in it sealed, and the keys stand here, in a database of
//! their own. Erasing a person's key erases the person, from the log and from every copy of it. The keys are themselves
//! wrapped by the master key, so that the file alone opens nothing. What is personal, and when somebody must be erased,
//! is the callers' business; so is keeping the master key.

mod cache;
mod cipher;
mod keys;
mod store;
mod writer;

use std::path::Path;
use std::sync::Arc;

use events::sealed::Sealed;
use uuid::Uuid;

use self::cache::KeyCache;
use self::cipher::{DoesNotOpen, Key};
use self::keys::{KeyState, Keys};
use self::store::{KeyStore, PostgresKeys, SqliteKeys};
use self::writer::KeyWriter;
use crate::postgres::{self, PostgresTarget, Schema};
use crate::sqlite;

/// The vault's tables in `PostgreSQL`.
pub const POSTGRES_SCHEMA: Schema = store::SCHEMA;

/// Personal keys. Cheap to clone; the clones share one cache and one writer.
#[derive(Debug, Clone)]
pub struct Vault {
    master: Arc<Key>,
    cache: Arc<KeyCache>,
    store: KeyStore,
    /// None if it was opened for reading only.
    writer: Option<KeyWriter>,
}

/// Why the vault can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenVaultError {
    #[error("the vault can't be opened")]
    Sqlite(#[from] sqlite::OpenError),
    #[error("the vault can't be opened")]
    Postgres(#[from] postgres::OpenError),
    #[error("this is not the master key that the vault was made with")]
    WrongMasterKey,
    #[error("the vault opens, but can't be used")]
    Unusable(#[from] VaultError),
}

/// Why something can't be sealed, opened or erased.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VaultError {
    /// Nothing more can be sealed for somebody who was erased.
    #[error("the subject {subject} has been erased")]
    Erased { subject: Uuid },
    /// The vault has never had a key for the subject: it doesn't belong to this log, or was lost.
    #[error("the vault has no key for the subject {subject}")]
    NoKey { subject: Uuid },
    /// The sealed text was changed, is no sealed text, or belongs to somebody else.
    #[error("a sealed text of the subject {subject} doesn't open")]
    Broken { subject: Uuid },
    /// A stored key doesn't unwrap: the row was changed, or written under another master key.
    #[error("the stored key of the subject {subject} doesn't open")]
    BrokenKey { subject: Uuid },
    #[error("the vault was opened for reading only: this process can't seal or erase")]
    ReadOnly,
    #[error("the operating system gives no randomness")]
    NoRandomness,
    #[error("the vault is unavailable: {reason}")]
    Unavailable { reason: String },
}

impl Vault {
    /// Opens the vault in the `SQLite` database at `path`, creating what is missing.
    ///
    /// The first opening ties the file to `master_key`; another one is refused from then on.
    pub async fn open_sqlite(path: &Path, master_key: [u8; 32]) -> Result<Self, OpenVaultError> {
        let store = KeyStore::Sqlite(SqliteKeys::open(path).await?);
        Self::open_writer(store, Key::from_bytes(master_key)).await
    }

    /// Opens the vault in a `PostgreSQL` database whose schema is [`POSTGRES_SCHEMA`], which it never changes.
    ///
    /// The first opening ties the tables to `master_key`; another one is refused from then on.
    pub async fn open_postgres(
        target: &PostgresTarget,
        master_key: [u8; 32],
    ) -> Result<Self, OpenVaultError> {
        let store = KeyStore::Postgres(PostgresKeys::open(target).await?);
        Self::open_writer(store, Key::from_bytes(master_key)).await
    }

    /// Like [`Vault::open_postgres`], for a database user that can only read: sealing and erasing are answered with
    /// [`VaultError::ReadOnly`]. If no writer has been here yet, any master key is accepted; a wrong one then shows as
    /// [`VaultError::BrokenKey`].
    pub async fn open_postgres_reader(
        target: &PostgresTarget,
        master_key: [u8; 32],
    ) -> Result<Self, OpenVaultError> {
        let (keys, master) = (PostgresKeys::open(target).await?, Key::from_bytes(master_key));
        if let Some(kept) = keys.read_check().await? {
            check_master_key(&master, &kept)?;
        }
        Ok(Self {
            master: Arc::new(master),
            cache: Arc::new(KeyCache::new()),
            store: KeyStore::Postgres(keys),
            writer: None,
        })
    }

    async fn open_writer(store: KeyStore, master: Key) -> Result<Self, OpenVaultError> {
        let kept = store.keep_check(master.make_check()?).await?;
        check_master_key(&master, &kept)?;
        let (master, cache) = (Arc::new(master), Arc::new(KeyCache::new()));
        let writer = KeyWriter::start(store.clone(), Arc::clone(&master), Arc::clone(&cache));
        Ok(Self {
            master,
            cache,
            store,
            writer: Some(writer),
        })
    }

    /// Encrypts `plaintext` for `subject`, whose key is made at first use and is durable before this returns.
    ///
    /// `Erased` for somebody who was erased.
    pub async fn seal(&self, subject: Uuid, plaintext: &str) -> Result<Sealed, VaultError> {
        self.writer()?;
        let key = match self.cache.get(subject).await {
            Some(key) => key,
            None => key_of(&self.keys_for_sealing(&[subject]).await?, subject)?,
        };
        key.seal_text(subject, plaintext)
    }

    /// Seals many texts, the answers in their order. New keys are made in one go.
    pub async fn seal_many(&self, texts: &[(Uuid, &str)]) -> Result<Vec<Sealed>, VaultError> {
        let subjects: Vec<Uuid> = texts.iter().map(|(subject, _)| *subject).collect();
        let keys = self.keys_for_sealing(&subjects).await?;
        texts
            .iter()
            .map(|&(subject, text)| key_of(&keys, subject)?.seal_text(subject, text))
            .collect()
    }

    /// Decrypts; `None` when the subject was erased.
    pub async fn open(&self, subject: Uuid, sealed: &Sealed) -> Result<Option<String>, VaultError> {
        if let Some(key) = self.cache.get(subject).await {
            return key.open_text(subject, sealed).map(Some);
        }
        open_with(&self.stored_keys(&[subject]).await?, subject, sealed)
    }

    /// Opens many texts, the answers in their order. Keys that aren't in memory are read in one go.
    pub async fn open_many(&self, texts: &[(Uuid, &Sealed)]) -> Result<Vec<Option<String>>, VaultError> {
        let subjects: Vec<Uuid> = texts.iter().map(|(subject, _)| *subject).collect();
        let keys = self.stored_keys(&subjects).await?;
        texts
            .iter()
            .map(|&(subject, sealed)| open_with(&keys, subject, sealed))
            .collect()
    }

    /// Destroys the subject's key for good. Erasing twice, or somebody unknown, is no error. Other processes forget the
    /// key within a minute, when their cached copy runs out.
    ///
    /// In `SQLite` the key is then gone from the database and from its write-ahead log. `PostgreSQL` keeps the old row,
    /// wrapped by the master key, until it vacuums the table (a minute or so), and in what it has written ahead, in
    /// archives, replicas and backups of that, for as long as those are kept.
    pub async fn erase(&self, subject: Uuid) -> Result<(), VaultError> {
        self.writer()?.erase(subject).await
    }

    /// Finishes what was accepted, and closes the database.
    pub async fn close(&self) {
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
        self.store.close().await;
    }

    fn writer(&self) -> Result<&KeyWriter, VaultError> {
        self.writer.as_ref().ok_or(VaultError::ReadOnly)
    }

    /// The subjects' keys, from memory or the database. Subjects without one are missing.
    async fn stored_keys(&self, subjects: &[Uuid]) -> Result<Keys, VaultError> {
        let mut keys = Keys::with_capacity(subjects.len());
        let mut unknown = Vec::new();
        for &subject in subjects {
            match self.cache.get(subject).await {
                Some(key) => drop(keys.insert(subject, KeyState::Live(key))),
                None => unknown.push(subject),
            }
        }
        if unknown.is_empty() {
            return Ok(keys);
        }
        let generation = self.cache.generation();
        let found = keys::unwrap(&self.master, self.store.read(&unknown).await?);
        for (subject, state) in &found {
            self.cache.keep(*subject, state, generation).await;
        }
        keys.extend(found);
        Ok(keys)
    }

    /// Like `stored_keys`, but makes those that are missing.
    async fn keys_for_sealing(&self, subjects: &[Uuid]) -> Result<Keys, VaultError> {
        let writer = self.writer()?;
        let mut keys = self.stored_keys(subjects).await?;
        let missing: Vec<Uuid> = subjects
            .iter()
            .copied()
            .filter(|subject| !keys.contains_key(subject))
            .collect();
        if !missing.is_empty() {
            keys.extend(writer.make_keys(missing).await?);
        }
        Ok(keys)
    }
}

fn check_master_key(master: &Key, kept: &[u8]) -> Result<(), OpenVaultError> {
    master
        .check(kept)
        .map_err(|DoesNotOpen| OpenVaultError::WrongMasterKey)
}

fn key_of(keys: &Keys, subject: Uuid) -> Result<Key, VaultError> {
    match keys.get(&subject) {
        Some(KeyState::Live(key)) => Ok(key.clone()),
        Some(KeyState::Erased) => Err(VaultError::Erased { subject }),
        Some(KeyState::Broken) => Err(VaultError::BrokenKey { subject }),
        None => Err(VaultError::NoKey { subject }),
    }
}

fn open_with(keys: &Keys, subject: Uuid, sealed: &Sealed) -> Result<Option<String>, VaultError> {
    match key_of(keys, subject) {
        Ok(key) => key.open_text(subject, sealed).map(Some),
        Err(VaultError::Erased { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

impl From<sqlx::Error> for VaultError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable {
            reason: error.to_string(),
        }
    }
}
