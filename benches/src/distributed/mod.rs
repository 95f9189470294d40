//! The distributed form: every role a process of its own, on private servers, beside pgbench and bare axum.
//!
//! The servers keep what they commit, as those of a shop would; everything is thrown away afterwards.

mod backlog;
mod cost;
mod lag;
mod order_rows;
mod orders;
mod pgbench;
mod script;
mod shop;

use std::path::Path;

use anyhow::Context;
use clap::Args;
use test_servers::ClusterSize;

use self::backlog::settle;
pub use self::lag::LagSummary;
use self::shop::Shop;
use crate::catalogue::Catalogue;
use crate::load::Clients;
use crate::plan::Plan;
use crate::queries::{self, Queried};
use crate::rebuild::{self, RebuildSummary, Rebuilds};
use crate::report::Section;

/// Clients that write events for the rebuild, numbered far from all that are measured.
const FILLERS: usize = 16;
const FIRST_FILLER: usize = 20_000;

/// How the distributed form is made up.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Distributed form: processes that take commands
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    command_apis: u8,
    /// Distributed form: processes that answer queries
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    query_apis: u8,
    /// Distributed form: processes that settle payments and send emails
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    workers: u8,
    /// Distributed form: orders per second while the lag of reads is measured
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    steady_orders: u32,
    /// Distributed form: write orders until the log has so many events before the read models are rebuilt
    #[arg(long, default_value_t = 0)]
    events: u32,
}

impl Options {
    fn size(&self) -> ClusterSize {
        ClusterSize {
            command_apis: self.command_apis.into(),
            query_apis: self.query_apis.into(),
            workers: self.workers.into(),
            ..ClusterSize::ONE_OF_EACH
        }
    }
}

pub async fn measure(
    executable: &Path,
    plan: &Plan,
    options: &Options,
    folder: &Path,
) -> anyhow::Result<Section> {
    eprintln!("distributed: starting servers and roles, and stocking the shop …");
    let mut shop = Shop::start(executable, options.size(), folder)?;
    let catalogue = Catalogue::stock(&shop.commands_url(), &shop.data_dir()).await?;
    let settled = settle(&shop).await?;
    settled.context("the shop doesn't come to rest before the first measurement")?;
    let mut measurements = vec![];
    for (suffix, endpoint) in [
        (", from Redis", shop.queries()?),
        (", from SQL", shop.queries_without_redis()?),
    ] {
        eprintln!("distributed: measuring product detail and list{suffix} …");
        let queried = Queried { suffix, endpoint };
        measurements.extend(queries::measure(&queried, &catalogue, plan, folder).await?);
    }
    eprintln!("distributed: measuring the lag from an answer to the visible read …");
    let lag = lag::measure(&shop, &catalogue, plan, options.steady_orders).await?;
    settle(&shop).await?;
    measurements.extend(orders::measure(&mut shop, &catalogue, plan, folder).await?);
    let rebuilds = rebuild(&shop, &catalogue, plan, options).await?;
    Ok(Section {
        form: "distributed",
        setup: shop.described()?,
        measurements,
        lag: Some(lag),
        rebuilds,
    })
}

async fn rebuild(
    shop: &Shop,
    catalogue: &Catalogue,
    plan: &Plan,
    options: &Options,
) -> anyhow::Result<Option<RebuildSummary>> {
    fill(shop, catalogue, plan, options.events.into()).await?;
    let events = backlog::head(shop)?;
    let mut rebuilds = Rebuilds::new("PostgreSQL", events);
    for number in 1..=plan.rebuilds {
        eprintln!(
            "distributed: rebuilding the read models of {events} events, {number} of {} …",
            plan.rebuilds
        );
        rebuilds.lengths.push(rebuild::time_run(|| shop.rebuild())?);
    }
    Ok(rebuilds.summary())
}

/// Places orders until the log has so many events, and lets the shop come to rest.
async fn fill(shop: &Shop, catalogue: &Catalogue, plan: &Plan, events: i64) -> anyhow::Result<()> {
    let mut fillers =
        Clients::connect(FILLERS, FIRST_FILLER, shop.commands()?, catalogue.orders.clone()).await?;
    while backlog::head(shop)? < events {
        eprintln!(
            "distributed: the log has {} of {events} events …",
            backlog::head(shop)?
        );
        fillers.run(plan.round).await?;
    }
    let settled = settle(shop).await?;
    settled.context("the shop doesn't come to rest before the rebuild")?;
    Ok(())
}
