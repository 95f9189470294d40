//! Subjects' keys, and how they are wrapped by the master key. Where the wrapped ones are kept is the store's business.

use std::collections::HashMap;

use uuid::Uuid;

use super::VaultError;
use super::cipher::Key;
use super::store::{NewKey, Row};

/// What the vault has of a subject that it knows.
#[derive(Debug, Clone)]
pub(super) enum KeyState {
    Live(Key),
    Erased,
    /// The row doesn't open with the master key. A state rather than an error, so that it harms no other subject.
    Broken,
}

pub(super) type Keys = HashMap<Uuid, KeyState>;

/// The keys in these rows.
pub(super) fn unwrap(master: &Key, rows: Vec<Row>) -> Keys {
    let keys = rows.into_iter().map(|row| {
        let state = match row.wrapped {
            Some(wrapped) => master
                .unwrap(row.subject, &wrapped)
                .map_or(KeyState::Broken, KeyState::Live),
            None => KeyState::Erased,
        };
        (row.subject, state)
    });
    keys.collect()
}

/// A new key for each of these subjects, in case they have none.
pub(super) fn generate(master: &Key, subjects: &[Uuid]) -> Result<Vec<NewKey>, VaultError> {
    subjects
        .iter()
        .map(|&subject| {
            let wrapped = master.wrap(subject, &Key::generate()?)?;
            Ok(NewKey { subject, wrapped })
        })
        .collect()
}
