//! What a copy consists of: JSON that a person can read, under a name that tells when it was made, how far it reaches
//! and its own checksum.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{BlobsCopy, chunk};

/// The format that this program writes, and the newest that it reads. The first had no blobs.
pub(super) const FORMAT: u32 = 2;
/// Where manifests lie in the target.
pub(super) const FOLDER: &str = "manifests";
/// Sorts by time as a text.
const TIME: &str = "%Y%m%dT%H%M%S%.6fZ";
/// Digits of the manifest's checksum in its name: no accident gets past them.
const SUM_DIGITS: usize = 32;

/// A copy of everything as of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// Whose copy it is; see [`Hints::identity`](super::Hints::identity).
    pub identity: String,
    /// When the databases had been opened for reading: nothing later is in it.
    pub taken_at: DateTime<Utc>,
    /// See [`Hints::position`](super::Hints::position).
    pub position: u64,
    pub databases: Vec<DatabaseCopy>,
    pub files: Vec<FileCopy>,
    #[serde(default)]
    pub blobs: BlobsCopy,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseCopy {
    pub name: String,
    /// `PRAGMA user_version`: the version of its schema.
    pub user_version: i64,
    pub tables: Vec<TableCopy>,
    /// Indexes and triggers, to be made when the rows are there.
    pub afterwards: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableCopy {
    pub name: String,
    /// The statement that makes it; missing for what `SQLite` makes itself.
    pub create: Option<String>,
    pub columns: Vec<String>,
    pub chunks: Vec<Chunk>,
}

/// Some rows, a whole file, or a list of blobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Of the stored bytes; hexadecimal.
    pub sha256: String,
    /// As stored.
    pub bytes: u64,
    /// 0 for a file; of a list, its names.
    pub rows: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCopy {
    pub name: String,
    pub content: Chunk,
}

impl Manifest {
    pub fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        let others = self.files.iter().map(|file| &file.content);
        self.row_chunks().chain(others).chain(&self.blobs.lists)
    }

    fn row_chunks(&self) -> impl Iterator<Item = &Chunk> {
        let tables = self.databases.iter().flat_map(|database| &database.tables);
        tables.flat_map(|table| &table.chunks)
    }

    /// Rows over all tables.
    pub fn rows(&self) -> u64 {
        self.row_chunks().map(|chunk| chunk.rows).sum()
    }

    /// Stored bytes, shared with other copies or not.
    pub fn bytes(&self) -> u64 {
        self.chunks().map(|chunk| chunk.bytes).sum::<u64>() + self.blobs.bytes
    }
}

/// A manifest's name, which tells enough to choose one by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ManifestName {
    pub taken_at: DateTime<Utc>,
    pub position: u64,
    sum: String,
}

impl ManifestName {
    pub(super) fn of(manifest: &Manifest, stored: &[u8]) -> Self {
        Self {
            taken_at: manifest.taken_at,
            position: manifest.position,
            sum: chunk::sha256(stored)[..SUM_DIGITS].to_owned(),
        }
    }

    /// Whether these are the bytes that were stored under this name.
    pub(super) fn is_of(&self, stored: &[u8]) -> bool {
        chunk::sha256(stored)[..SUM_DIGITS] == self.sum
    }

    pub(super) fn path(&self) -> String {
        let time = self.taken_at.format(TIME);
        format!("{FOLDER}/{time}-{:012}-{}.json", self.position, self.sum)
    }

    /// `None` for a file that is none of ours.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let name = path.rsplit_once('/')?.1.strip_suffix(".json")?;
        let (time, rest) = name.split_once('-')?;
        let (position, sum) = rest.split_once('-')?;
        let taken_at = NaiveDateTime::parse_from_str(time, TIME).ok()?.and_utc();
        (sum.len() == SUM_DIGITS).then_some(Self {
            taken_at,
            position: position.parse().ok()?,
            sum: sum.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_time_and_position_and_sorts_by_time() {
        let manifest = |micros, position| Manifest {
            format: FORMAT,
            identity: "a".to_owned(),
            taken_at: DateTime::from_timestamp_micros(micros).unwrap(),
            position,
            databases: vec![],
            files: vec![],
            blobs: BlobsCopy::default(),
        };
        let early = ManifestName::of(&manifest(1_700_000_000_000_001, 70), b"x");
        let late = ManifestName::of(&manifest(1_700_000_000_100_000, 9), b"y");
        assert!(early.path() < late.path() && early < late);
        assert_eq!(ManifestName::parse(&early.path()), Some(early.clone()));
        assert!(early.is_of(b"x") && !early.is_of(b"y"));
        assert_eq!(ManifestName::parse("manifests/readme.json"), None);
    }
}
