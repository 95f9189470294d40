//! The way of an email out of the house: over SMTP, or as a file into a folder.
//!
//! What an email says is left to `messages`; reading the folder, to `mailbox`.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::settings::MailSettingsError;

/// How the files of the folder end.
pub(crate) const EXTENSION: &str = "eml";

/// How the files end that are being written.
const TEMPORARY: &str = ".tmp";
/// No email takes this long to write: whoever began it is dead.
const LEFTOVER_AGE: Duration = Duration::from_hours(1);

/// For one answer of the server. Below the time that a whole email may take.
const SMTP_TIMEOUT: Duration = Duration::from_secs(20);

/// SMTP codes that speak about our own login and not about the email (RFC 4954). Somebody will mend the settings.
const LOGIN_CODES: [u16; 5] = [530, 534, 535, 538, 454];

/// How the connection to the SMTP server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// Not at all: for a server on the same machine.
    None,
    /// Plain at first, then STARTTLS; without it nothing is sent.
    StartTls,
    /// From the first byte.
    Implicit,
}

/// The login at an SMTP server.
#[derive(Clone)]
pub struct SmtpCredentials {
    pub username: String,
    pub password: String,
}

impl fmt::Debug for SmtpCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpCredentials")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// How to reach an SMTP server.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    pub credentials: Option<SmtpCredentials>,
}

/// Where emails go, chosen once at start.
#[derive(Clone)]
pub enum MailTransport {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// One file per email.
    Folder(PathBuf),
}

impl fmt::Debug for MailTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Smtp(_) => f.debug_tuple("Smtp").finish_non_exhaustive(),
            Self::Folder(path) => f.debug_tuple("Folder").field(path).finish(),
        }
    }
}

/// Why an email didn't go out.
#[derive(Debug)]
pub(super) enum SendError {
    /// Later it may work.
    Transient { reason: String },
    /// The server said no to this very email.
    Permanent { reason: String },
}

impl MailTransport {
    /// Over SMTP; nothing is sent yet.
    pub fn smtp(settings: SmtpSettings) -> Result<Self, MailSettingsError> {
        let SmtpSettings {
            host,
            port,
            tls,
            credentials,
        } = settings;
        if tls == SmtpTls::None && credentials.is_some() {
            return Err(MailSettingsError::Smtp {
                host,
                reason: "a password isn't sent over a connection without TLS".to_owned(),
            });
        }
        let parameters = || {
            TlsParameters::new(host.clone()).map_err(|error| MailSettingsError::Smtp {
                host: host.clone(),
                reason: error.to_string(),
            })
        };
        let tls = match tls {
            SmtpTls::None => Tls::None,
            SmtpTls::StartTls => Tls::Required(parameters()?),
            SmtpTls::Implicit => Tls::Wrapper(parameters()?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&host)
            .port(port)
            .tls(tls)
            .timeout(Some(SMTP_TIMEOUT));
        if let Some(SmtpCredentials { username, password }) = credentials {
            builder = builder.credentials(Credentials::new(username, password));
        }
        Ok(Self::Smtp(builder.build()))
    }

    /// Into a folder, which is made if it's missing. What a killed process left half written there long ago is deleted.
    pub fn folder(path: &Path) -> Result<Self, MailSettingsError> {
        std::fs::create_dir_all(path).map_err(|source| MailSettingsError::Folder {
            path: path.to_owned(),
            source,
        })?;
        if let Err(error) = clear_leftovers(path) {
            tracing::warn!(folder = %path.display(), %error, "half-written emails can't be cleared away");
        }
        Ok(Self::Folder(path.to_owned()))
    }

    /// Sends the letter named `message` (the left side of its `Message-ID`). Sending it again replaces it in a folder, and is told by its
    /// `Message-ID` anywhere else.
    pub(super) async fn send(&self, letter: &Message, message: &str) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => smtp
                .send(letter.clone())
                .await
                .map(drop)
                .map_err(|error| smtp_error(&error)),
            Self::Folder(folder) => {
                let (folder, name, bytes) = (folder.clone(), message.to_owned(), letter.formatted());
                let written = tokio::task::spawn_blocking(move || write_file(&folder, &name, &bytes)).await;
                let transient = |error: &dyn fmt::Display| SendError::Transient {
                    reason: format!("the email can't be written into the folder: {error}"),
                };
                written
                    .map_err(|error| transient(&error))?
                    .map_err(|error| transient(&error))
            }
        }
    }
}

fn smtp_error(error: &lettre::transport::smtp::Error) -> SendError {
    let reason = match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    };
    let about_login = error
        .status()
        .is_some_and(|code| LOGIN_CODES.contains(&code.into()));
    if error.is_permanent() && !about_login {
        SendError::Permanent { reason }
    } else {
        SendError::Transient { reason }
    }
}

/// Deletes what [`write_file`] began and never ended.
fn clear_leftovers(folder: &Path) -> std::io::Result<()> {
    let now = SystemTime::now();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let is_temporary = entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with('.') && name.ends_with(TEMPORARY));
        let metadata = entry.metadata()?;
        // A time that lies ahead is no age.
        let age = now.duration_since(metadata.modified()?).unwrap_or_default();
        if is_temporary && metadata.is_file() && age > LEFTOVER_AGE {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Whole or not at all: written beside its place, made durable, then renamed.
fn write_file(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = folder.join(format!(".{name}.{}{TEMPORARY}", uuid::Uuid::new_v4()));
    let result = write_durably(&temporary, bytes)
        .and_then(|()| std::fs::rename(&temporary, folder.join(format!("{name}.{EXTENSION}"))));
    if result.is_err() {
        // The error that matters is the one before.
        let _ = std::fs::remove_file(&temporary);
    }
    result?;
    // The name is durable once its folder is.
    std::fs::File::open(folder)?.sync_all()
}

fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
