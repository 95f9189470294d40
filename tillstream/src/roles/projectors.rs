//! The projectors by themselves: events become read models. One process is active, others stand by.

use axum::Router;
use projectors::ProjectorDeps;

use super::backends;
use super::nudges;
use super::station::Station;
use crate::background::Background;
use crate::pages::Health;
use crate::settings::Settings;

pub async fn run(settings: &Settings, station: Station) -> anyhow::Result<()> {
    let servers = backends::servers(settings, station.role.as_str()).await?;
    let bus = backends::bus(settings, station.role.as_str()).await?;
    let log = servers.log().await?;
    let views = servers.views(backends::cache(settings)?).await?;
    let lease = servers.lease("projectors").await?;

    let stop = station.stop.clone();
    let deps = ProjectorDeps {
        feed: backends::feed(&log, bus.as_ref()),
        log: log.clone(),
        views: views.clone(),
    };
    let mut background = Background::default();
    background.start("metrics", |stop| {
        crate::observe::projections(log.clone(), views.clone(), stop)
    });
    background.start("leadership", |stop| {
        crate::observe::leadership("projectors", lease.is_held(), stop)
    });
    if let Some(bus) = bus {
        let telling = bus.clone();
        background.start("telling of views", |stop| {
            nudges::views_have_moved(telling, views.clone(), stop)
        });
        background.start("nudges", |stop| nudges::look_when_told(bus, log.clone(), stop));
    }
    let open = station.open(
        Router::new(),
        Router::new(),
        Health::default().with_log(log.clone()),
    );

    lease
        .hold(stop, |token| projectors::run(deps.clone(), token))
        .await;
    open.drain().await?;
    background.stop().await;
    views.close().await;
    log.close().await;
    Ok(())
}
