//! Who the emails come from.

use lettre::Address;
use lettre::message::Mailbox;

use super::letter::one_line;

/// Why the emails' settings can't be used.
#[derive(Debug, thiserror::Error)]
pub enum MailSettingsError {
    #[error("the sender {address:?} is no email address")]
    Sender { address: String },
    #[error("the shop's name is empty")]
    Name,
    #[error("`{setting}` must be an absolute http or https address: {url:?}")]
    Url { setting: &'static str, url: String },
    #[error("the folder for emails {path:?} can't be made: {source}")]
    Folder {
        path: std::path::PathBuf,
        source: std::io::Error,
    },
    #[error("the SMTP server {host:?} can't be used: {reason}")]
    Smtp { host: String, reason: String },
}

/// The shop as its emails show it.
#[derive(Debug, Clone)]
pub struct ShopIdentity {
    name: String,
    public_url: String,
    password_reset_url: String,
    email_verification_url: String,
    from: Mailbox,
}

impl ShopIdentity {
    /// `sender` is a bare address; its domain is the one of every `Message-ID`. A new password is set at
    /// `password_reset_url`, and an address verified at `email_verification_url`, which get the token behind a `#`, so that
    /// it appears in no server's log.
    pub fn new(
        name: &str,
        sender: &str,
        public_url: &str,
        password_reset_url: &str,
        email_verification_url: &str,
    ) -> Result<Self, MailSettingsError> {
        let name = one_line(name);
        if name.is_empty() {
            return Err(MailSettingsError::Name);
        }
        let address: Address = sender.parse().map_err(|_| MailSettingsError::Sender {
            address: sender.to_owned(),
        })?;
        Ok(Self {
            from: Mailbox::new(Some(name.clone()), address),
            name,
            public_url: absolute("public_url", public_url)?,
            password_reset_url: absolute("password_reset_url", password_reset_url)?,
            email_verification_url: absolute("email_verification_url", email_verification_url)?,
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// Where a new password is set with this token.
    pub(super) fn password_reset_link(&self, token: &str) -> String {
        format!("{}#token={token}", self.password_reset_url)
    }

    /// Where an address is verified with this token.
    pub(super) fn email_verification_link(&self, token: &str) -> String {
        format!("{}#token={token}", self.email_verification_url)
    }

    pub(super) fn from(&self) -> &Mailbox {
        &self.from
    }

    /// The right side of every `Message-ID`.
    pub fn domain(&self) -> &str {
        self.from.email.domain()
    }
}

fn absolute(setting: &'static str, url: &str) -> Result<String, MailSettingsError> {
    let wrong = || MailSettingsError::Url {
        setting,
        url: url.to_owned(),
    };
    let parsed = reqwest::Url::parse(url).map_err(|_| wrong())?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.fragment().is_some() {
        return Err(wrong());
    }
    Ok(parsed.as_str().trim_end_matches('/').to_owned())
}
