//! Makes copies, one after the other, of the same sources into the same target. It remembers what it has found there, so
//! that a later copy reads and writes only what may have changed; a new copier reads everything once.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use sqlx::{Connection, SqliteConnection};

use super::chunk::{self, pack};
use super::manifest::{self, FORMAT};
use super::restore;
use super::snapshot::{self, Piece, RANGE, Snapshot, Table};
use super::{
    BackupError, Chunk, DatabaseCopy, DatabaseSource, FileCopy, FileSource, Manifest, ManifestName,
    RestoreError, Retention, Sources, TableCopy, Target,
};

/// A copy that was made.
#[derive(Debug, Clone)]
pub struct Copied {
    pub name: ManifestName,
    pub rows: u64,
    /// What the copy consists of, shared with earlier ones or not.
    pub bytes: u64,
    /// What had to be written for it, the manifest included.
    pub written_bytes: u64,
    pub written_chunks: usize,
    pub took: Duration,
}

/// See the module.
pub struct Copier {
    sources: Sources,
    target: Target,
    /// One to each database; none after a failure, which may have left one in the middle of something.
    connections: Vec<SqliteConnection>,
    /// The databases' versions in the last copy.
    versions: Vec<i64>,
    last: Option<Manifest>,
    /// The chunks that are in the target.
    present: HashSet<String>,
    /// Ranges that never change again: by database, table and first key.
    settled: HashMap<(&'static str, String, i64), Chunk>,
    /// The chunks of each manifest that was read, for the clearing away.
    listed: HashMap<ManifestName, HashSet<String>>,
}

/// What one copy has written so far.
#[derive(Default)]
struct Written {
    bytes: u64,
    chunks: usize,
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
            settled: HashMap::new(),
            listed: HashMap::new(),
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

    /// Makes a copy; none if nothing has changed since the last one, or nothing is there yet.
    pub async fn copy(&mut self) -> Result<Option<Copied>, BackupError> {
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
        if versions == self.versions {
            self.connections = connections;
            return Ok(None);
        }
        let mut written = Written::default();
        let taken = self.take(&mut connections, &mut written).await?;
        self.connections = connections;
        let Some((manifest, versions)) = taken else {
            return Ok(None);
        };
        let unchanged = self.last.as_ref().is_some_and(|last| is_same(last, &manifest));
        if unchanged {
            self.versions = versions;
            return Ok(None);
        }
        let stored = serde_json::to_vec(&manifest).map_err(|error| restore::unwritable(&error))?;
        let name = ManifestName::of(&manifest, &stored);
        written.bytes += stored.len() as u64;
        self.target.put(&name.path(), stored).await?;
        let copied = Copied {
            name,
            rows: manifest.rows(),
            bytes: manifest.bytes(),
            written_bytes: written.bytes,
            written_chunks: written.chunks,
            took: started.elapsed(),
        };
        self.last = Some(manifest);
        // Only now: a copy that fails is tried again, whether or not somebody has written since.
        self.versions = versions;
        Ok(Some(copied))
    }

    /// Deletes the copies that needn't be kept, and the chunks that none of the others has. Says how many copies.
    ///
    /// Nobody else may be copying into the target meanwhile.
    pub async fn clear_away(&mut self, retention: Retention) -> Result<usize, BackupError> {
        let names = restore::names(&self.target).await?;
        let superfluous: HashSet<_> = retention.superfluous(&names).into_iter().cloned().collect();
        for name in names.iter().filter(|name| !superfluous.contains(name)) {
            if !self.listed.contains_key(name) {
                let manifest = restore::manifest(&self.target, name).await?;
                let chunks = manifest.chunks().map(|chunk| chunk.sha256.clone()).collect();
                self.listed.insert(name.clone(), chunks);
            }
        }
        self.listed.retain(|name, _| !superfluous.contains(name));
        let wanted: HashSet<_> = self.listed.values().flatten().map(String::as_str).collect();
        for name in &superfluous {
            self.target.delete(&name.path()).await?;
        }
        for path in self.target.list(chunk::FOLDER).await? {
            if chunk::of_path(&path).is_some_and(|sum| !wanted.contains(sum)) {
                self.target.delete(&path).await?;
            }
        }
        self.look().await?;
        Ok(superfluous.len())
    }

    pub async fn close(self) {
        for connection in self.connections {
            // It has only read.
            let _ = connection.close().await;
        }
    }

    /// What is in the target. What isn't there any more, whoever took it, is written anew.
    async fn look(&mut self) -> Result<(), BackupError> {
        let paths = self.target.list(chunk::FOLDER).await?;
        self.present = paths
            .iter()
            .filter_map(|path| chunk::of_path(path))
            .map(str::to_owned)
            .collect();
        self.settled
            .retain(|_, chunk| self.present.contains(&chunk.sha256));
        let is_whole = |last: &Manifest| last.chunks().all(|chunk| self.present.contains(&chunk.sha256));
        if !self.last.as_ref().is_none_or(is_whole) {
            self.versions.clear();
        }
        Ok(())
    }

