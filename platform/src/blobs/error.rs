//! What can go wrong with blobs. No message shows a credential.

use std::path::PathBuf;

use super::CALL_MAX;

#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("the blobs in {place} can't be opened: {source}")]
    Open {
        place: String,
        source: object_store::Error,
    },
    #[error("{} can't be used: {source}", path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    /// Built without the feature `s3`.
    #[error("this build keeps blobs in folders only, not in s3:// buckets")]
    NoS3,
    /// Its server knows neither us nor, perhaps, the bucket.
    #[error("{place} isn't open to these credentials, or isn't there: {source}")]
    Refused {
        place: String,
        source: Box<object_store::Error>,
    },
    #[error("{key:?} is no key of a blob: {source}")]
    BadKey {
        key: String,
        source: object_store::path::Error,
    },
    #[error("{key} is {length} bytes long, more than {max}")]
    TooLong { key: String, length: u64, max: u64 },
    #[error("no answer within {} s to {doing} the blob {key}", CALL_MAX.as_secs())]
    TimedOut { doing: &'static str, key: String },
    #[error("can't {doing} the blob {key}: {source}")]
    Failed {
        doing: &'static str,
        key: String,
        source: Box<object_store::Error>,
    },
}

impl BlobError {
    pub(super) fn failed(doing: &'static str, key: String, source: object_store::Error) -> Self {
        Self::Failed {
            doing,
            key,
            source: Box::new(source),
        }
    }

    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Failed { source, .. } if matches!(**source, object_store::Error::NotFound { .. }))
    }
}

/// Why a URL isn't where blobs can be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBlobUrl {
    #[error("begins with file: or s3://, this is {url:?}")]
    Scheme { url: String },
    #[error("names a folder after file:, this is {url:?}")]
    NoFolder { url: String },
    #[error("names a bucket after s3://, this is {url:?}")]
    NoBucket { url: String },
    /// Credentials have settings of their own, where they are masked; so the URL isn't repeated.
    #[error("is s3://bucket/prefix and has no credentials, query or fragment in it")]
    MoreThanABucket,
}
