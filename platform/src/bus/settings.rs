//! Where NATS is, who we are to it, and how much it keeps for us.
//!
//! Where these come from (files, environment) is the caller's business.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use async_nats::ServerAddr;

use super::BusError;

/// What all names on the bus begin with, unless another is wanted.
const PREFIX: &str = "tillstream";

/// A reader that was away for a day finds the events on the bus; one that was away for longer reads them from the log.
const MAX_AGE: Duration = Duration::from_hours(24);

/// Two or three million events of ordinary size: bounds what the stream takes of NATS's disk.
const MAX_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Longest prefix: a name of NATS's has 255 bytes, and suffixes of ours follow.
const MAX_PREFIX_LENGTH: usize = 64;

/// How to reach NATS and what to ask of it. Never shows its secrets.
#[derive(Clone)]
pub struct BusSettings {
    /// `nats://host:4222`, or `tls://…`; several for a cluster. May hold `user:password@`.
    pub servers: Vec<String>,
    pub credentials: BusCredentials,
    /// `Some` insists on TLS. With `None`, a server that asks for it is verified against the system's certificates.
    pub tls: Option<BusTls>,
    /// What the names of our subjects and of the stream begin with: letters, digits, `_` and `-`. Two systems on one
    /// NATS need two.
    pub prefix: String,
    /// Copies that a NATS cluster keeps of the stream: 1, 3 or 5.
    pub replicas: usize,
    /// How long the stream keeps an event.
    pub max_age: Duration,
    /// How much the stream keeps, in bytes.
    pub max_bytes: u64,
    /// What NATS calls this process in its lists.
    pub name: String,
}

impl BusSettings {
    /// The defaults, with these servers.
    pub fn new(servers: Vec<String>) -> Self {
        Self {
            servers,
            credentials: BusCredentials::None,
            tls: None,
            prefix: PREFIX.to_owned(),
            replicas: 1,
            max_age: MAX_AGE,
            max_bytes: MAX_BYTES,
            name: PREFIX.to_owned(),
        }
    }

    /// Fails with [`BusError::Setting`] on what NATS would refuse, or do something else with.
    pub(super) fn check(&self) -> Result<(), BusError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if self.prefix.is_empty()
            || self.prefix.len() > MAX_PREFIX_LENGTH
            || !self.prefix.chars().all(allowed)
        {
            return Err(BusError::setting(
                "the prefix needs 1 to 64 letters, digits, `_` or `-`",
            ));
        }
        if ![1, 3, 5].contains(&self.replicas) {
            return Err(BusError::setting("the stream needs 1, 3 or 5 replicas"));
        }
        if self.max_age < Duration::from_secs(1) {
            return Err(BusError::setting(
                "the stream must keep an event for a second at least",
            ));
        }
        if self.max_bytes == 0 || i64::try_from(self.max_bytes).is_err() {
            return Err(BusError::setting(
                "the stream needs a size of at least one byte, and at most 2^63",
            ));
        }
        Ok(())
    }

    /// The addresses without the secrets in them, and the first secret found. The addresses are shown in logs.
    pub(super) fn addresses(&self) -> Result<(Vec<ServerAddr>, Option<BusCredentials>), BusError> {
        if self.servers.is_empty() {
            return Err(BusError::setting("at least one NATS server is needed"));
        }
        let mut credentials = None;
        let mut addresses = Vec::with_capacity(self.servers.len());
        for server in &self.servers {
            let address = ServerAddr::from_str(server).map_err(|_| BusError::Url)?;
            credentials = credentials.or_else(|| credentials_of(&address));
            let bare = match address.host() {
                host if host.contains(':') => format!("{}://[{host}]:{}", address.scheme(), address.port()),
                host => format!("{}://{host}:{}", address.scheme(), address.port()),
            };
            addresses.push(ServerAddr::from_str(&bare).map_err(|_| BusError::Url)?);
        }
        Ok((addresses, credentials))
    }
}