    /// A copy, and the databases' versions in it; none if nothing is there yet.
    async fn take(
        &mut self,
        connections: &mut [SqliteConnection],
        written: &mut Written,
    ) -> Result<Option<(Manifest, Vec<i64>)>, BackupError> {
        let databases = self.sources.databases.clone();
        let mut snapshots = vec![];
        let mut versions = vec![];
        for (source, connection) in databases.iter().zip(connections) {
            let mut snapshot = Snapshot::begin(source, connection).await?;
            versions.push(snapshot.version().await?);
            snapshots.push(snapshot);
        }
        let taken_at = Utc::now();
        let (mut identity, mut position) = (None, 0);
        for (source, snapshot) in databases.iter().zip(&mut snapshots) {
            if let Some(query) = source.hints.identity {
                identity = snapshot.ask::<String>(query).await?;
            }
            if let Some(query) = source.hints.position {
                position = snapshot
                    .ask::<i64>(query)
                    .await?
                    .unwrap_or_default()
                    .cast_unsigned();
            }
        }
        let Some(identity) = identity else {
            for snapshot in snapshots {
                snapshot.end().await?;
            }
            return Ok(None);
        };
        self.check_owner(&identity)?;
        let mut copies = vec![];
        for (index, (source, mut snapshot)) in databases.iter().zip(snapshots).enumerate() {
            let copy = match self.unchanged(index, versions[index]) {
                Some(copy) => copy,
                None => self.database(source, &mut snapshot, written).await?,
            };
            copies.push(copy);
            snapshot.end().await?;
        }
        let mut files = vec![];
        for source in self.sources.files.clone() {
            files.push(self.file(&source, written).await?);
        }
        let manifest = Manifest {
            format: FORMAT,
            identity,
            taken_at,
            position,
            databases: copies,
            files,
        };
        Ok(Some((manifest, versions)))
    }

    /// What the last copy has of a database that nobody has written to since.
    fn unchanged(&self, index: usize, version: i64) -> Option<DatabaseCopy> {
        let is_same = self.versions.get(index) == Some(&version);
        let last = self.last.as_ref().filter(|_| is_same)?;
        last.databases.get(index).cloned()
    }

    fn check_owner(&self, ours: &str) -> Result<(), BackupError> {
        match &self.last {
            Some(last) if last.identity != ours => Err(BackupError::Stranger {
                target: self.target.to_string(),
                theirs: last.identity.clone(),
                ours: ours.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    async fn database(
        &mut self,
        source: &DatabaseSource,
        snapshot: &mut Snapshot<'_>,
        written: &mut Written,
    ) -> Result<DatabaseCopy, BackupError> {
        let mut tables = vec![];
        for table in snapshot.tables().await? {
            let chunks = match &table.integer_key {
                Some(key) => self.ranges(source, snapshot, &table, key, written).await?,
                None => self.pieces(snapshot, &table, written).await?,
            };
            tables.push(TableCopy {
                name: table.name,
                create: table.create,
                columns: table.columns,
                chunks,
            });
        }
        Ok(DatabaseCopy {
            name: source.name.to_owned(),
            user_version: snapshot.user_version().await?,
            tables,
            afterwards: snapshot.afterwards().await?,
        })
    }

    async fn ranges(
        &mut self,
        source: &DatabaseSource,
        snapshot: &mut Snapshot<'_>,
        table: &Table,
        key: &str,
        written: &mut Written,
    ) -> Result<Vec<Chunk>, BackupError> {
        let hint = source.hints.settled.iter().find(|(name, _)| *name == table.name);
        let last = snapshot.last_key(table, key).await?;
        let mut chunks = vec![];
        let mut from = i64::MIN;
        while let Some(found) = snapshot.next_key(table, key, from).await? {
            let begin = found.div_euclid(RANGE) * RANGE;
            from = begin.saturating_add(RANGE);
            let place = (source.name, table.name.clone(), begin);
            if let Some(chunk) = self.settled.get(&place) {
                chunks.push(chunk.clone());
                continue;
            }
            let piece = snapshot.range(table, key, begin).await?;
            let chunk = self.store(piece, written).await?;
            let is_full = last.is_some_and(|last| last >= from);
            if let (true, Some((_, condition))) = (is_full, hint)
                && snapshot.holds(table, key, begin, condition).await?
            {
                self.settled.insert(place, chunk.clone());
            }
            chunks.push(chunk);
        }
        Ok(chunks)
    }

    async fn pieces(
        &mut self,
        snapshot: &mut Snapshot<'_>,
        table: &Table,
        written: &mut Written,
    ) -> Result<Vec<Chunk>, BackupError> {
        let mut chunks = vec![];
        let mut pieces = snapshot.pieces(table);
        while let Some(piece) = pieces.try_next().await? {
            chunks.push(self.store(piece, written).await?);
        }
        Ok(chunks)
    }

    async fn file(&mut self, source: &FileSource, written: &mut Written) -> Result<FileCopy, BackupError> {
        let path = source.path.clone();
        let lines = tokio::fs::read(&path)
            .await
            .map_err(|source| BackupError::File { path, source })?;
        Ok(FileCopy {
            name: source.name.to_owned(),
            content: self.store(Piece { lines, rows: 0 }, written).await?,
        })
    }

    async fn store(&mut self, piece: Piece, written: &mut Written) -> Result<Chunk, BackupError> {
        let Piece { lines, rows } = piece;
        let packed = tokio::task::spawn_blocking(move || pack(&lines)).await;
        let packed = packed
            .map_err(super::TargetError::from)?
            .map_err(|error| restore::unwritable(&error))?;
        let chunk = Chunk {
            sha256: packed.sha256,
            bytes: packed.bytes.len() as u64,
            rows,
        };
        if !self.present.contains(&chunk.sha256) {
            self.target.put(&chunk::path(&chunk.sha256), packed.bytes).await?;
            self.present.insert(chunk.sha256.clone());
            written.bytes += chunk.bytes;
            written.chunks += 1;
        }
        Ok(chunk)
    }
}

/// Whether two copies differ in nothing but their time.
fn is_same(old: &Manifest, new: &manifest::Manifest) -> bool {
    (old.position, &old.databases, &old.files) == (new.position, &new.databases, &new.files)
}
