//! Placing orders, beside the same rows inserted and committed without our code.
//!
//! While the shop takes orders it also settles, sends emails and keeps its read models up to date, as it always does. A
//! limit has the machine to itself: its rounds wait until all of that is done.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::backlog::Backlog;
use super::limit_sqlite::{self, Way};
use super::order_rows::OrderRows;
use super::shop::Shop;
use crate::catalogue::Catalogue;
use crate::connection::Connection;
use crate::disk;
use crate::load::Clients;
use crate::measurement::{Measurement, Side};
use crate::plan::{Plan, order_of_round};
use crate::statistics::Spread;
use crate::work::Turn;

/// A client that no round has, for the one order whose rows are counted.
const SAMPLE_CLIENT: usize = 1_000_000;

const WAYS: [(Way, &str); 3] = [
    (Way::OwnConnections, "SQLite, own connections"),
    (Way::TakingTurns, "SQLite, taking turns"),
    (Way::Batches, "SQLite, one in batches"),
];

pub async fn measure(
    shop: &Shop,
    catalogue: &Catalogue,
    plan: &Plan,
    folder: &Path,
) -> anyhow::Result<Measurement> {
    let backlog = Backlog::of(shop)?;
    let (after, through) = place_one(shop, catalogue, &backlog).await?;
    let log = shop.log();
    let rows = OrderRows::read(&log, after, through)?;
    let limit = limit_sqlite::Plan {
        log: &log,
        after,
        through,
        folder,
        clients: plan.clients,
    };

    let mut clients = Clients::connect(plan.clients, 0, shop.endpoint(), catalogue.orders.clone()).await?;
    clients.run(plan.warm_up).await?;
    let mut settled_in = vec![];
    let mut shop_side = Side::new("shop");
    let mut limit_sides = WAYS.map(|(_, name)| Side::new(name));
    backlog.settle().await?;
    for round in 0..plan.rounds {
        let before = backlog.head()?;
        let placed = clients.run(plan.round).await?;
        let recorded = backlog.orders_after(before)?;
        let answered = placed.latencies.len();
        ensure!(
            recorded == answered,
            "{answered} orders were answered, {recorded} are in the log"
        );
        settled_in.push(backlog.settle().await?);
        shop_side.rounds.push(placed);
        for side in order_of_round(round, WAYS.len()) {
            limit_sides[side]
                .rounds
                .push(limit.run(WAYS[side].0, plan.round).await?);
        }
    }

    let mut notes = vec![
        format!(
            "an order leaves {} rows of {} bytes in the log; every limit inserts as much",
            rows.count(),
            rows.bytes()
        ),
        "the limits have no HTTP, JSON, decisions or background work: they only insert and commit".to_owned(),
        format!(
            "own connections: {clients} clients with a connection each, COMMIT per order, waiting as SQLite does; taking \
             turns: the same, queueing in memory; in batches: one connection, COMMIT per {clients} orders, asked by nobody",
            clients = plan.clients
        ),
        format!(
            "4 KiB written and synced to this disk take {}",
            disk::sync_time(folder)?
        ),
    ];
    notes.push(background(&settled_in));
    let [own, turns, batches] = limit_sides;
    Ok(Measurement::new(
        "placing an order",
        &[shop_side, own, turns, batches],
        notes,
    ))
}

/// Places one order while nothing else happens; the log's positions before it and with it.
async fn place_one(shop: &Shop, catalogue: &Catalogue, backlog: &Backlog<'_>) -> anyhow::Result<(i64, i64)> {
    backlog
        .settle()
        .await?
        .context("the shop doesn't come to rest before the orders")?;
    let before = backlog.head()?;
    let request = catalogue.orders.request(Turn {
        client: SAMPLE_CLIENT,
        sent: 0,
    });
    let answer = Connection::open(&shop.url)
        .await?
        .send(request, catalogue.orders.wanted())
        .await?;
    let position = answer
        .headers
        .get("tillstream-position")
        .context("an order was answered without a position")?;
    Ok((before, position.to_str()?.parse()?))
}

fn background(settled_in: &[Option<Duration>]) -> String {
    let settled: Vec<f64> = settled_in.iter().flatten().map(Duration::as_secs_f64).collect();
    let unsettled = settled_in.len() - settled.len();
    let mut told = Spread::of(settled).map_or_else(String::new, |spread| {
        format!(
            "after a round, settlements, emails and read models were done within {:.2} s ({:.2} to {:.2})",
            spread.median, spread.min, spread.max
        )
    });
    if unsettled > 0 {
        told = format!(
            "{told}; in {unsettled} of {} rounds NOT DONE when waiting ended",
            settled_in.len()
        );
    }
    told
}
