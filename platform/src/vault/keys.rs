//! The vault's tables: subjects' keys as rows, wrapped.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use sqlx::{Connection, Row, SqliteConnection};
use uuid::Uuid;

use super::cipher::{DoesNotOpen, Key};
use super::{OpenVaultError, VaultError};

/// Subjects that one statement looks up; they are bound as one JSON text.
const SUBJECTS_PER_STATEMENT: usize = 500;

/// Rows in one INSERT, from large to small: few sizes, so that prepared statements are used again.
static INSERT_KEYS: LazyLock<[(usize, String); 2]> =
    LazyLock::new(|| [64, 1].map(|rows| (rows, insert_keys(rows))));

const READ_KEYS: &str = "SELECT subject, wrapped
    FROM json_each(?1) AS wanted CROSS JOIN subject_keys ON subject = unhex(wanted.value)";

const ERASE_KEY: &str =
    "INSERT INTO subject_keys (subject, wrapped, created_at, erased_at) VALUES (?1, NULL, ?2, ?2)
    ON CONFLICT (subject) DO UPDATE SET wrapped = NULL, erased_at = coalesce(erased_at, excluded.erased_at)";

/// What the vault has of a subject that it knows.
#[derive(Debug, Clone)]
pub(super) enum KeyState {
    Live(Key),
    Erased,
    /// The row doesn't open with the master key. A state rather than an error, so that it harms no other subject.
    Broken,
}

/// Ties a new vault to its master key, or finds out whether this is the one it is tied to.
pub(super) async fn check_master_key(
    connection: &mut SqliteConnection,
    master: &Key,
) -> Result<(), OpenVaultError> {
    let sealed = stored_check(connection, master).await?;
    master
        .check(&sealed)
        .map_err(|DoesNotOpen| OpenVaultError::WrongMasterKey)
}

/// The check value, which the first to come stores.
async fn stored_check(connection: &mut SqliteConnection, master: &Key) -> Result<Vec<u8>, VaultError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query("INSERT INTO master_key_check (id, sealed) VALUES (1, ?1) ON CONFLICT (id) DO NOTHING")
        .bind(master.make_check()?)
        .execute(&mut *transaction)
        .await?;
    let sealed = sqlx::query_scalar("SELECT sealed FROM master_key_check")
        .fetch_one(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(sealed)
}

/// The keys of these subjects; those that the vault doesn't know are missing.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    master: &Key,
    subjects: &[Uuid],
) -> Result<HashMap<Uuid, KeyState>, VaultError> {
    let mut keys = HashMap::with_capacity(subjects.len());
    for some in subjects.chunks(SUBJECTS_PER_STATEMENT) {
        for row in sqlx::query(READ_KEYS)
            .bind(json_list(some))
            .fetch_all(&mut *connection)
            .await?
        {
            let subject = subject_from_bytes(row.try_get(0)?)?;
            let wrapped: Option<&[u8]> = row.try_get(1)?;
            let state = match wrapped {
                Some(wrapped) => master
                    .unwrap(subject, wrapped)
                    .map_or(KeyState::Broken, KeyState::Live),
                None => KeyState::Erased,
            };
            keys.insert(subject, state);
        }
    }
    Ok(keys)
}

/// Makes a key for each of these subjects that has no row yet. Whose key it came to be, `read` tells.
pub(super) async fn insert_missing(
    connection: &mut SqliteConnection,
    master: &Key,
    subjects: &[Uuid],
    now: DateTime<Utc>,
) -> Result<(), VaultError> {
    let mut left = subjects;
    for (rows, statement) in INSERT_KEYS.iter() {
        while let Some((some, rest)) = left.split_at_checked(*rows) {
            if some.is_empty() {
                return Ok(());
            }
            let mut insert = sqlx::query(statement.as_str());
            for subject in some {
                let wrapped = master.wrap(*subject, &Key::generate()?)?;
                insert = insert
                    .bind(subject.as_bytes().to_vec())
                    .bind(wrapped)
                    .bind(now.timestamp_micros());
            }
            insert.execute(&mut *connection).await?;
            left = rest;
        }
    }
    Ok(())
}

/// Destroys a subject's key and leaves a mark, so that the subject never gets another.
pub(super) async fn erase(
    connection: &mut SqliteConnection,
    subject: Uuid,
    now: DateTime<Utc>,
) -> Result<(), VaultError> {
    sqlx::query(ERASE_KEY)
        .bind(subject.as_bytes().to_vec())
        .bind(now.timestamp_micros())
        .execute(connection)
        .await?;
    Ok(())
}

fn insert_keys(rows: usize) -> String {
    format!(
        "INSERT INTO subject_keys (subject, wrapped, created_at) VALUES {} ON CONFLICT (subject) DO NOTHING",
        vec!["(?, ?, ?)"; rows].join(", ")
    )
}

/// As `json_each` and `unhex` take it: a JSON list of hexadecimal texts.
fn json_list(subjects: &[Uuid]) -> String {
    let quoted: Vec<String> = subjects
        .iter()
        .map(|subject| format!("\"{}\"", subject.simple()))
        .collect();
    format!("[{}]", quoted.join(","))
}

fn subject_from_bytes(bytes: &[u8]) -> Result<Uuid, VaultError> {
    Uuid::from_slice(bytes).map_err(|_| VaultError::Unavailable {
        reason: format!(
            "a row holds a subject of {} bytes, which Tillstream never writes",
            bytes.len()
        ),
    })
}
