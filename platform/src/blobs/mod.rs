//! Blobs: bytes under a key, in a folder on this machine or in a bucket of an S3-compatible server. A blob is written whole
//! or not at all, and a `put` that has succeeded survives a loss of power.
//!
//! What the bytes are, how large they may be and when they are deleted is left to those who put them.

mod error;
mod place;
#[cfg(feature = "s3")]
mod s3;

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, WriteMultipart};
use tokio::io::AsyncReadExt;

pub use error::{BadBlobUrl, BlobError};
pub use place::{BlobPlace, S3Bucket, S3Credentials};

/// How long one call may take, repeats within it included: a blob of some megabytes over a slow line, and no worker held for
/// ever by a server that is silent.
const CALL_MAX: Duration = Duration::from_mins(1);
/// How long to wait for the next piece of a blob that is being read.
const PIECE_MAX: Duration = Duration::from_secs(20);
/// How much of a file is in memory while it is put; S3 takes no smaller parts than 5 MiB, and at most 10,000 of them.
const PART_BYTES: usize = 16 * 1024 * 1024;
/// How many parts are under way at once.
const PARTS_AT_ONCE: usize = 2;

/// A key that nothing has, to ask for.
const NOWHERE: &str = "nowhere";
/// What every server of S3 calls this.
const NO_SUCH_BUCKET: &str = "NoSuchBucket";

/// Where blobs are kept. Cheap to clone; all clones share their connections.
#[derive(Debug, Clone)]
pub struct BlobStore {
    store: Arc<dyn ObjectStore>,
    /// As people call it.
    place: Arc<str>,
    /// Before every key; empty for a folder.
    prefix: Key,
}

/// A blob that is there, its bytes yet to be read.
pub struct Blob {
    key: String,
    length: u64,
    pieces: BoxStream<'static, Result<Bytes, object_store::Error>>,
}

/// What a list says of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobEntry {
    pub key: String,
    /// In bytes.
    pub length: u64,
    /// When it was put last, by the store's clock.
    pub modified: DateTime<Utc>,
}

impl BlobStore {
    /// Opens the place; a folder is made, for its owner only, if it isn't there. A bucket isn't asked yet.
    pub fn open(place: &BlobPlace) -> Result<Self, BlobError> {
        match place {
            BlobPlace::Folder(path) => Self::folder(path),
            #[cfg(feature = "s3")]
            BlobPlace::S3(bucket) => Ok(Self {
                store: Arc::new(s3::open(bucket)?),
                place: bucket.to_string().into(),
                prefix: checked(&bucket.prefix)?,
            }),
            #[cfg(not(feature = "s3"))]
            BlobPlace::S3(_) => Err(BlobError::NoS3),
        }
    }

