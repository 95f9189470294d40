//! The payment sandbox as a process of its own, for trying the distributed form out. It keeps its books in the data
//! folder, and there is only one.

use anyhow::Context;
use axum::Router;

use super::backends;
use super::station::Station;
use crate::outside::{self, WEBHOOK_PATH};
use crate::pages::Health;
use crate::settings::Settings;

pub async fn run(settings: &Settings, station: Station) -> anyhow::Result<()> {
    let (dir, secrets) = backends::secrets(settings)?;
    let webhook = settings.payments.webhook_url.clone();
    let webhook = webhook
        .or_else(|| {
            settings
                .public_url
                .as_ref()
                .map(|url| format!("{url}{WEBHOOK_PATH}"))
        })
        .context("payments.webhook_url is missing: the sandbox has nowhere to report to")?;
    let stop = station.stop.clone();
    let sandbox = outside::sandbox(settings, &dir, &secrets, webhook, stop.clone()).await?;
    say!("the payment sandbox answers on {}", sandbox.base_url);
    let open = station.open(Router::new(), Router::new(), Health::default());

    stop.cancelled().await;
    sandbox.join().await?;
    open.drain().await
}
