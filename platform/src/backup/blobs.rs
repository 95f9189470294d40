//! The blobs that belong to a copy. Each lies in the target once, as it is, under its content's hash; which of them a copy
//! needs, and under which keys they were kept, it lists in chunks of its own.
//!
//! Which blobs there are is told by whoever copies. That their bytes never change under a key, too.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::snapshot::{Piece, ends_piece};
use super::{BackupError, Manifest, RestoreError, Target, TargetError, chunk, restore};
use crate::blobs::{BlobError, BlobStore};

/// Where blobs lie in the target.
pub(super) const FOLDER: &str = "blobs";
/// Bytes of blobs that one copy writes, roughly: what is left has its turn in the next one. At ten megabytes a second it
/// holds up the rows of a copy, which are worth more, for some seconds.
pub(super) const ROUND_MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Names in one list: as many as rows in a piece.
const LIST_MAX_NAMES: u64 = 8_192;

/// A blob that never changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlobName {
    pub key: String,
    /// Of its bytes, in small hexadecimal digits.
    pub sha256: String,
    /// How long it is.
    pub bytes: u64,
}

/// The blobs of a copy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobsCopy {
    /// How many are in the target,
    pub count: u64,
    /// and how long they are together.
    pub bytes: u64,
    /// Those that a later copy will have.
    pub left: u64,
    /// Those that weren't where they are kept, or not what they were said to be.
    pub missing: u64,
    /// What lists those that are in the target.
    pub lists: Vec<super::Chunk>,
}

/// What a restore did about blobs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlobsBack {
    /// Blobs that were written, and their bytes.
    pub count: u64,
    pub bytes: u64,
    /// Blobs that were where they belong.
    pub kept: u64,
    /// Keys of those that the target no longer has whole.
    pub missing: Vec<String>,
}

/// What a round of copying blobs came to.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// In the target now, in the order in which they were named.
    pub there: Vec<BlobName>,
    pub left: u64,
    pub missing: u64,
    pub written: u64,
    pub written_bytes: u64,
    /// Why it was broken off.
    pub error: Option<BlobError>,
}

/// Copies of these blobs what isn't in the target, until that is `max_bytes` or more. A place of blobs that can't be read now ends the
/// round, and not the copy; a target that can't be written ends both.
pub(super) async fn copy(
    from: &BlobStore,
    named: &[BlobName],
    target: &Target,
    present: &mut HashSet<String>,
    max_bytes: u64,
) -> Result<Round, TargetError> {
    let mut round = Round::default();
    for blob in named {
        if present.contains(&blob.sha256) {
            round.there.push(blob.clone());
            continue;
        }
        if round.error.is_some() || round.written_bytes >= max_bytes {
            round.left += 1;
            continue;
        }
        match fetch(from, blob).await {
            Ok(Some(bytes)) => {
                target.put(&path(&blob.sha256), bytes).await?;
                present.insert(blob.sha256.clone());
                round.written += 1;
                round.written_bytes += blob.bytes;
                round.there.push(blob.clone());
            }
            Ok(None) => {
                tracing::warn!(
                    key = blob.key,
                    "a blob that belongs to the backup is missing or damaged"
                );
                round.missing += 1;
            }
            Err(error) => {
                round.error = Some(error);
                round.left += 1;
            }
        }
    }
    Ok(round)
}

/// The blob's bytes, if they are there and what was put.
async fn fetch(from: &BlobStore, blob: &BlobName) -> Result<Option<Vec<u8>>, BlobError> {
    let Some(found) = from.get(&blob.key).await? else {
        return Ok(None);
    };
    if found.length() != blob.bytes {
        return Ok(None);
    }
    let bytes = found.into_bytes(blob.bytes).await?;
    Ok(checked(bytes.into(), &blob.sha256).await)
}

/// The bytes, if they have this hash: some megabytes take a core for a moment.
async fn checked(bytes: Vec<u8>, sha256: &str) -> Option<Vec<u8>> {
    let sha256 = sha256.to_owned();
    let hashed = tokio::task::spawn_blocking(move || (chunk::sha256(&bytes) == sha256).then_some(bytes));
    // It doesn't panic, and is cut off only when the process ends.
    hashed.await.ok().flatten()
}

/// Lists of these blobs, cut where the names say so: a new blob changes one of them.
pub(super) fn lists(blobs: &[BlobName]) -> Result<Vec<Piece>, BackupError> {
    let mut lists = vec![];
    let mut list = Piece::default();
    for blob in blobs {
        let line = serde_json::to_vec(&(&blob.key, &blob.sha256, blob.bytes))
            .map_err(|error| restore::unwritable(&error))?;
        list.push(&line);
        if ends_piece(&line) || list.rows >= LIST_MAX_NAMES {
            lists.push(std::mem::take(&mut list));
        }
    }
    if list.rows > 0 {
        lists.push(list);
    }
    Ok(lists)
}

