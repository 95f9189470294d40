//! What the sandbox is told at start. Where these values come from (file, environment) is left to the caller.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::SandboxError;

/// How the sandbox listens, keeps its books and misbehaves.
#[derive(Clone)]
pub struct SandboxSettings {
    /// The `SQLite` file with the provider's books; made if missing, its folder must exist.
    pub database: PathBuf,
    /// Where to listen; port 0 takes a free port, see [`crate::Sandbox::base_url`].
    pub listen: SocketAddr,
    /// The key that every request must bear. Not empty, visible ASCII.
    pub secret_key: String,
    /// Where events are posted. It can also be set later; events wait until then.
    pub webhook: Option<WebhookTarget>,
    /// How long the test methods that hang keep their caller waiting.
    pub hang: Duration,
    /// How long a payment or payout stays pending with the test methods that settle late.
    pub processing_delay: Duration,
}

/// The shop's webhook endpoint.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookTarget {
    /// An absolute `http` or `https` address.
    pub url: String,
    /// The key of the signature (`whsec_…` at Stripe). Not empty.
    pub secret: String,
}

impl SandboxSettings {
    pub(crate) fn check(&self) -> Result<(), SandboxError> {
        if self.secret_key.is_empty() || !self.secret_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SandboxError::Setting {
                name: "secret_key",
                reason: "it must be visible ASCII and not empty",
            });
        }
        self.webhook.as_ref().map_or(Ok(()), WebhookTarget::check)
    }
}

impl WebhookTarget {
    pub(crate) fn check(&self) -> Result<(), SandboxError> {
        let absolute = reqwest::Url::parse(&self.url).is_ok_and(|url| url.has_host());
        if !absolute {
            return Err(SandboxError::Setting {
                name: "webhook.url",
                reason: "it must be an absolute http address",
            });
        }
        if self.secret.is_empty() {
            return Err(SandboxError::Setting {
                name: "webhook.secret",
                reason: "it must not be empty",
            });
        }
        Ok(())
    }
}

impl fmt::Debug for SandboxSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxSettings")
            .field("database", &self.database)
            .field("listen", &self.listen)
            .field("secret_key", &"(secret)")
            .field("webhook", &self.webhook)
            .field("hang", &self.hang)
            .field("processing_delay", &self.processing_delay)
            .finish()
    }
}

impl fmt::Debug for WebhookTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookTarget")
            .field("url", &self.url)
            .field("secret", &"(secret)")
            .finish()
    }
}