    fn folder(path: &Path) -> Result<Self, BlobError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|source| BlobError::Folder {
            path: path.to_owned(),
            source,
        })?;
        let store = LocalFileSystem::new_with_prefix(path).map_err(|source| BlobError::Open {
            place: path.display().to_string(),
            source,
        })?;
        Ok(Self {
            store: Arc::new(store.with_fsync(true)),
            place: path.display().to_string().into(),
            prefix: Key::default(),
        })
    }

    /// Asks whether the place answers us: [`BlobError::Refused`] if it is a bucket that isn't there or isn't ours. Lists
    /// what is there, which a mere reader's credentials may not allow.
    pub async fn check(&self) -> Result<(), BlobError> {
        let got = self.get(NOWHERE).await.map(drop);
        let listed = match got {
            Ok(()) => self.list(NOWHERE)?.next().await.transpose().map(drop),
            refused => refused,
        };
        listed.map_err(|error| match error {
            BlobError::Failed { source, .. } if is_refusal(&source) => BlobError::Refused {
                place: self.place.to_string(),
                source,
            },
            other => other,
        })
    }

    /// Writes the blob, in place of the one under this key if there is one.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), BlobError> {
        let at = self.at(key)?;
        in_time("put", key, self.store.put(&at, bytes.into())).await?;
        Ok(())
    }

    /// Writes a file of any size as a blob, in parts; it shows when the last one is written. Takes as long as it takes, but
    /// no single part longer than a minute.
    pub async fn put_file(&self, key: &str, file: &Path) -> Result<(), BlobError> {
        let at = self.at(key)?;
        let unreadable = |source| BlobError::Folder {
            path: file.to_owned(),
            source,
        };
        let mut file = tokio::fs::File::open(file).await.map_err(unreadable)?;
        let upload = in_time("put", key, self.store.put_multipart(&at)).await?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        loop {
            let mut part = BytesMut::with_capacity(PART_BYTES);
            let read = (&mut file).take(PART_BYTES as u64).read_buf(&mut part).await;
            match read {
                Ok(0) => break,
                Ok(_) => upload.put(part.freeze()),
                Err(error) => {
                    // What was sent is of no use; that it can't be taken back now is less than the error itself.
                    let _ = upload.abort().await;
                    return Err(unreadable(error));
                }
            }
            in_time("put", key, upload.wait_for_capacity(PARTS_AT_ONCE)).await?;
        }
        in_time("put", key, upload.finish()).await?;
        Ok(())
    }

    /// The blob under this key, if there is one.
    pub async fn get(&self, key: &str) -> Result<Option<Blob>, BlobError> {
        let at = self.at(key)?;
        match in_time("get", key, self.store.get(&at)).await {
            Ok(found) => Ok(Some(Blob {
                key: key.to_owned(),
                length: found.meta.size,
                pieces: found.into_stream(),
            })),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The length of the blob under this key in bytes, if there is one.
    pub async fn length(&self, key: &str) -> Result<Option<u64>, BlobError> {
        let at = self.at(key)?;
        match in_time("look at", key, self.store.head(&at)).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes the blob. That there is none is as good.
    pub async fn delete(&self, key: &str) -> Result<(), BlobError> {
        let at = self.at(key)?;
        match in_time("delete", key, self.store.delete(&at)).await {
            Err(error) if !error.is_missing() => Err(error),
            _ => Ok(()),
        }
    }

    /// The blobs below a prefix, which is a whole part of their keys (`images/` has `images/a`, and not `imagesque`), in no
    /// order. An empty one is everything.
    pub fn list(&self, prefix: &str) -> Result<BoxStream<'static, Result<BlobEntry, BlobError>>, BlobError> {
        let wanted = prefix.to_owned();
        let below = match prefix.trim_end_matches('/') {
            "" => self.prefix.clone(),
            prefix => self.at(prefix)?,
        };
        let own = self.prefix.clone();
        let found = timed(self.store.list(Some(&below)), "list", wanted);
        Ok(found.map(move |meta| meta.map(|meta| entry(&own, meta))).boxed())
    }

    fn at(&self, key: &str) -> Result<Key, BlobError> {
        let key = checked(key)?;
        Ok(self.prefix.parts().chain(key.parts()).collect())
    }
}

impl Blob {
    /// In bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The bytes, as they come.
    pub fn into_stream(self) -> BoxStream<'static, Result<Bytes, BlobError>> {
        timed(self.pieces, "read", self.key)
    }

    /// All of it, unless it is longer than `max` bytes.
    pub async fn into_bytes(self, max: u64) -> Result<Bytes, BlobError> {
        if self.length > max {
            return Err(BlobError::TooLong {
                key: self.key,
                length: self.length,
                max,
            });
        }
        let mut whole = BytesMut::new();
        let mut pieces = self.into_stream();
        while let Some(piece) = pieces.next().await {
            whole.extend_from_slice(&piece?);
        }
        Ok(whole.freeze())
    }
}

/// Whether asking again is no use: the settings are wrong. That there is no such bucket only the answer's text tells.
fn is_refusal(error: &object_store::Error) -> bool {
    use object_store::Error::{PermissionDenied, Unauthenticated};
    matches!(error, PermissionDenied { .. } | Unauthenticated { .. })
        || error.to_string().contains(NO_SUCH_BUCKET)
}

/// Keys are ours, so one that climbs out of its place or names nothing is a bug or an attack, and not tidied up.
fn checked(key: &str) -> Result<Key, BlobError> {
    Key::parse(key).map_err(|source| BlobError::BadKey {
        key: key.to_owned(),
        source,
    })
}

fn entry(prefix: &Key, meta: ObjectMeta) -> BlobEntry {
    let key: Option<Key> = meta.location.prefix_match(prefix).map(Iterator::collect);
    BlobEntry {
        key: key.unwrap_or(meta.location).into(),
        length: meta.size,
        modified: meta.last_modified,
    }
}

async fn in_time<T>(
    doing: &'static str,
    key: &str,
    call: impl Future<Output = Result<T, object_store::Error>>,
) -> Result<T, BlobError> {
    let key = || key.to_owned();
    match tokio::time::timeout(CALL_MAX, call).await {
        Ok(done) => done.map_err(|source| BlobError::failed(doing, key(), source)),
        Err(_) => Err(BlobError::TimedOut { doing, key: key() }),
    }
}

/// A stream that ends with an error when a piece doesn't come in time, or is one.
fn timed<T: Send + 'static>(
    pieces: BoxStream<'static, Result<T, object_store::Error>>,
    doing: &'static str,
    key: String,
) -> BoxStream<'static, Result<T, BlobError>> {
    let pieces = stream::unfold(Some((pieces, key)), move |left| async move {
        let (mut pieces, key) = left?;
        match tokio::time::timeout(PIECE_MAX, pieces.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some((pieces, key)))),
            Ok(Some(Err(source))) => Some((Err(BlobError::failed(doing, key, source)), None)),
            Err(_) => Some((Err(BlobError::TimedOut { doing, key }), None)),
        }
    });
    pieces.boxed()
}
