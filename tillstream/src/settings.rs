//! The settings: defaults, then a TOML file, then the environment, then flags. Whatever is wrong is
//! told at start, with the setting's name.
//!
//! In the environment a setting is `TILLSTREAM_` and its name in capitals, with two underscores where
//! the file has a dot: `TILLSTREAM_MAIL__TRANSPORT=smtp`.

mod backends;
mod backup;
mod blobs;
mod chain;
mod secret;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use command_api::ClientLimits;
use events::money::Currency;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};
use telemetry::LogFormat;

pub use backends::{NatsSettings, PostgresSettings, RedisSettings, TelemetrySettings};
pub use backup::BackupSettings;
pub use blobs::BlobSettings;
pub use chain::ChainSettings;
pub use secret::Secret;

use crate::arguments::Overrides;
use crate::data_dir::DataDir;

/// Variables of ours that are no settings: the password of `import` and `export`; the fault harness's bug.
const NO_SETTINGS: &[&str] = if cfg!(feature = "planted-bugs") {
    &["password", "plant"]
} else {
    &["password"]
};
/// What variables for our tests begin with.
const OF_TESTS: &str = "test_";
/// The file that is read if it is there and none is named.
const DEFAULT_FILE: &str = "tillstream.toml";

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Where the shop answers. Nothing but loopback unless told.
    pub listen: SocketAddr,
    /// How clients reach it, for links in emails; from `listen` if missing.
    pub public_url: Option<String>,
    pub shop_name: String,
    /// The currency of bare decimals and of the wallet.
    pub currency: Currency,
    /// Whether a new shop starts with a demo catalogue.
    pub demo: bool,
    pub orders: OrderSettings,
    pub marketplace: MarketplaceSettings,
    /// Makes the shop a branch of a chain.
    pub chain: ChainSettings,
    pub images: ImageSettings,
    pub blobs: BlobSettings,
    /// With a URL in it, roles run as processes of their own; without, the shop is embedded in one.
    pub postgres: PostgresSettings,
    pub nats: NatsSettings,
    pub redis: RedisSettings,
    pub log: LogSettings,
    pub telemetry: TelemetrySettings,
    pub mail: MailSettings,
    pub payments: PaymentSettings,
    /// Of the embedded shop. Off unless it is told where to.
    pub backup: BackupSettings,
    pub limits: LimitSettings,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderSettings {
    /// Minutes until an unpaid order gives its reservations back.
    pub unpaid_ttl_minutes: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketplaceSettings {
    /// What the shop keeps of what its sellers sell, in basis points: 500 are 5 %. Rounded half to even per seller
    /// and order.
    pub fee_bps: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageSettings {
    /// As long as an upload may be.
    pub max_upload_kib: u32,
    /// Of how many pixels an upload may be, in millions; the workers need some eight bytes of memory for each.
    pub max_megapixels: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// A filter such as `info` or `warn,workers=debug`.
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTransport {
    /// Into `mailbox` below the data directory, shown at `/mailbox`.
    Folder,
    Smtp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmtpTls {
    /// Only towards a server on this machine.
    None,
    StartTls,
    Tls,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    pub transport: MailTransport,
    /// The address that emails come from; its domain is the one of every `Message-ID`.
    pub sender: String,
    pub smtp: SmtpSettings,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    pub username: Option<String>,
    pub password: Option<Secret>,
}

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

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    pub max_body_kib: u32,
    pub request_timeout_s: u32,
    /// Proxies of the shop's own before it, each of which adds to `X-Forwarded-For` who has connected to it. None if that
    /// header isn't to be looked at.
    pub trusted_proxies: u8,
    /// What one address may begin within 15 minutes at each process; 0 for no bound. This machine's own may do anything.
    pub carts_per_address: u32,
    pub registrations_per_address: u32,
    pub mails_per_address: u32,
    pub failed_logins_per_address: u32,
}

impl LimitSettings {
    pub fn clients(&self) -> ClientLimits {
        ClientLimits {
            trusted_proxies: self.trusted_proxies,
            carts: self.carts_per_address,
            registrations: self.registrations_per_address,
            mails: self.mails_per_address,
            failed_logins: self.failed_logins_per_address,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        let clients = ClientLimits::default();
        Self {
            data_dir: "tillstream-data".into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            shop_name: "Tillstream".to_owned(),
            currency: Currency::GBP,
            demo: true,
            orders: OrderSettings {
                unpaid_ttl_minutes: 30,
            },
            marketplace: MarketplaceSettings {
                fee_bps: command_api::FEE_BPS,
            },
            chain: ChainSettings::default(),
            images: ImageSettings {
                max_upload_kib: 10 * 1024,
                max_megapixels: 40,
            },
            blobs: BlobSettings::default(),
            postgres: PostgresSettings::default(),
            nats: NatsSettings::default(),
            redis: RedisSettings::default(),
            log: LogSettings {
                filter: "info,access=warn".to_owned(),
                format: LogFormat::Human,
            },
            telemetry: TelemetrySettings::default(),
            mail: MailSettings {
                transport: MailTransport::Folder,
                sender: "shop@tillstream.example".to_owned(),
                smtp: SmtpSettings {
                    host: "localhost".to_owned(),
                    port: 25,
                    tls: SmtpTls::None,
                    username: None,
                    password: None,
                },
            },
            payments: PaymentSettings {
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
            },
            backup: BackupSettings::default(),
            limits: LimitSettings {
                max_body_kib: 2048,
                request_timeout_s: 30,
                trusted_proxies: clients.trusted_proxies,
                carts_per_address: clients.carts,
                registrations_per_address: clients.registrations,
                mails_per_address: clients.mails,
                failed_logins_per_address: clients.failed_logins,
            },
        }
    }
}

impl Settings {
    pub fn load(file: Option<&Path>, overrides: &Overrides) -> anyhow::Result<Self> {
        if let Some(file) = file {
            ensure!(
                file.is_file(),
                "the settings file {} can't be found",
                file.display()
            );
        }
        let mut figment = Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file(file.unwrap_or(Path::new(DEFAULT_FILE))))
            .merge(
                Env::prefixed("TILLSTREAM_")
                    .ignore(NO_SETTINGS)
                    .filter(|name| !name.starts_with(OF_TESTS))
                    .split("__"),
            );
        if let Some(data_dir) = &overrides.data_dir {
            figment = figment.merge(("data_dir", data_dir));
        }
        if let Some(listen) = &overrides.listen {
            figment = figment.merge(("listen", listen.to_string()));
        }
        if overrides.no_demo {
            figment = figment.merge(("demo", false));
        }
        let settings: Self = figment.extract().context("the settings are wrong")?;
        settings.check()?;
        Ok(settings)
    }

    /// How clients reach the shop, without a slash at the end.
    pub fn public_url(&self, listening: SocketAddr) -> String {
        self.public_url.as_ref().map_or_else(
            || format!("http://{listening}"),
            |url| url.trim_end_matches('/').to_owned(),
        )
    }

    /// The payment sandbox's books.
    pub fn sandbox_database(&self, dir: &DataDir) -> PathBuf {
        self.payments
            .sandbox_database
            .clone()
            .unwrap_or_else(|| dir.sandbox())
    }

    /// As a settings file, with secrets masked.
    pub fn to_masked_toml(&self) -> anyhow::Result<String> {
        toml::to_string_pretty(self).context("the settings can't be printed")
    }

    /// How a process of this name is to be seen.
    pub fn telemetry(&self, role: &str) -> anyhow::Result<telemetry::TelemetrySettings> {
        Ok(telemetry::TelemetrySettings {
            role: role.to_owned(),
            version: env!("CARGO_PKG_VERSION"),
            logs: telemetry::LogSettings {
                filter: self.log.filter.clone(),
                format: self.log.format,
            },
            traces: self.telemetry.traces()?,
        })
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(!self.shop_name.trim().is_empty(), "shop_name is empty");
        ensure!(
            (1..=7 * 24 * 60).contains(&self.orders.unpaid_ttl_minutes),
            "orders.unpaid_ttl_minutes is between 1 and 10080, this is {}",
            self.orders.unpaid_ttl_minutes
        );
        ensure!(
            self.marketplace.fee_bps <= domain::payment::WHOLE_BPS,
            "marketplace.fee_bps is at most 10000, this is {}",
            self.marketplace.fee_bps
        );
        ensure!(
            (1..=65_536).contains(&self.images.max_upload_kib),
            "images.max_upload_kib is between 1 and 65536, this is {}",
            self.images.max_upload_kib
        );
        ensure!(
            (1..=60).contains(&self.images.max_megapixels),
            "images.max_megapixels is between 1 and 60, this is {}",
            self.images.max_megapixels
        );
        ensure!(
            (1..=120).contains(&self.payments.request_timeout_s),
            "payments.request_timeout_s is between 1 and 120, this is {}",
            self.payments.request_timeout_s
        );
        ensure!(
            (1..=65_536).contains(&self.limits.max_body_kib),
            "limits.max_body_kib is between 1 and 65536, this is {}",
            self.limits.max_body_kib
        );
        ensure!(
            (6..=300).contains(&self.limits.request_timeout_s),
            "limits.request_timeout_s is between 6 and 300, this is {}",
            self.limits.request_timeout_s
        );
        check_http("public_url", self.public_url.as_deref())?;
        self.chain.check(self.currency)?;
        self.postgres.check()?;
        self.nats.check()?;
        self.redis.check()?;
        self.telemetry.check()?;
        self.backup.check(&self.data_dir, self.postgres.url.is_none())?;
        self.blobs.check()?;
        self.check_payments()?;
        self.check_mail()
    }

    fn check_payments(&self) -> anyhow::Result<()> {
        for (name, url) in [
            ("payments.sandbox_url", &self.payments.sandbox_url),
            ("payments.webhook_url", &self.payments.webhook_url),
        ] {
            check_http(name, url.as_deref())?;
        }
        if self.payments.provider == PaymentProvider::Sandbox {
            let listen = self.payments.sandbox_listen;
            // As a process of its own it is reached from others, and its key keeps strangers out.
            ensure!(
                listen.ip().is_loopback() || self.postgres.url.is_some(),
                "payments.sandbox_listen is for loopback only, this is {listen}"
            );
            return Ok(());
        }
        let stripe = &self.payments.stripe;
        if stripe.secret_key.is_none() {
            bail!("payments.stripe.secret_key is missing, and payments.provider is stripe");
        }
        if stripe.webhook_secret.is_none() {
            bail!("payments.stripe.webhook_secret is missing, and payments.provider is stripe");
        }
        Ok(())
    }

    fn check_mail(&self) -> anyhow::Result<()> {
        let smtp = &self.mail.smtp;
        if self.mail.transport == MailTransport::Folder {
            return Ok(());
        }
        ensure!(
            !smtp.host.trim().is_empty(),
            "mail.smtp.host is empty, and mail.transport is smtp"
        );
        ensure!(smtp.port != 0, "mail.smtp.port is 0");
        ensure!(
            smtp.username.is_some() == smtp.password.is_some(),
            "mail.smtp.username and mail.smtp.password go together"
        );
        let is_local = matches!(smtp.host.as_str(), "localhost" | "127.0.0.1" | "::1");
        ensure!(
            smtp.tls != SmtpTls::None || is_local,
            "mail.smtp.tls is none, and mail.smtp.host is not on this machine: use start_tls or tls"
        );
        Ok(())
    }
}

fn check_http(name: &str, url: Option<&str>) -> anyhow::Result<()> {
    let is_http = url.is_none_or(|url| url.starts_with("http://") || url.starts_with("https://"));
    ensure!(
        is_http,
        "{name} begins with http:// or https://, this is {:?}",
        url.unwrap_or_default()
    );
    Ok(())
}

#[cfg(test)]
mod tests;
