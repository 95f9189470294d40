//! Placing orders through the command API, beside pgbench inserting and committing the same rows.
//!
//! Once as it is in life: workers settle and send emails and projectors write read models while orders come in. And once
//! with all of that stopped, which tells what the command API itself can take. pgbench has the machine to itself: its
//! rounds wait until all work behind the answers is done.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::backlog::{head, number, orders_after, settle};
use super::cost::Cost;
use super::order_rows::OrderRows;
use super::pgbench::Pgbench;
use super::script::Turns;
use super::shop::Shop;
use crate::catalogue::Catalogue;
use crate::connection::{Answer, Connection};
use crate::disk;
use crate::load::{Clients, Round};
use crate::measurement::{Measurement, Side};
use crate::plan::{Plan, order_of_round};
use crate::statistics::Spread;
use crate::work::Turn;

/// A client that no round has, for the one order whose rows are counted.
const SAMPLE_CLIENT: usize = 1_000_000;

/// Clients of one measurement: far more than the most that place orders at once.
const CLIENTS_MAX: usize = 1_000;

/// The limits of a measurement.
const TURNS: [(Turns, &str); 2] = [
    (Turns::None, "pgbench"),
    (Turns::Counter, "pgbench, gapless positions"),
];

/// Whether anything works behind the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Background {
    Running,
    Stopped,
}

impl Background {
    fn told(self) -> &'static str {
        match self {
            Self::Running => "everything running",
            Self::Stopped => "command API alone",
        }
    }
}

pub async fn measure(
    shop: &mut Shop,
    catalogue: &Catalogue,
    plan: &Plan,
    folder: &Path,
) -> anyhow::Result<Vec<Measurement>> {
    let pgbench = Pgbench::prepare(shop, folder, sample_rows(shop, catalogue).await?)?;
    let disk = disk::sync_time(folder)?;
    let mut measurements = vec![];
    let mut first_client = 0;
    let mut settled = 0;
    for background in [Background::Running, Background::Stopped] {
        if background == Background::Stopped {
            shop.stop_background()?;
            settled = head(shop)?;
        }
        for &clients in plan.order_clients {
            let told = background.told();
            eprintln!("distributed: measuring orders of {clients} clients, {told} …");
            let run = Run {
                shop,
                pgbench: &pgbench,
                background,
                clients,
                first_client,
            };
            let mut measured = run.measure(catalogue, plan).await?;
            measured
                .notes
                .push(format!("4 KiB written and synced to this disk take {disk}"));
            measurements.push(measured);
            first_client += CLIENTS_MAX;
        }
    }
    let left = orders_after(shop, settled)?;
    let worked_off = work_off(shop, left).await?;
    if let Some(last) = measurements.last_mut() {
        last.notes.push(worked_off);
    }
    Ok(measurements)
}

/// Places one order while nothing else happens; the rows that it leaves.
async fn sample_rows(shop: &Shop, catalogue: &Catalogue) -> anyhow::Result<OrderRows> {
    let claims = || number(shop, "SELECT count(*) FROM event_log.claims");
    let (before, claims_before) = (head(shop)?, claims()?);
    let request = catalogue.orders.request(Turn {
        client: SAMPLE_CLIENT,
        sent: 0,
    });
    let answer = Connection::open(&shop.commands_url())
        .await?
        .send(request, catalogue.orders.wanted())
        .await?;
    let rows = OrderRows::read(shop, before, position(&answer)?)?;
    ensure!(
        claims()? == claims_before,
        "an order claims a value, which pgbench isn't told to do"
    );
    settle(shop)
        .await?
        .context("the shop doesn't come to rest before the orders")?;
    Ok(rows)
}

/// Orders by so many clients.
struct Run<'a> {
    shop: &'a Shop,
    pgbench: &'a Pgbench<'a>,
    background: Background,
    clients: usize,
    first_client: usize,
}

/// What came of the orders of a run beside their rate.
#[derive(Default)]
struct Aftermath {
    orders: usize,
    cost: Cost,
    settled_in: Vec<Option<Duration>>,
}

