//! Makes copies, one after the other, of the same sources into the same target. It remembers what it has found there, so
//! that a later copy reads and writes only what may have changed; a new copier reads everything once.
//!
//! How rows become chunks is `reading`'s, what may be deleted `clearing`'s.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::{Connection, SqliteConnection};

use super::chunk;
use super::clearing::Kept;
use super::{BackupError, BlobName, BlobsCopy, Chunk, Manifest, ManifestName, RestoreError, Sources, Target};
use super::{blobs, restore, snapshot};
use crate::blobs::BlobStore;

/// A copy that was made.
#[derive(Debug, Clone)]
pub struct Copied {
    pub name: ManifestName,
    pub rows: u64,
    /// What the copy consists of, shared with earlier ones or not.
    pub bytes: u64,
    /// What had to be written for it, blobs and the manifest included.
    pub written_bytes: u64,
    pub written_chunks: usize,
    pub written_blobs: u64,
    /// Its blobs, and how many of those that were named it doesn't have.
    pub blobs: BlobsCopy,
    pub took: Duration,
}

/// A copy to which only its blobs are missing; dropped, it is none.
pub struct Draft {
    manifest: Manifest,
    versions: Vec<i64>,
    written: Written,
    started: Instant,
}

impl Draft {
    /// How far the copy reaches; see [`Hints::position`](super::Hints::position).
    pub fn position(&self) -> u64 {
        self.manifest.position
    }
}

/// See the module.
pub struct Copier {
    pub(super) sources: Sources,
    pub(super) target: Target,
    /// One to each database; none after a failure, which may have left one in the middle of something.
    connections: Vec<SqliteConnection>,
    /// The databases' versions in the last copy.
    pub(super) versions: Vec<i64>,
    pub(super) last: Option<Manifest>,
    /// The chunks that are in the target.
    pub(super) present: HashSet<String>,
    /// The blobs that are in the target.
    present_blobs: HashSet<String>,
    /// The blobs of the last copy, and the chunks that list them.
    last_blobs: Option<(Vec<BlobName>, Vec<Chunk>)>,
    /// Ranges that never change again: by database, table and first key.
    pub(super) settled: HashMap<(&'static str, String, i64), Chunk>,
    /// What must be kept for the sake of kept copies.
    pub(super) kept: Kept,
}

/// What one copy has written so far.
#[derive(Default)]
pub(super) struct Written {
    pub bytes: u64,
    pub chunks: usize,
    pub blobs: u64,
}

impl Copier {
    /// Opens the sources and looks at what is in the target.
    ///
    /// [`BackupError::Stranger`] if another shop's copies are there.
    pub async fn open(sources: Sources, target: Target) -> Result<Self, BackupError> {
        let mut copier = Self {
            sources,
            target,
            connections: vec![],
            versions: vec![],
            last: None,
            present: HashSet::new(),
            present_blobs: HashSet::new(),
            last_blobs: None,
            settled: HashMap::new(),
            kept: Kept::default(),
        };
        copier.look().await?;
        copier.last = copier.newest_readable().await?;
        Ok(copier)
    }

    /// A copy that is damaged is no reason to make none.
    async fn newest_readable(&self) -> Result<Option<Manifest>, BackupError> {
        for name in restore::names(&self.target).await?.iter().rev() {
            match restore::manifest(&self.target, name).await {
                Ok(manifest) => return Ok(Some(manifest)),
                Err(RestoreError::Target(error)) => return Err(error.into()),
                Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "a backup is damaged"),
            }
        }
        Ok(None)
    }

    pub fn target(&self) -> &Target {
        &self.target
    }

    /// When the newest copy in the target was made.
    pub fn newest(&self) -> Option<DateTime<Utc>> {
        Some(self.last.as_ref()?.taken_at)
    }

    /// Makes a copy without blobs; none if nothing has changed since the last one, or nothing is there yet.
    pub async fn copy(&mut self) -> Result<Option<Copied>, BackupError> {
        match self.begin().await? {
            Some(draft) => self.finish(draft, None).await,
            None => Ok(None),
        }
    }

    /// Copies rows and files; none if nothing has changed since the last copy and that has all its blobs, or nothing is
    /// there yet. The copy is one when it is [finished](Self::finish).
    pub async fn begin(&mut self) -> Result<Option<Draft>, BackupError> {
        let started = Instant::now();
        let mut connections = std::mem::take(&mut self.connections);
        if connections.is_empty() {
            self.versions.clear();
            for source in &self.sources.databases {
                connections.push(snapshot::connect(source).await?);
            }
        }
        let mut versions = vec![];
        for (source, connection) in self.sources.databases.iter().zip(&mut connections) {
            versions.push(snapshot::version(source, connection).await?);
        }
        let has_all_blobs = self.last.as_ref().is_none_or(|last| last.blobs.left == 0);
        if versions == self.versions && has_all_blobs {
            self.connections = connections;
            return Ok(None);
        }
        let mut written = Written::default();
        let taken = self.take(&mut connections, &mut written).await?;
        self.connections = connections;
        Ok(taken.map(|(manifest, versions)| Draft {
            manifest,
            versions,
            written,
            started,
        }))
    }