/// `user:password@` is a user; a name alone is a token, as NATS's own tools have it.
fn credentials_of(address: &ServerAddr) -> Option<BusCredentials> {
    let user = address.username()?;
    Some(match address.password() {
        Some(password) => BusCredentials::Password {
            user: decoded(user),
            password: decoded(password),
        },
        None => BusCredentials::Token(decoded(user)),
    })
}

/// Undoes the URL's `%40` and the like. What is no escape stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = after
            .first_chunk::<2>()
            .filter(|_| first == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl fmt::Debug for BusSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusSettings")
            .field("prefix", &self.prefix)
            .field("replicas", &self.replicas)
            .field("max_age", &self.max_age)
            .field("max_bytes", &self.max_bytes)
            .field("credentials", &self.credentials)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

/// How we prove to NATS who we are.
#[derive(Clone, Default)]
pub enum BusCredentials {
    /// By nothing, or by what the URL holds.
    #[default]
    None,
    Password {
        user: String,
        password: String,
    },
    Token(String),
    /// A `.creds` file, as `nsc` writes it.
    File(PathBuf),
}

impl fmt::Debug for BusCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Password { .. } => "Password",
            Self::Token(_) => "Token",
            Self::File(_) => "File",
        })
    }
}

/// How NATS proves to us who it is, and we to NATS.
#[derive(Debug, Clone, Default)]
pub struct BusTls {
    /// PEM file of the authorities that we trust, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// For servers that want to see a certificate of ours.
    pub client: Option<ClientCertificate>,
}

/// PEM files of a certificate with its chain, and of its key.
#[derive(Debug, Clone)]
pub struct ClientCertificate {
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(server: &str) -> BusSettings {
        BusSettings::new(vec![server.to_owned()])
    }

    #[test]
    fn secrets_leave_the_address() {
        let (addresses, credentials) = settings("nats://till:p%40ss%@[::1]:4333").addresses().unwrap();
        assert_eq!(addresses[0].as_url_str(), "nats://[::1]:4333");
        let Some(BusCredentials::Password { user, password }) = credentials else {
            panic!("no password found");
        };
        assert_eq!((user.as_str(), password.as_str()), ("till", "p@ss%"));
        let (_, credentials) = settings("tls://sesame@nats.example").addresses().unwrap();
        assert!(matches!(credentials, Some(BusCredentials::Token(token)) if token == "sesame"));
    }

    #[test]
    fn a_bad_address_is_refused_without_being_repeated() {
        for server in ["http://till:sesame@nats", "nats://till:sesame@nats:port", ""] {
            let refused = settings(server).addresses().unwrap_err();
            assert!(matches!(refused, BusError::Url), "{server}");
            assert!(!format!("{refused} {refused:?}").contains("sesame"));
        }
        assert!(BusSettings::new(Vec::new()).addresses().is_err());
    }

    #[test]
    fn nothing_secret_is_shown() {
        let mut shown = settings("nats://till:sesame@nats");
        shown.credentials = BusCredentials::Token("sesame".to_owned());
        assert!(!format!("{shown:?}").contains("sesame"), "{shown:?}");
    }

    #[test]
    fn what_nats_would_refuse_is_refused_at_once() {
        let good = settings("nats://nats");
        good.check().unwrap();
        let bad: [fn(&mut BusSettings); 5] = [
            |settings| settings.prefix = "a.b".to_owned(),
            |settings| settings.prefix = String::new(),
            |settings| settings.replicas = 2,
            |settings| settings.max_age = Duration::ZERO,
            |settings| settings.max_bytes = u64::MAX,
        ];
        for spoil in bad {
            let mut settings = good.clone();
            spoil(&mut settings);
            assert!(
                matches!(settings.check(), Err(BusError::Setting { .. })),
                "{settings:?}"
            );
        }
    }
}
