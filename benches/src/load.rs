//! The load generator: clients that each send a request, wait for its answer and send the next one, for a while.
//!
//! How rounds follow one another, and what they are compared with, is left to `queries` and `orders`.

use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::task::JoinSet;

use crate::connection::{Connection, ConnectionError};
use crate::endpoint::Endpoint;
use crate::process::cpu_time;
use crate::work::{Turn, Work};

/// Beyond a round's length: longer than a server's own deadline for a request.
const ROUND_PATIENCE: Duration = Duration::from_secs(45);

/// What one round came to.
#[derive(Debug, Clone)]
pub struct Round {
    /// For how long requests were sent, or orders written.
    pub length: Duration,
    /// Those that were done within it; a few end later.
    pub in_time: usize,
    /// Of each, also of those that ended later, in no order.
    pub latencies: Vec<Duration>,
    /// Of all bodies together.
    pub body_bytes: usize,
    /// What the measured process used meanwhile.
    pub server_cpu: Option<Duration>,
    /// What this process used meanwhile; none if the measured one was its own load.
    pub client_cpu: Option<Duration>,
}

impl Round {
    #[expect(clippy::cast_precision_loss, reason = "nobody counts 2^52 requests")]
    pub fn per_second(&self) -> f64 {
        self.in_time as f64 / self.length.as_secs_f64()
    }
}

/// Clients with a connection each.
pub struct Clients {
    endpoint: Endpoint,
    work: Work,
    connected: Vec<Client>,
}

struct Client {
    connection: Connection,
    turn: Turn,
}

/// What a client saw.
#[derive(Default)]
struct Seen {
    in_time: usize,
    latencies: Vec<Duration>,
    body_bytes: usize,
}

impl Clients {
    /// Connects so many, numbered from `first` on: clients of the same number send the same requests, and an order that
    /// was sent before is not placed again.
    pub async fn connect(
        number: usize,
        first: usize,
        endpoint: Endpoint,
        work: Work,
    ) -> Result<Self, ConnectionError> {
        let mut connected = Vec::with_capacity(number);
        for client in first..first + number {
            let connection = Connection::open(endpoint.url_of(client)).await?;
            connected.push(Client {
                connection,
                turn: Turn { client, sent: 0 },
            });
        }
        Ok(Self {
            endpoint,
            work,
            connected,
        })
    }

    /// Sends for this long. The first request that isn't answered as it should ends it.
    pub async fn run(&mut self, length: Duration) -> anyhow::Result<Round> {
        tokio::time::timeout(length + ROUND_PATIENCE, self.run_all(length))
            .await
            .with_context(|| format!("a request wasn't answered within {ROUND_PATIENCE:?}"))?
    }

    async fn run_all(&mut self, length: Duration) -> anyhow::Result<Round> {
        let (server_before, client_before) = (self.endpoint.cpu_time(), cpu_time(std::process::id()));
        let started_at = Instant::now();
        let mut running: JoinSet<Result<(Client, Seen), ConnectionError>> = self
            .connected
            .drain(..)
            .map(|client| client.run(self.work.clone(), started_at + length))
            .collect();
        let mut all = Seen::default();
        while let Some(ended) = running.join_next().await {
            let (client, seen) = ended??;
            self.connected.push(client);
            all.in_time += seen.in_time;
            all.latencies.extend(seen.latencies);
            all.body_bytes += seen.body_bytes;
        }
        Ok(Round {
            length,
            in_time: all.in_time,
            latencies: all.latencies,
            body_bytes: all.body_bytes,
            server_cpu: used(server_before, self.endpoint.cpu_time()),
            client_cpu: used(client_before, cpu_time(std::process::id())),
        })
    }
}

impl Client {
    async fn run(mut self, work: Work, until: Instant) -> Result<(Self, Seen), ConnectionError> {
        let mut seen = Seen::default();
        let mut sent_at = Instant::now();
        while sent_at < until {
            let answer = self
                .connection
                .send(work.request(self.turn), work.wanted())
                .await?;
            let answered_at = Instant::now();
            seen.latencies.push(answered_at - sent_at);
            seen.in_time += usize::from(answered_at <= until);
            seen.body_bytes += answer.body.len();
            self.turn.sent += 1;
            sent_at = answered_at;
        }
        Ok((self, seen))
    }
}

pub fn used(before: Option<Duration>, after: Option<Duration>) -> Option<Duration> {
    after?.checked_sub(before?)
}
