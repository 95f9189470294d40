//! The embedded form: the whole shop in one process on `SQLite`, beside bare axum and bare `SQLite`.

mod backlog;
pub mod backups;
pub mod limit_sqlite;
mod order_rows;
mod orders;
mod shop;

use std::path::Path;

use anyhow::Context;

use self::backlog::Backlog;
use self::shop::Shop;
use crate::catalogue::Catalogue;
use crate::plan::Plan;
use crate::queries::{self, Queried};
use crate::rebuild::{self, Rebuilds};
use crate::report::Section;

pub async fn measure(executable: &Path, plan: &Plan, folder: &Path) -> anyhow::Result<Section> {
    eprintln!("embedded: starting the shop and stocking it …");
    let shop = Shop::start(executable, folder).await?;
    let catalogue = Catalogue::stock(&shop.url, shop.data_dir()).await?;
    let backlog = Backlog::of(&shop)?;
    let settled = backlog.settle().await?;
    settled.context("the shop doesn't come to rest before the first measurement")?;
    eprintln!("embedded: measuring product detail and list …");
    let queried = Queried {
        suffix: "",
        endpoint: shop.endpoint(),
    };
    let mut measurements = queries::measure(&queried, &catalogue, plan, folder).await?;
    eprintln!("embedded: measuring orders …");
    measurements.push(orders::measure(&shop, &catalogue, plan, folder).await?);
    backlog.settle().await?;
    eprintln!("embedded: rebuilding the read models …");
    let mut rebuilds = Rebuilds::new("SQLite", backlog.head()?);
    for _ in 0..plan.rebuilds {
        let length = rebuild::time_run(|| rebuild_once(executable, shop.data_dir()))?;
        rebuilds.lengths.push(length);
    }
    Ok(Section {
        form: "embedded",
        setup: "one process on SQLite".to_owned(),
        measurements,
        lag: None,
        rebuilds: rebuilds.summary(),
    })
}

/// While the shop runs, as it does in life.
fn rebuild_once(executable: &Path, data_dir: &Path) -> anyhow::Result<()> {
    let mut rebuild = test_servers::Recipe::new(executable).args(["--data-dir"]);
    rebuild = rebuild.args([data_dir]).args(["rebuild"]);
    rebuild.run()?;
    Ok(())
}
