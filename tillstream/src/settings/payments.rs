//! Who charges: the sandbox inside, or a provider that speaks Stripe's dialect.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{bail, ensure};
use serde::{Deserialize, Serialize};

use super::Secret;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentProvider {
    /// A provider inside this process that charges nobody.
    Sandbox,
    Stripe,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentSettings {
    pub provider: PaymentProvider,
    /// Seconds until an answer of the provider is given up and its outcome asked for.
    pub request_timeout_s: u32,
    /// Where the sandbox answers; port 0 takes a free one.
    pub sandbox_listen: SocketAddr,
    /// The file of the sandbox's books; `sandbox.db` in the data folder if missing. Elsewhere it outlives the shop's folder,
    /// as a real provider's books would.
    pub sandbox_database: Option<PathBuf>,
    /// Where the workers reach the sandbox if it is a process of its own.
    pub sandbox_url: Option<String>,
    /// Where the sandbox reports to if it is a process of its own: the command API's webhook.
    pub webhook_url: Option<String>,
    pub stripe: StripeSettings,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StripeSettings {
    pub base_url: String,
    pub secret_key: Option<Secret>,
    /// Signs the provider's webhooks.
    pub webhook_secret: Option<Secret>,
}

impl Default for PaymentSettings {
    fn default() -> Self {
        Self {
            provider: PaymentProvider::Sandbox,
            request_timeout_s: 10,
            sandbox_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            sandbox_database: None,
            sandbox_url: None,
            webhook_url: None,
            stripe: StripeSettings {
                base_url: "https://api.stripe.com".to_owned(),
                secret_key: None,
                webhook_secret: None,
            },
        }
    }
}

impl PaymentSettings {
    /// `in_processes`: the sandbox may be a process of its own, which others reach.
    pub fn check(&self, in_processes: bool) -> anyhow::Result<()> {
        ensure!(
            (1..=120).contains(&self.request_timeout_s),
            "payments.request_timeout_s is between 1 and 120, this is {}",
            self.request_timeout_s
        );
        for (name, url) in [
            ("payments.sandbox_url", &self.sandbox_url),
            ("payments.webhook_url", &self.webhook_url),
        ] {
            super::check_http(name, url.as_deref())?;
        }
        if self.provider == PaymentProvider::Sandbox {
            let listen = self.sandbox_listen;
            // As a process of its own it is reached from others, and its key keeps strangers out.
            ensure!(
                listen.ip().is_loopback() || in_processes,
                "payments.sandbox_listen is for loopback only, this is {listen}"
            );
            return Ok(());
        }
        let stripe = &self.stripe;
        if stripe.secret_key.is_none() {
            bail!("payments.stripe.secret_key is missing, and payments.provider is stripe");
        }
        if stripe.webhook_secret.is_none() {
            bail!("payments.stripe.webhook_secret is missing, and payments.provider is stripe");
        }
        Ok(())
    }
}