    /// Copies the blobs that the draft's rows name, as many as one copy takes, and writes down what it consists of; none
    /// if the last copy had all of it. `named` is in the order of the keys.
    ///
    /// [`BackupError::Blobs`] if they can't be read where they are kept; the copy is made without them, and has them left.
    pub async fn finish(
        &mut self,
        draft: Draft,
        named: Option<(&BlobStore, &[BlobName])>,
    ) -> Result<Option<Copied>, BackupError> {
        let Draft {
            mut manifest,
            versions,
            mut written,
            started,
        } = draft;
        let mut failed = None;
        if let Some((store, named)) = named {
            let present = &mut self.present_blobs;
            let round = blobs::copy(store, named, &self.target, present, blobs::ROUND_MAX_BYTES).await?;
            written.bytes += round.written_bytes;
            written.blobs += round.written;
            manifest.blobs = BlobsCopy {
                count: round.there.len() as u64,
                bytes: round.there.iter().map(|blob| blob.bytes).sum(),
                left: round.left,
                missing: round.missing,
                lists: self.blob_lists(round.there, &mut written).await?,
            };
            let left = round.left;
            failed = round.error.map(|source| BackupError::Blobs { left, source });
        }
        let copied = if self.last.as_ref().is_some_and(|last| is_same(last, &manifest)) {
            None
        } else {
            Some(self.conclude(manifest, &written, started).await?)
        };
        // Only now: a copy that fails is tried again, whether or not somebody has written since.
        self.versions = versions;
        failed.map_or(Ok(copied), Err)
    }

    /// The manifest makes it a copy.
    async fn conclude(
        &mut self,
        manifest: Manifest,
        written: &Written,
        started: Instant,
    ) -> Result<Copied, BackupError> {
        let stored = serde_json::to_vec(&manifest).map_err(|error| restore::unwritable(&error))?;
        let name = ManifestName::of(&manifest, &stored);
        let written_bytes = written.bytes + stored.len() as u64;
        self.target.put(&name.path(), stored).await?;
        let copied = Copied {
            name,
            rows: manifest.rows(),
            bytes: manifest.bytes(),
            written_bytes,
            written_chunks: written.chunks,
            written_blobs: written.blobs,
            blobs: manifest.blobs.clone(),
            took: started.elapsed(),
        };
        self.last = Some(manifest);
        Ok(copied)
    }

    /// Most copies have the blobs of the one before, and their lists.
    async fn blob_lists(
        &mut self,
        there: Vec<BlobName>,
        written: &mut Written,
    ) -> Result<Vec<Chunk>, BackupError> {
        if let Some((blobs, chunks)) = &self.last_blobs
            && *blobs == there
        {
            return Ok(chunks.clone());
        }
        let mut chunks = vec![];
        for list in blobs::lists(&there)? {
            chunks.push(self.store(list, written).await?);
        }
        self.last_blobs = Some((there, chunks.clone()));
        Ok(chunks)
    }

    pub async fn close(self) {
        for connection in self.connections {
            // It has only read.
            let _ = connection.close().await;
        }
    }

    /// What is in the target. What isn't there any more, whoever took it, is written anew.
    pub(super) async fn look(&mut self) -> Result<(), BackupError> {
        let paths = self.target.list(chunk::FOLDER).await?;
        self.present = sums(&paths, chunk::of_path);
        let paths = self.target.list(blobs::FOLDER).await?;
        self.present_blobs = sums(&paths, blobs::of_path);
        self.settled
            .retain(|_, chunk| self.present.contains(&chunk.sha256));
        let has_blobs = self
            .last_blobs
            .take_if(|(blobs, chunks)| {
                let has_lists = chunks.iter().all(|chunk| self.present.contains(&chunk.sha256));
                let has_blobs = blobs.iter().all(|blob| self.present_blobs.contains(&blob.sha256));
                !(has_lists && has_blobs)
            })
            .is_none();
        let is_whole = |last: &Manifest| last.chunks().all(|chunk| self.present.contains(&chunk.sha256));
        if !has_blobs || !self.last.as_ref().is_none_or(is_whole) {
            self.versions.clear();
        }
        Ok(())
    }
}

fn sums(paths: &[String], of_path: fn(&str) -> Option<&str>) -> HashSet<String> {
    let sums = paths.iter().filter_map(|path| of_path(path));
    sums.map(str::to_owned).collect()
}

/// Whether two copies differ in nothing but their time.
fn is_same(old: &Manifest, new: &Manifest) -> bool {
    (old.position, &old.databases, &old.files, &old.blobs)
        == (new.position, &new.databases, &new.files, &new.blobs)
}
