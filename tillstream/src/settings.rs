//! The settings: defaults, then a TOML file, then the environment, then flags. Whatever is wrong is
//! told at start, with the setting's name.
//!
//! In the environment a setting is `TILLSTREAM_` and its name in capitals, with two underscores where
//! the file has a dot: `TILLSTREAM_MAIL__TRANSPORT=smtp`.

mod backends;
mod backup;
mod blobs;
mod chain;
mod mail;
mod payments;
mod secret;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use command_api::ClientLimits;
use events::money::Currency;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};
use telemetry::LogFormat;
use web::pace::Pace;

pub use backends::{NatsSettings, PostgresSettings, RedisSettings, TelemetrySettings};
pub use backup::BackupSettings;
pub use blobs::BlobSettings;
pub use chain::ChainSettings;
pub use mail::{MailSettings, MailTransport, SmtpTls};
pub use payments::{PaymentProvider, PaymentSettings};
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

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    pub max_body_kib: u32,
    pub request_timeout_s: u32,
    /// Images and batch files may take longer than other requests, as long as they keep coming: the longest silence, in
    /// seconds,
    pub upload_idle_s: u32,
    /// and the least that comes in a second over all, in KiB, after half a minute.
    pub upload_min_kib_per_s: u32,
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
    pub fn upload_pace(&self) -> Pace {
        Pace {
            idle: Duration::from_secs(self.upload_idle_s.into()),
            min_bytes_per_s: self.upload_min_kib_per_s * 1024,
        }
    }

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
            mail: MailSettings::default(),
            payments: PaymentSettings::default(),
            backup: BackupSettings::default(),
            limits: LimitSettings {
                max_body_kib: 2048,
                request_timeout_s: 30,
                upload_idle_s: 20,
                upload_min_kib_per_s: 16,
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
            (1..=65_536).contains(&self.limits.max_body_kib),
            "limits.max_body_kib is between 1 and 65536, this is {}",
            self.limits.max_body_kib
        );
        ensure!(
            (6..=300).contains(&self.limits.request_timeout_s),
            "limits.request_timeout_s is between 6 and 300, this is {}",
            self.limits.request_timeout_s
        );
        ensure!(
            (1..=300).contains(&self.limits.upload_idle_s),
            "limits.upload_idle_s is between 1 and 300, this is {}",
            self.limits.upload_idle_s
        );
        ensure!(
            (1..=1024).contains(&self.limits.upload_min_kib_per_s),
            "limits.upload_min_kib_per_s is between 1 and 1024, this is {}",
            self.limits.upload_min_kib_per_s
        );
        check_http("public_url", self.public_url.as_deref())?;
        self.chain.check(self.currency)?;
        self.postgres.check()?;
        self.nats.check()?;
        self.redis.check()?;
        self.telemetry.check()?;
        self.backup.check(&self.data_dir, self.postgres.url.is_none())?;
        self.blobs.check()?;
        self.payments.check(self.postgres.url.is_some())?;
        self.mail.check()
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
