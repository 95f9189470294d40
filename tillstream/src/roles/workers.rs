//! The workers by themselves: emails, charges, images, timers. All processes carry effects out; one of them plans.

use axum::Router;
use executor::Executor;
use workers::WorkerDeps;

use super::backends;
use super::nudges;
use super::station::Station;
use crate::background::Background;
use crate::outside;
use crate::pages::Health;
use crate::settings::Settings;

pub async fn run(settings: &Settings, station: Station) -> anyhow::Result<()> {
    let (dir, secrets) = backends::secrets(settings)?;
    let servers = backends::servers(settings, station.role.as_str()).await?;
    let bus = backends::bus(settings, station.role.as_str()).await?;
    let log = servers.log().await?;
    let vault = servers.vault(&secrets).await?;
    let calls = servers.calls().await?;
    let lease = servers.lease("planner").await?;
    let leads = lease.is_held();
    let public_url = settings.public_url(station.address());
    let deps = WorkerDeps {
        feed: backends::feed(&log, bus.as_ref()),
        executor: Executor::new(log.clone()),
        vault: vault.clone(),
        intents: servers.intents(log.head().await?).await?,
        gateway: outside::gateway(settings, &secrets, settings.payments.sandbox_url.as_deref())?,
        identity: outside::identity(settings, &public_url)?,
        transport: outside::transport(settings, &dir)?,
        chain: outside::chain(settings, &calls)?,
        blobs: outside::writable_blobs(settings, &dir).await?,
        lease,
    };

    let stop = station.stop.clone();
    let mut background = Background::default();
    background.start("metrics", |stop| crate::observe::log(log.clone(), stop));
    background.start("leadership", |stop| {
        crate::observe::leadership("planner", leads, stop)
    });
    if let Some(bus) = bus {
        let telling = bus.clone();
        background.start("telling of events", |stop| {
            nudges::log_has_grown(telling, log.clone(), stop)
        });
        background.start("nudges", |stop| nudges::look_when_told(bus, log.clone(), stop));
    }
    let open = station.open(
        Router::new(),
        Router::new(),
        Health::default().with_log(log.clone()),
    );

    workers::run(deps, stop).await;
    open.drain().await?;
    background.stop().await;
    calls.close().await;
    vault.close().await;
    log.close().await;
    Ok(())
}
