//! The query API by itself. Its database user can only SELECT, and it never sees the log.

use query_api::QueryDeps;
use web::tokens::AccessTokens;

use super::backends;
use super::nudges;
use super::station::Station;
use crate::background::Background;
use crate::pages::{self, Health};
use crate::settings::Settings;
use crate::{documentation, outside};

pub async fn run(settings: &Settings, station: Station) -> anyhow::Result<()> {
    let (dir, secrets) = backends::secrets(settings)?;
    let servers = backends::servers(settings, station.role.as_str()).await?;
    let bus = backends::bus(settings, station.role.as_str()).await?;
    let views = servers.views_reader(backends::cache(settings)?).await?;
    let vault = servers.vault_reader(&secrets).await?;
    let tokens = AccessTokens::new(&secrets.access_tokens()?)?;

    let stop = station.stop.clone();
    let mut background = Background::default();
    background.start("following the views", |stop| {
        nudges::follow(views.clone(), bus, stop)
    });
    background.start("metrics", |stop| crate::observe::views(views.clone(), stop));

    let calls = servers.calls_reader().await?;
    background.start("metrics of the chain", |stop| {
        crate::observe_chain::chain(views.clone(), calls.clone(), stop)
    });
    let blobs = outside::blobs(settings, &dir)?;
    let queries = QueryDeps::new(views.clone(), vault.clone(), tokens, blobs, settings.currency)
        .with_calls(calls.clone());
    let (mut routes, document) = query_api::router(queries);
    routes = routes
        .merge(pages::front(&settings.shop_name))
        .merge(pages::token_forms());
    if let Some(mailbox) = outside::mailbox(settings, &dir, &secrets) {
        routes = routes.merge(mailbox.routes());
    }
    let document = documentation::document(settings, command_api::document(), document);
    let health = Health::default().with_views(views.clone());
    let open = station.open(routes, pages::documentation(document), health);

    stop.cancelled().await;
    open.drain().await?;
    background.stop().await;
    views.close().await;
    calls.close().await;
    vault.close().await;
    Ok(())
}
