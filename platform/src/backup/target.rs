//! Where copies go: a folder, for its owner only. Whatever stands there under a name is whole.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What a file is called until it is whole.
const UNFINISHED: &str = "new";

/// Why the place of the copies can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    #[error("{text:?} is no place for backups: give a folder, or file:///folder")]
    Unknown { text: String },
    #[error("{} can't be written", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{} can't be read", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{} isn't there", path.display())]
    Missing { path: PathBuf },
    #[error("the work on the backup's files broke off")]
    BrokeOff(#[from] tokio::task::JoinError),
}

/// Where copies go to and come from. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Folder(PathBuf),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
        }
    }
}

impl Target {
    /// A folder's path, or `file:` and the path.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let path = match text.split_once(':') {
            Some(("file", path)) => path.strip_prefix("//").unwrap_or(path),
            // A colon within a path is none of a scheme's.
            Some((scheme, _)) if !scheme.contains('/') => "",
            _ => text,
        };
        if path.trim().is_empty() {
            let text = text.to_owned();
            return Err(TargetError::Unknown { text });
        }
        Ok(Self::Folder(path.into()))
    }

    /// Stores the bytes under the name, as a whole or not at all; durable when it returns.
    pub(super) async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), TargetError> {
        let Self::Folder(folder) = self;
        let path = folder.join(name);
        let written = tokio::task::spawn_blocking(move || {
            write(&path, &bytes).map_err(|source| TargetError::Write { path, source })
        });
        written.await?
    }

    pub(super) async fn get(&self, name: &str) -> Result<Vec<u8>, TargetError> {
        let Self::Folder(folder) = self;
        let path = folder.join(name);
        let read = tokio::task::spawn_blocking(move || {
            fs::read(&path).map_err(|source| match source.kind() {
                ErrorKind::NotFound => TargetError::Missing { path },
                _ => TargetError::Read { path, source },
            })
        });
        read.await?
    }

    /// The names of everything in a folder and below it; none if there is no such folder.
    pub(super) async fn list(&self, below: &'static str) -> Result<Vec<String>, TargetError> {
        let Self::Folder(folder) = self;
        let path = folder.join(below);
        let listed = tokio::task::spawn_blocking(move || {
            let mut names = vec![];
            list(&path, below, &mut names).map_err(|source| TargetError::Read { path, source })?;
            Ok(names)
        });
        listed.await?
    }

    /// Deleting what isn't there is no error.
    pub(super) async fn delete(&self, name: &str) -> Result<(), TargetError> {
        let Self::Folder(folder) = self;
        let path = folder.join(name);
        let deleted = tokio::task::spawn_blocking(move || match fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => Err(TargetError::Write { path, source }),
            _ => Ok(()),
        });
        deleted.await?
    }
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let unfinished = path.with_extension(UNFINISHED);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    fs::File::open(folder)?.sync_all()
}

fn list(folder: &Path, name: &str, names: &mut Vec<String>) -> std::io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let Ok(file_name) = entry.file_name().into_string() else {
            continue; // none of ours
        };
        let name = format!("{name}/{file_name}");
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &name, names)?;
        } else if entry
            .path()
            .extension()
            .is_none_or(|extension| extension != UNFINISHED)
        {
            names.push(name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_place_is_a_folder_however_it_is_written() {
        for text in ["/mnt/backup", "file:/mnt/backup", "file:///mnt/backup"] {
            assert_eq!(Target::parse(text).unwrap(), Target::Folder("/mnt/backup".into()));
        }
        assert_eq!(Target::parse("./a:b").unwrap(), Target::Folder("./a:b".into()));
        for text in ["", "file:", "ftp://host/x"] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn what_is_put_is_whole_listed_and_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::Folder(folder.path().join("backup"));
        assert_eq!(target.list("chunks").await.unwrap(), Vec::<String>::new());
        target.put("chunks/ab/1.gz", b"one".to_vec()).await.unwrap();
        target.put("chunks/ab/1.gz", b"two".to_vec()).await.unwrap();
        fs::write(folder.path().join("backup/chunks/ab/2.new"), "torn").unwrap();
        assert_eq!(target.list("chunks").await.unwrap(), ["chunks/ab/1.gz"]);
        assert_eq!(target.get("chunks/ab/1.gz").await.unwrap(), b"two");
        let mode = |path: &str| {
            fs::metadata(folder.path().join(path))
                .unwrap()
                .permissions()
                .mode()
                & 0o777
        };
        assert_eq!((mode("backup"), mode("backup/chunks/ab/1.gz")), (0o700, 0o600));
        target.delete("chunks/ab/1.gz").await.unwrap();
        target.delete("chunks/ab/1.gz").await.unwrap();
        assert!(matches!(
            target.get("chunks/ab/1.gz").await,
            Err(TargetError::Missing { .. })
        ));
    }
}