/// What a list names; [`RestoreError::DamagedChunk`] for anything that isn't one.
pub(super) async fn read_list(target: &Target, list: &super::Chunk) -> Result<Vec<BlobName>, RestoreError> {
    let what = "a list of blobs";
    let lines = restore::read(target, list, what).await?;
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let names = lines.map(|line| {
        let (key, sha256, bytes): (_, String, _) = serde_json::from_slice(line).ok()?;
        chunk::is_sha256(&sha256).then_some(BlobName { key, sha256, bytes })
    });
    names
        .collect::<Option<_>>()
        .ok_or_else(|| RestoreError::DamagedChunk {
            what: what.to_owned(),
            path: chunk::path(&list.sha256),
        })
}

/// Puts the copy's blobs where they are kept, unless they are there; tells how many were seen to after each.
///
/// One that the target lacks, or has damaged, is told in the answer: a shop without a picture is better than none.
pub async fn restore_blobs(
    target: &Target,
    manifest: &Manifest,
    into: &BlobStore,
    mut seen_to: impl FnMut(u64),
) -> Result<BlobsBack, RestoreError> {
    let mut back = BlobsBack::default();
    let mut seen = 0;
    for list in &manifest.blobs.lists {
        for blob in read_list(target, list).await? {
            if into.length(&blob.key).await? == Some(blob.bytes) {
                back.kept += 1;
            } else if let Some(bytes) = whole(target, &blob).await? {
                into.put(&blob.key, bytes.into()).await?;
                back.count += 1;
                back.bytes += blob.bytes;
            } else {
                back.missing.push(blob.key);
            }
            seen += 1;
            seen_to(seen);
        }
    }
    Ok(back)
}

/// The blob's bytes out of the target, if it has them whole.
async fn whole(target: &Target, blob: &BlobName) -> Result<Option<Vec<u8>>, TargetError> {
    match target.get(&path(&blob.sha256)).await {
        Ok(bytes) => Ok(checked(bytes, &blob.sha256).await),
        Err(TargetError::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The name in the target: folders by the first two digits, as chunks have them.
pub(super) fn path(sha256: &str) -> String {
    format!("{FOLDER}/{}/{sha256}", &sha256[..2])
}

/// The checksum in a blob's name.
pub(super) fn of_path(path: &str) -> Option<&str> {
    let name = path.rsplit_once('/')?.1;
    chunk::is_sha256(name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blobs::BlobPlace;

    fn blob(n: u32) -> BlobName {
        BlobName {
            key: format!("images/{n:05}"),
            sha256: chunk::sha256(&n.to_le_bytes()),
            bytes: n.into(),
        }
    }

    #[test]
    fn one_more_blob_changes_one_list() {
        let mut blobs: Vec<_> = (0..20_000).map(blob).collect();
        let before = lists(&blobs).unwrap();
        assert!(before.len() > 5, "{}", before.len());
        blobs.remove(7_777);
        let after = lists(&blobs).unwrap();
        let changed = after.iter().filter(|list| !before.contains(list)).count();
        assert_eq!(changed, 1);
        assert_eq!(after.iter().map(|list| list.rows).sum::<u64>(), 19_999);
        assert_eq!(lists(&[]).unwrap(), []);
    }

    #[tokio::test]
    async fn a_round_that_is_full_leaves_the_rest_to_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let place = BlobPlace::Folder(folder.path().join("blobs"));
        let store = BlobStore::open(&place).unwrap();
        let target = Target::Folder(folder.path().join("copies"));
        let mut named = vec![];
        for n in 0..5_u32 {
            let bytes = n.to_le_bytes();
            let blob = BlobName { bytes: 4, ..blob(n) };
            store.put(&blob.key, bytes.to_vec().into()).await.unwrap();
            named.push(blob);
        }
        let mut present = HashSet::new();
        let mut rounds = vec![];
        for _ in 0..3 {
            let round = copy(&store, &named, &target, &mut present, 8).await.unwrap();
            rounds.push((round.there.len(), round.written, round.written_bytes, round.left));
        }
        assert_eq!(rounds, [(2, 2, 8, 3), (4, 2, 8, 1), (5, 1, 4, 0)]);
        assert_eq!(target.list(FOLDER).await.unwrap().len(), 5);
    }

    #[test]
    fn a_name_in_the_target_tells_the_hash() {
        let sum = chunk::sha256(b"x");
        assert_eq!(of_path(&path(&sum)), Some(sum.as_str()));
        assert_eq!(of_path("blobs/ab/readme"), None);
    }
}
