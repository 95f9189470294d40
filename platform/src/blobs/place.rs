//! The place where blobs are kept, from a URL: `file:folder` or `s3://bucket/prefix`. Whether it is there, opening shows.

use std::fmt;
use std::path::PathBuf;

use super::BadBlobUrl;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobPlace {
    /// On this machine, or a volume that all processes share.
    Folder(PathBuf),
    S3(S3Bucket),
}

/// A bucket of a server that speaks S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Bucket {
    pub name: String,
    /// Before every key, without a slash at its ends; may be empty.
    pub prefix: String,
    /// `https://host:port` of a server that isn't Amazon's. One that begins with `http://` is spoken to without TLS.
    pub endpoint: Option<String>,
    pub region: Option<String>,
    /// From the environment (`AWS_…`) or the machine's role if missing.
    pub credentials: Option<S3Credentials>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct S3Credentials {
    pub access_key_id: String,
    pub secret_access_key: String,
}

impl fmt::Debug for S3Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Credentials").finish_non_exhaustive()
    }
}

/// `s3://bucket/prefix`
impl fmt::Display for S3Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.name, self.prefix)
    }
}

impl BlobPlace {
    /// A folder from `file:folder` (relative to where the process runs) or `file:///folder`; a bucket without endpoint,
    /// region and credentials from `s3://bucket/prefix`.
    pub fn parse(url: &str) -> Result<Self, BadBlobUrl> {
        if let Some(path) = url.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(BadBlobUrl::NoFolder { url: url.to_owned() });
            }
            return Ok(Self::Folder(path.into()));
        }
        let Some(bucket) = url.strip_prefix("s3://") else {
            return Err(BadBlobUrl::Scheme { url: url.to_owned() });
        };
        if bucket.contains(['@', '?', '#']) {
            return Err(BadBlobUrl::MoreThanABucket);
        }
        let (name, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
        if name.is_empty() {
            return Err(BadBlobUrl::NoBucket { url: url.to_owned() });
        }
        Ok(Self::S3(S3Bucket {
            name: name.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
            endpoint: None,
            region: None,
            credentials: None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_absolute_or_relative() {
        let folder = |path: &str| Ok(BlobPlace::Folder(path.into()));
        assert_eq!(BlobPlace::parse("file:///srv/blobs"), folder("/srv/blobs"));
        assert_eq!(BlobPlace::parse("file:/srv/blobs"), folder("/srv/blobs"));
        assert_eq!(BlobPlace::parse("file:blobs/here"), folder("blobs/here"));
    }

    #[test]
    fn a_bucket_may_have_a_prefix() {
        let bucket = |url| match BlobPlace::parse(url) {
            Ok(BlobPlace::S3(bucket)) => (bucket.name, bucket.prefix),
            other => panic!("{url} is {other:?}"),
        };
        assert_eq!(bucket("s3://shop"), ("shop".to_owned(), String::new()));
        assert_eq!(bucket("s3://shop/a/b/"), ("shop".to_owned(), "a/b".to_owned()));
    }

    #[test]
    fn anything_else_is_refused() {
        let refused = |url| BlobPlace::parse(url).unwrap_err();
        assert!(matches!(refused("ftp://x"), BadBlobUrl::Scheme { .. }));
        assert!(matches!(refused("/srv/blobs"), BadBlobUrl::Scheme { .. }));
        assert!(matches!(refused("file:"), BadBlobUrl::NoFolder { .. }));
        assert!(matches!(refused("s3:///prefix"), BadBlobUrl::NoBucket { .. }));
    }

    #[test]
    fn a_url_with_a_password_in_it_is_not_repeated() {
        let refused = BlobPlace::parse("s3://key:hush@shop").unwrap_err();
        assert!(!refused.to_string().contains("hush"), "{refused}");
    }

    #[test]
    fn credentials_do_not_show() {
        let credentials = S3Credentials {
            access_key_id: "AKIA1".to_owned(),
            secret_access_key: "hush".to_owned(),
        };
        let shown = format!("{credentials:?}");
        assert!(!shown.contains("hush") && !shown.contains("AKIA1"), "{shown}");
    }
}
