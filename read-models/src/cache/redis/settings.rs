//! Where the shared cache is, and what its keys begin with. Mistakes in it are the only thing about Redis that keeps a
//! process from starting; whether the server answers isn't asked here.

use std::fmt;
use std::path::{Path, PathBuf};

use redis::{Client, IntoConnectionInfo, TlsCertificates};

/// Which Redis, and where in it.
#[derive(Clone)]
pub struct RedisSettings {
    /// `redis://user:password@host:6379/0`, or `rediss://…` for TLS.
    pub url: String,
    /// The certificates (PEM) that a TLS server's must follow from; the system's if none is named.
    pub ca_file: Option<PathBuf>,
    /// What every key begins with: letters, digits, `-`, `_`, `.` and `:`. Shops that share a server differ in it.
    pub key_prefix: String,
}

/// Without the URL, which may hold a password.
impl fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSettings")
            .field("ca_file", &self.ca_file)
            .field("key_prefix", &self.key_prefix)
            .finish_non_exhaustive()
    }
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum RedisCacheError {
    #[error("this is no Redis URL; it looks like redis://user:password@host:6379/0, or rediss://… for TLS")]
    Url,
    #[error("a file of certificates for Redis is named, but the URL doesn't begin with rediss://")]
    CertificatesWithoutTls,
    #[error("the certificates for Redis in {path} can't be read: {source}")]
    Certificates { path: PathBuf, source: std::io::Error },
    #[error("the certificates for Redis in {path} aren't PEM")]
    CertificatesForm { path: PathBuf },
    #[error(
        "the prefix of the keys in Redis has letters, digits, - _ . and : only, and at least one: {prefix:?}"
    )]
    KeyPrefix { prefix: String },
}

impl RedisSettings {
    /// A client that hasn't connected yet.
    pub(super) fn client(&self) -> Result<Client, RedisCacheError> {
        // The driver takes the process's own, and there are two to choose from as soon as another crate brings one along. It
        // fails if one was chosen before, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // What the driver says of a wrong URL isn't passed on: it may quote it.
        let info = self
            .url
            .as_str()
            .into_connection_info()
            .map_err(|_| RedisCacheError::Url)?;
        let Some(path) = &self.ca_file else {
            return Client::open(info).map_err(|_| RedisCacheError::Url);
        };
        if !self.url.starts_with("rediss://") {
            return Err(RedisCacheError::CertificatesWithoutTls);
        }
        let certificates = TlsCertificates {
            client_tls: None,
            root_cert: Some(read(path)?),
        };
        Client::build_with_tls(info, certificates)
            .map_err(|_| RedisCacheError::CertificatesForm { path: path.clone() })
    }

    /// The prefix, if it is one.
    pub(super) fn prefix(&self) -> Result<&str, RedisCacheError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        let prefix = self.key_prefix.as_str();
        if prefix.is_empty() || !prefix.chars().all(allowed) {
            let prefix = prefix.to_owned();
            return Err(RedisCacheError::KeyPrefix { prefix });
        }
        Ok(prefix)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, RedisCacheError> {
    let text = std::fs::read(path).map_err(|source| RedisCacheError::Certificates {
        path: path.to_owned(),
        source,
    })?;
    // The driver takes a file without any certificate for an empty list, and would then trust nobody.
    let begins = b"-----BEGIN CERTIFICATE-----";
    if !text.windows(begins.len()).any(|window| window == begins) {
        let path = path.to_owned();
        return Err(RedisCacheError::CertificatesForm { path });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str, ca_file: Option<&Path>, key_prefix: &str) -> RedisSettings {
        RedisSettings {
            url: url.to_owned(),
            ca_file: ca_file.map(Path::to_owned),
            key_prefix: key_prefix.to_owned(),
        }
    }

    #[test]
    fn a_wrong_url_is_refused_and_not_repeated() {
        for url in [
            "",
            "localhost",
            "http://me:secret@host",
            "redis://me:secret@host:port",
        ] {
            let settings = settings(url, None, "shop");
            let error = settings.client().unwrap_err();
            assert!(matches!(error, RedisCacheError::Url), "{url}");
            assert!(!format!("{error} {error:?} {settings:?}").contains("secret"));
        }
        assert!(
            settings("redis://me:secret@host:1/2", None, "shop")
                .client()
                .is_ok()
        );
        assert!(settings("rediss://host", None, "shop").client().is_ok());
    }

    #[test]
    fn certificates_are_read_and_belong_to_tls() {
        let folder = tempfile::tempdir().unwrap();
        let (missing, wrong) = (folder.path().join("missing"), folder.path().join("wrong"));
        std::fs::write(&wrong, "no certificate").unwrap();
        let refused = |url, path| settings(url, Some(path), "shop").client().unwrap_err();
        assert!(matches!(
            refused("redis://host", &wrong),
            RedisCacheError::CertificatesWithoutTls
        ));
        assert!(matches!(
            refused("rediss://host", &missing),
            RedisCacheError::Certificates { .. }
        ));
        assert!(matches!(
            refused("rediss://host", &wrong),
            RedisCacheError::CertificatesForm { .. }
        ));
    }

    #[test]
    fn a_prefix_cannot_break_out_of_its_braces() {
        for prefix in ["", "a}b", "a{b", "a b", "ä"] {
            assert!(
                settings("redis://host", None, prefix).prefix().is_err(),
                "{prefix:?}"
            );
        }
        assert_eq!(
            settings("redis://host", None, "shop-1.a_b:c").prefix().unwrap(),
            "shop-1.a_b:c"
        );
    }
}
