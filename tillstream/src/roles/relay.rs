//! The relay by itself: the log's events go onto the bus. One is active, others stand by.

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use relay::{RelayDeps, RelayStats};

use super::backends;
use super::nudges;
use super::station::Station;
use crate::background::Background;
use crate::pages::Health;
use crate::settings::Settings;

pub async fn run(settings: &Settings, station: Station) -> anyhow::Result<()> {
    let servers = backends::servers(settings, station.role.as_str()).await?;
    let bus = backends::bus(settings, station.role.as_str())
        .await?
        .context("nats.url is missing: the relay publishes to NATS")?;
    let log = servers.log().await?;
    let lease = servers.lease("relay").await?;

    let stop = station.stop.clone();
    let stats = Arc::new(RelayStats::default());
    let deps = RelayDeps {
        log: log.clone(),
        bus: bus.clone(),
        stats: Arc::clone(&stats),
    };
    let mut background = Background::default();
    background.start("nudges", |stop| nudges::look_when_told(bus, log.clone(), stop));
    background.start("metrics of the log", |stop| {
        crate::observe::log(log.clone(), stop)
    });
    background.start("metrics of the relay", |stop| {
        crate::observe::relay(log.clone(), stats, lease.is_held(), stop)
    });
    background.start("leadership", |stop| {
        crate::observe::leadership("relay", lease.is_held(), stop)
    });
    let open = station.open(
        Router::new(),
        Router::new(),
        Health::default().with_log(log.clone()),
    );

    lease.hold(stop, |token| relay::run(deps.clone(), token)).await;
    open.drain().await?;
    background.stop().await;
    log.close().await;
    Ok(())
}
