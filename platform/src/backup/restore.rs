//! The way back: databases and files as they were, in a folder of their own. Every checksum is checked on the way; what
//! fails leaves files behind that nobody must use, so restore into a folder that is given its name only at the end.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use super::manifest::{FOLDER, FORMAT};
use super::snapshot::{list, quoted};
use super::{Chunk, DatabaseCopy, Manifest, ManifestName, TableCopy, Target, TargetError, chunk, row};
use crate::blobs::BlobError;
use crate::sqlite::{self, Durability, OpenError};

/// Why a copy can't be read, or not be brought back.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("the backup of {name} is damaged: {what}")]
    Manifest { name: String, what: String },
    #[error("the backup has format {found}, this program knows up to {known}: use a newer release")]
    NewerFormat { found: u32, known: u32 },
    #[error("{what} of the backup is missing: {path}")]
    MissingChunk { what: String, path: String },
    #[error("{what} of the backup is damaged: {path} isn't what was written")]
    DamagedChunk { what: String, path: String },
    #[error("{what} of the backup can't be brought back")]
    Database { what: String, source: sqlx::Error },
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("{} can't be written", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("a backup can't be written down: {reason}")]
    Unwritable { reason: String },
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error("the blobs of the backup can't be put where they belong")]
    Blobs(#[from] BlobError),
}

pub(super) fn unwritable(error: &impl std::error::Error) -> RestoreError {
    let reason = error.to_string();
    RestoreError::Unwritable { reason }
}

/// The copies in the target, oldest first. What is none of ours is passed over.
pub(super) async fn names(target: &Target) -> Result<Vec<ManifestName>, RestoreError> {
    let paths = target.list(FOLDER).await?;
    let mut names: Vec<_> = paths
        .iter()
        .filter_map(|path| ManifestName::parse(path))
        .collect();
    names.sort_unstable();
    Ok(names)
}

pub(super) async fn manifest(target: &Target, name: &ManifestName) -> Result<Manifest, RestoreError> {
    let damaged = |what: String| RestoreError::Manifest {
        name: name.taken_at.to_rfc3339(),
        what,
    };
    let stored = target.get(&name.path()).await?;
    if !name.is_of(&stored) {
        return Err(damaged("its manifest isn't what was written".to_owned()));
    }
    let manifest: Manifest = serde_json::from_slice(&stored).map_err(|error| damaged(error.to_string()))?;
    if manifest.format > FORMAT {
        return Err(RestoreError::NewerFormat {
            found: manifest.format,
            known: FORMAT,
        });
    }
    let odd = manifest.chunks().find(|chunk| !chunk::is_sha256(&chunk.sha256));
    let outside = manifest
        .databases
        .iter()
        .map(|database| &database.name)
        .chain(manifest.files.iter().map(|file| &file.name))
        .find(|name| name.is_empty() || name.contains(['/', '\\']) || name.starts_with('.'));
    match (odd, outside) {
        (None, None) => Ok(manifest),
        _ => Err(damaged("it names what can't be a backup's".to_owned())),
    }
}

impl Target {
    /// The copies that are here, oldest first.
    pub async fn copies(&self) -> Result<Vec<ManifestName>, RestoreError> {
        names(self).await
    }

    /// What a copy consists of.
    pub async fn manifest(&self, name: &ManifestName) -> Result<Manifest, RestoreError> {
        manifest(self, name).await
    }
}

/// Brings everything of the copy back into the folder, which must be empty; tells how many rows are there after each step.
pub async fn restore(
    target: &Target,
    manifest: &Manifest,
    folder: &Path,
    mut restored: impl FnMut(u64),
) -> Result<(), RestoreError> {
    for file in &manifest.files {
        let content = read(target, &file.content, &file.name).await?;
        let path = folder.join(&file.name);
        write_private(&path, &content).map_err(|source| RestoreError::Write { path, source })?;
    }
    let mut rows = 0;
    for database in &manifest.databases {
        let mut connection = sqlite::open_writer(&folder.join(&database.name), Durability::Normal).await?;
        fill(target, database, &mut connection, |more| {
            rows += more;
            restored(rows);
        })
        .await?;
        let closed = async {
            sqlite::checkpoint(&mut connection).await?;
            connection.close().await
        };
        let what = database.name.clone();
        closed
            .await
            .map_err(|source| RestoreError::Database { what, source })?;
    }
    Ok(())
}

async fn fill(
    target: &Target,
    database: &DatabaseCopy,
    connection: &mut SqliteConnection,
    mut restored: impl FnMut(u64),
) -> Result<(), RestoreError> {
    let failed = |source| RestoreError::Database {
        what: database.name.clone(),
        source,
    };
    for create in database.tables.iter().filter_map(|table| table.create.as_ref()) {
        execute(connection, create).await.map_err(failed)?;
    }
    for table in &database.tables {
        let what = format!("{}.{}", database.name, table.name);
        // A table may be born with rows, such as the one that counts keys.
        let clear = format!("DELETE FROM {}", quoted(&table.name));
        execute(connection, &clear).await.map_err(failed)?;
        for chunk in &table.chunks {
            let lines = read(target, chunk, &what).await?;
            insert(connection, table, chunk, &lines, &what).await?;
            restored(chunk.rows);
        }
    }
    for statement in &database.afterwards {
        execute(connection, statement).await.map_err(failed)?;
    }
    let version = format!("PRAGMA user_version = {}", database.user_version);
    execute(connection, &version).await.map_err(failed)
}

async fn execute(connection: &mut SqliteConnection, sql: &str) -> Result<(), sqlx::Error> {
    let executed = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await;
    executed.map(drop)
}

/// The content of a chunk, if it is what was written.
pub(super) async fn read(target: &Target, chunk: &Chunk, what: &str) -> Result<Vec<u8>, RestoreError> {
    let path = chunk::path(&chunk.sha256);
    let what = || what.to_owned();
    let bytes = match target.get(&path).await {
        Err(TargetError::Missing { .. }) => {
            return Err(RestoreError::MissingChunk { what: what(), path });
        }
        got => got?,
    };
    let content = (chunk::sha256(&bytes) == chunk.sha256).then(|| chunk::unpack(&bytes));
    content
        .flatten()
        .ok_or_else(|| RestoreError::DamagedChunk { what: what(), path })
}

async fn insert(
    connection: &mut SqliteConnection,
    table: &TableCopy,
    chunk: &Chunk,
    lines: &[u8],
    what: &str,
) -> Result<(), RestoreError> {
    let damaged = || RestoreError::DamagedChunk {
        what: what.to_owned(),
        path: chunk::path(&chunk.sha256),
    };
    let failed = |source| RestoreError::Database {
        what: what.to_owned(),
        source,
    };
    let sql = format!(
        "INSERT INTO {} ({}) VALUES ({})",
        quoted(&table.name),
        list(&table.columns),
        vec!["?"; table.columns.len()].join(", ")
    );
    let mut transaction = connection.begin().await.map_err(failed)?;
    let mut rows = 0;
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let values = row::decode(line).filter(|values| values.len() == table.columns.len());
        let insert = sqlx::query(AssertSqlSafe(sql.clone()));
        let insert = row::bind(insert, values.ok_or_else(damaged)?).ok_or_else(damaged)?;
        insert.execute(&mut *transaction).await.map_err(failed)?;
        rows += 1;
    }
    if rows != chunk.rows {
        return Err(damaged());
    }
    transaction.commit().await.map_err(failed)
}

fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
