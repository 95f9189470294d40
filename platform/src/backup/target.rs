//! Where copies go: a folder, for its owner only, or a bucket. Whatever stands there under a name is whole.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use futures::TryStreamExt;

use crate::blobs::{BadBlobUrl, BlobError, BlobPlace, BlobStore};

/// What a file is called until it is whole.
const UNFINISHED: &str = "new";
/// The longest thing that is fetched from a bucket: a chunk or a manifest is far below it.
const FETCHED_MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Why the place of the copies can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    #[error("{} can't be written", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{} can't be read", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{name} isn't there")]
    Missing { name: String },
    #[error(transparent)]
    Blobs(#[from] BlobError),
    #[error("the work on the backup's files broke off")]
    BrokeOff(#[from] tokio::task::JoinError),
}

/// Where copies go to and come from. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Target {
    /// Files and folders are their owner's alone.
    Folder(PathBuf),
    /// Who may read it, the bucket's policy says.
    Bucket {
        blobs: BlobStore,
        /// `s3://bucket/prefix`
        name: String,
    },
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Bucket { name, .. } => name.fmt(f),
        }
    }
}

impl Target {
    /// A folder's path, `file:folder`, or `s3://bucket/prefix`.
    pub fn parse(text: &str) -> Result<BlobPlace, BadBlobUrl> {
        if text.starts_with("file:") || text.contains("://") {
            return BlobPlace::parse(text);
        }
        if text.trim().is_empty() {
            let url = text.to_owned();
            return Err(BadBlobUrl::NoFolder { url });
        }
        Ok(BlobPlace::Folder(text.into()))
    }

    /// Nothing is asked or made yet.
    pub fn open(place: &BlobPlace) -> Result<Self, TargetError> {
        Ok(match place {
            BlobPlace::Folder(folder) => Self::Folder(folder.clone()),
            BlobPlace::S3(bucket) => Self::Bucket {
                blobs: BlobStore::open(place)?,
                name: bucket.to_string(),
            },
        })
    }

    /// Asks whether a bucket is there and ours; a folder is made when it is needed.
    pub async fn check(&self) -> Result<(), TargetError> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::Bucket { blobs, .. } => Ok(blobs.check().await?),
        }
    }

    /// Stores the bytes under the name, as a whole or not at all; durable when it returns.
    pub(super) async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), TargetError> {
        match self {
            Self::Folder(folder) => {
                on_files(folder.join(name), move |path| {
                    write(&path, &bytes).map_err(|source| TargetError::Write { path, source })
                })
                .await
            }
            Self::Bucket { blobs, .. } => Ok(blobs.put(name, bytes.into()).await?),
        }
    }

    pub(super) async fn get(&self, name: &str) -> Result<Vec<u8>, TargetError> {
        let missing = || TargetError::Missing {
            name: name.to_owned(),
        };
        match self {
            Self::Folder(folder) => {
                let read = on_files(folder.join(name), |path| match fs::read(&path) {
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                    read => read
                        .map(Some)
                        .map_err(|source| TargetError::Read { path, source }),
                });
                read.await?.ok_or_else(missing)
            }
            Self::Bucket { blobs, .. } => {
                let blob = blobs.get(name).await?.ok_or_else(missing)?;
                Ok(blob.into_bytes(FETCHED_MAX_BYTES).await?.into())
            }
        }
    }

    /// The names of everything in a folder and below it; none if there is no such folder.
    pub(super) async fn list(&self, below: &'static str) -> Result<Vec<String>, TargetError> {
        match self {
            Self::Folder(folder) => {
                on_files(folder.join(below), move |path| {
                    let mut names = vec![];
                    list(&path, below, &mut names).map_err(|source| TargetError::Read { path, source })?;
                    Ok(names)
                })
                .await
            }
            Self::Bucket { blobs, .. } => {
                let entries = blobs.list(below)?.map_ok(|entry| entry.key);
                Ok(entries.try_collect().await?)
            }
        }
    }

    /// Deleting what isn't there is no error.
    pub(super) async fn delete(&self, name: &str) -> Result<(), TargetError> {
        match self {
            Self::Folder(folder) => {
                on_files(folder.join(name), |path| match fs::remove_file(&path) {
                    Err(source) if source.kind() != ErrorKind::NotFound => {
                        Err(TargetError::Write { path, source })
                    }
                    _ => Ok(()),
                })
                .await
            }
            Self::Bucket { blobs, .. } => Ok(blobs.delete(name).await?),
        }
    }
}

/// Files are waited for where nobody else waits.
async fn on_files<T: Send + 'static>(
    path: PathBuf,
    work: impl FnOnce(PathBuf) -> Result<T, TargetError> + Send + 'static,
) -> Result<T, TargetError> {
    tokio::task::spawn_blocking(move || work(path)).await?
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
    fn a_place_is_a_folder_or_a_bucket() {
        for text in ["/mnt/backup", "file:/mnt/backup", "file:///mnt/backup"] {
            assert_eq!(Target::parse(text), Ok(BlobPlace::Folder("/mnt/backup".into())));
        }
        assert_eq!(Target::parse("./a:b"), Ok(BlobPlace::Folder("./a:b".into())));
        let bucket = Target::parse("s3://backups/shop").unwrap();
        assert!(
            matches!(bucket, BlobPlace::S3(bucket) if bucket.name == "backups" && bucket.prefix == "shop")
        );
        for text in ["", "file:", "ftp://host/x", "s3://"] {
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
