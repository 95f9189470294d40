//! How long after the answer to an order the order can be read, at a steady load.
//!
//! A client places an order, and at once asks the query API for it as of the answer's position. The query API answers when
//! its read model is there, so the time between the two answers is what a reader waits, the read itself included. Clients
//! keep to a timetable: one that has to wait doesn't slow the others down.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use hyper::header::AUTHORIZATION;
use hyper::http::HeaderValue;
use hyper::{Request, StatusCode, Uri};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::orders::position;
use super::shop::Shop;
use crate::catalogue::{Catalogue, json};
use crate::connection::{Body, Connection, ConnectionError};
use crate::measurement::microseconds;
use crate::plan::Plan;
use crate::statistics::percentile;
use crate::work::{self, Turn, Work};

/// Enough that each has a second or so for an order and its reads at the usual load.
const CLIENTS: u32 = 64;

/// Numbered far from all others, whose orders would be the same.
const FIRST_CLIENT: usize = 10_000;

/// For how long an order is asked for; beyond it something is broken.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug, Serialize)]
pub struct LagSummary {
    pub orders: usize,
    pub wanted_per_second: u32,
    pub per_second: f64,
    /// From the answer to the order until it was read.
    pub visible_ms: Times,
    /// The same read once more, when there is nothing to wait for.
    pub again_ms: Times,
    /// Orders that the query API first answered 503 for, since its read model was behind for too long.
    pub behind: usize,
}

#[derive(Debug, Serialize)]
pub struct Times {
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

/// What one client saw.
#[derive(Default)]
struct Seen {
    visible: Vec<Duration>,
    again: Vec<Duration>,
    behind: usize,
}

impl LagSummary {
    pub fn notes(&self) -> Vec<String> {
        vec![
            format!(
                "{} orders at {:.1} a second ({} were asked for), with everything running; the read names the position \
                 of the order's answer",
                self.orders, self.per_second, self.wanted_per_second
            ),
            format!(
                "{} reads were answered 503 read_model_behind before they were answered",
                self.behind
            ),
        ]
    }
}

pub async fn measure(
    shop: &Shop,
    catalogue: &Catalogue,
    plan: &Plan,
    per_second: u32,
) -> anyhow::Result<LagSummary> {
    let clients = CLIENTS.min(per_second);
    let began_at = Instant::now();
    let mut running: JoinSet<anyhow::Result<Seen>> = JoinSet::new();
    for number in 0..clients {
        let client = Client::connect(shop, catalogue, number).await?;
        // Evenly over the first interval, and then each at its own.
        let first = Duration::from_secs(1) * number / per_second;
        let every = Duration::from_secs(1) * clients / per_second;
        running.spawn(client.run(first, every, plan.steady));
    }
    let mut all = Seen::default();
    while let Some(ended) = running.join_next().await {
        let seen = ended??;
        all.visible.extend(seen.visible);
        all.again.extend(seen.again);
        all.behind += seen.behind;
    }
    let orders = all.visible.len();
    #[expect(clippy::cast_precision_loss, reason = "nobody places 2^52 orders")]
    let rate = orders as f64 / began_at.elapsed().as_secs_f64();
    Ok(LagSummary {
        orders,
        wanted_per_second: per_second,
        per_second: rate,
        visible_ms: Times::of(all.visible)?,
        again_ms: Times::of(all.again)?,
        behind: all.behind,
    })
}

struct Client {
    commands: Connection,
    queries: Connection,
    orders: Work,
    token: HeaderValue,
    turn: Turn,
}

impl Client {
    async fn connect(shop: &Shop, catalogue: &Catalogue, number: u32) -> anyhow::Result<Self> {
        let number = FIRST_CLIENT + usize::try_from(number)?;
        let turn = Turn {
            client: number,
            sent: 0,
        };
        let request = catalogue.orders.request(turn);
        let token = request.headers().get(AUTHORIZATION);
        Ok(Self {
            commands: Connection::open(shop.commands()?.url_of(number)).await?,
            queries: Connection::open(shop.queries()?.url_of(number)).await?,
            token: token.context("an order that nobody places")?.clone(),
            orders: catalogue.orders.clone(),
            turn,
        })
    }

    async fn run(mut self, first: Duration, every: Duration, length: Duration) -> anyhow::Result<Seen> {
        let began_at = tokio::time::Instant::now();
        let mut timetable = tokio::time::interval_at(began_at + first, every);
        // Those that were missed come at once, so that the load is what was asked for.
        timetable.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut seen = Seen::default();
        loop {
            if timetable.tick().await > began_at + length {
                return Ok(seen);
            }
            self.place_and_read(&mut seen).await?;
        }
    }

    async fn place_and_read(&mut self, seen: &mut Seen) -> anyhow::Result<()> {
        let order = self.orders.request(self.turn);
        let answer = self.commands.send(order, self.orders.wanted()).await?;
        let answered_at = Instant::now();
        self.turn.sent += 1;
        let position = position(&answer)?;
        let placed = json(&answer)?;
        let id = placed["order_id"].as_str().context("an order without an id")?;
        let path: Uri = format!("/api/orders/{id}").parse()?;
        while !self.read(&path, position).await? {
            seen.behind += 1;
            if answered_at.elapsed() > PATIENCE {
                bail!("an order can't be read {PATIENCE:?} after it was answered");
            }
        }
        seen.visible.push(answered_at.elapsed());
        let asked_at = Instant::now();
        ensure!(
            self.read(&path, position).await?,
            "an order that was read can't be read again"
        );
        seen.again.push(asked_at.elapsed());
        Ok(())
    }

    /// Whether the answer came in the query API's own time.
    async fn read(&mut self, path: &Uri, position: i64) -> anyhow::Result<bool> {
        match self
            .queries
            .send(self.request(path, position), StatusCode::OK)
            .await
        {
            Ok(_) => Ok(true),
            Err(ConnectionError::Status {
                status: StatusCode::SERVICE_UNAVAILABLE,
                ..
            }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn request(&self, path: &Uri, position: i64) -> Request<Body> {
        let mut request = work::get(path.clone());
        let headers = request.headers_mut();
        headers.insert("tillstream-min-position", position.into());
        headers.insert(AUTHORIZATION, self.token.clone());
        request
    }
}

impl Times {
    fn of(mut times: Vec<Duration>) -> anyhow::Result<Self> {
        times.sort_unstable();
        let milliseconds = |percent| percentile(&times, percent).map(|time| microseconds(time) / 1e3);
        let all = || {
            Some(Self {
                p50: milliseconds(50)?,
                p99: milliseconds(99)?,
                max: milliseconds(100)?,
            })
        };
        all().context("no order was placed while the lag was measured")
    }
}
