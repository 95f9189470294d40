//! The command API by itself.

use std::time::Duration;

use command_api::{ChainDeps, CommandDeps, ImageLimits, PasswordSettings, Passwords};
use executor::Executor;
use platform::blobs::BlobStore;
use platform::call_log::CallLog;
use platform::clock::Clock;
use platform::vault::Vault;
use web::tokens::AccessTokens;

use super::backends;
use super::nudges;
use super::station::Station;
use crate::background::Background;
use crate::data_dir::DataDir;
use crate::pages::Health;
use crate::secrets::{Credentials, Secrets};
use crate::settings::Settings;
use crate::{outside, shop};

pub async fn run(settings: &Settings, station: Station) -> anyhow::Result<()> {
    let (dir, secrets) = backends::secrets(settings)?;
    let servers = backends::servers(settings, station.role.as_str()).await?;
    let log = servers.log().await?;
    let vault = servers.vault(&secrets).await?;
    let bus = backends::bus(settings, station.role.as_str()).await?;
    let calls = servers.calls().await?;
    let blobs = outside::writable_blobs(settings, &dir).await?;
    let deps = deps(
        settings,
        &secrets,
        Executor::new(log.clone()),
        vault.clone(),
        &calls,
        blobs,
    )?;
    furnish(settings, &dir, &deps).await?;

    let stop = station.stop.clone();
    let mut background = Background::default();
    background.start("forgetting", |stop| shop::forget_outcomes(log.clone(), stop));
    background.start("metrics", |stop| crate::observe::log(log.clone(), stop));
    if let Some(bus) = bus {
        background.start("nudges", |stop| nudges::log_has_grown(bus, log.clone(), stop));
    }
    let (routes, _) = command_api::router(deps);
    let health = Health::default().with_log(log.clone());
    let open = station.open(routes, axum::Router::new(), health);

    stop.cancelled().await;
    open.drain().await?;
    background.stop().await;
    calls.close().await;
    vault.close().await;
    log.close().await;
    Ok(())
}

pub fn deps(
    settings: &Settings,
    secrets: &Secrets,
    executor: Executor,
    vault: Vault,
    calls: &CallLog,
    blobs: BlobStore,
) -> anyhow::Result<CommandDeps> {
    Ok(CommandDeps {
        executor,
        vault,
        tokens: AccessTokens::new(&secrets.access_tokens()?)?,
        passwords: Passwords::new(PasswordSettings::default())?,
        clock: Clock::System,
        currency: settings.currency,
        order_ttl: Duration::from_secs(u64::from(settings.orders.unpaid_ttl_minutes) * 60),
        fee_bps: settings.marketplace.fee_bps,
        chain: ChainDeps {
            calls: Some(calls.clone()),
            is_branch: settings.chain.is_branch(),
        },
        clients: settings.limits.clients(),
        secure_cookies: settings
            .public_url
            .as_deref()
            .is_some_and(|url| url.starts_with("https://")),
        blobs,
        image_limits: ImageLimits {
            max_bytes: settings.images.max_upload_kib as usize * 1024,
            max_pixels: u64::from(settings.images.max_megapixels) * 1_000_000,
        },
        upload_pace: settings.limits.upload_pace(),
        webhook_secret: Some(outside::webhook_secret(settings, secrets)),
        fingerprint_secret: secrets.fingerprints()?,
    })
}

/// What must be in a new shop: the admin, if there is a login for one, and the demo catalogue, if it is wanted. Any
/// number of processes may do so at once.
async fn furnish(settings: &Settings, dir: &DataDir, deps: &CommandDeps) -> anyhow::Result<()> {
    if dir.credentials().exists() {
        let credentials = Credentials::load(&dir.credentials())?;
        shop::create_admin(deps, &credentials).await?;
    }
    shop::furnish(&deps.executor, settings).await
}