impl Run<'_> {
    async fn measure(&self, catalogue: &Catalogue, plan: &Plan) -> anyhow::Result<Measurement> {
        self.shop.sql(&OrderRows::empty_tables())?;
        let (commands, orders) = (self.shop.commands()?, catalogue.orders.clone());
        let mut clients = Clients::connect(self.clients, self.first_client, commands, orders).await?;
        clients.run(plan.warm_up).await?;
        self.come_to_rest().await?;
        let mut shop = Side::new("shop");
        let mut limits = TURNS.map(|(_, name)| Side::new(name));
        let mut aftermath = Aftermath::default();
        let mut inserting = Cost::default();
        for round in 0..plan.rounds {
            shop.rounds
                .push(self.place(&mut clients, plan, &mut aftermath).await?);
            let before = Cost::until_now(self.shop)?;
            for side in order_of_round(round, TURNS.len()) {
                let done = self
                    .pgbench
                    .run(self.shop, TURNS[side].0, self.clients, plan.round)?;
                limits[side].rounds.push(done);
            }
            inserting.add_since(&before, self.shop)?;
        }
        let inserted: usize = limits
            .iter()
            .flat_map(|side| &side.rounds)
            .map(|round| round.in_time)
            .sum();
        let found = number(self.shop, &self.pgbench.rows.count_orders())?;
        ensure!(
            usize::try_from(found)? == inserted,
            "pgbench tells of {inserted} orders, {found} are in its tables"
        );
        let notes = self.notes(&aftermath, &inserting, inserted);
        let name = format!("orders, {} clients, {}", self.clients, self.background.told());
        let [bare, gapless] = limits;
        Ok(Measurement::new(name, &[shop, bare, gapless], notes))
    }

    /// One round of the shop.
    async fn place(
        &self,
        clients: &mut Clients,
        plan: &Plan,
        after: &mut Aftermath,
    ) -> anyhow::Result<Round> {
        let before = (head(self.shop)?, Cost::until_now(self.shop)?);
        let mut placed = clients.run(plan.round).await?;
        let recorded = orders_after(self.shop, before.0)?;
        let answered = placed.latencies.len();
        ensure!(
            recorded == answered,
            "{answered} orders were answered, {recorded} are in the log"
        );
        after.settled_in.push(self.come_to_rest().await?);
        let cpu = after.cost.cpu();
        after.cost.add_since(&before.1, self.shop)?;
        placed.server_cpu = Some(after.cost.cpu().saturating_sub(cpu));
        after.orders += answered;
        Ok(placed)
    }

    async fn come_to_rest(&self) -> anyhow::Result<Option<Duration>> {
        match self.background {
            Background::Running => settle(self.shop).await,
            Background::Stopped => Ok(Some(Duration::ZERO)),
        }
    }

    fn notes(&self, after: &Aftermath, inserting: &Cost, inserted: usize) -> Vec<String> {
        let rows = &self.pgbench.rows;
        let mut notes = vec![
            format!(
                "an order leaves {} rows of {} bytes in the log; pgbench inserts as much in one transaction and one round \
                 trip, without looking anything up",
                rows.count(),
                rows.bytes()
            ),
            "gapless positions: pgbench also moves one counter, for which its clients wait as the shop's writers do"
                .to_owned(),
            format!(
                "an order of the shop: {}; of pgbench: {}",
                after.cost.writing(after.orders),
                inserting.writing(inserted)
            ),
            format!(
                "an order was decided anew {:.2} times, since another process had written to one of its streams",
                after.cost.conflicts(after.orders)
            ),
            format!(
                "CPU µs of an order, until all that follows is done: {}",
                after.cost.cpu_by_program(after.orders)
            ),
        ];
        if self.background == Background::Running {
            notes.push(settled(&after.settled_in));
        }
        notes
    }
}

pub fn position(answer: &Answer) -> anyhow::Result<i64> {
    let position = answer.headers.get("tillstream-position");
    let position = position.context("an order was answered without a position")?;
    Ok(position.to_str()?.parse()?)
}

fn settled(settled_in: &[Option<Duration>]) -> String {
    let seconds: Vec<f64> = settled_in.iter().flatten().map(Duration::as_secs_f64).collect();
    let unsettled = settled_in.len() - seconds.len();
    let mut told = Spread::of(seconds).map_or_else(String::new, |spread| {
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

/// Starts what was stopped, and has it do what was left.
async fn work_off(shop: &mut Shop, orders: usize) -> anyhow::Result<String> {
    eprintln!("distributed: working off {orders} orders …");
    shop.start_background()?;
    let settled = settle(shop).await?;
    let settled = settled.context("the shop doesn't come to rest after the orders")?;
    #[expect(clippy::cast_precision_loss, reason = "nobody places 2^52 orders")]
    let rate = orders as f64 / settled.as_secs_f64();
    Ok(format!(
        "started again, the others did their part of {orders} orders in {:.1} s, {rate:.0} a second",
        settled.as_secs_f64()
    ))
}
