//! Reading for a copy: all databases as of one moment each, their rows in chunks, and the small files beside them. What has
//! been read before and can't have changed isn't read again.

use chrono::Utc;
use futures::TryStreamExt;
use sqlx::SqliteConnection;

use super::chunk::{self, pack};
use super::copier::Written;
use super::manifest::FORMAT;
use super::restore;
use super::snapshot::{Piece, RANGE, Snapshot, Table};
use super::{
    BackupError, BlobsCopy, Chunk, Copier, DatabaseCopy, DatabaseSource, FileCopy, FileSource, Manifest,
    TableCopy,
};

impl Copier {
    /// A copy, and the databases' versions in it; none if nothing is there yet.
    pub(super) async fn take(
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
            blobs: BlobsCopy::default(),
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

    pub(super) async fn store(&mut self, piece: Piece, written: &mut Written) -> Result<Chunk, BackupError> {
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
