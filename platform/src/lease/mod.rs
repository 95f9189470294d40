//! Leases: at most one process does what only one may do, and another takes over when it dies.
//!
//! A lease alone is no fence. A process that hangs may wake up after its lease has gone to another, and do a last thing
//! before it notices. Whoever works under a lease therefore also compares and sets its checkpoint with every write; what
//! the work is, and how it is fenced, is its own business.

mod postgres;
mod renewal;

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::postgres::PostgresLease;
use self::renewal::Renewal;
use crate::postgres::{OpenError, PostgresTarget, Schema};

/// The table of leases in `PostgreSQL`.
pub const POSTGRES_SCHEMA: Schema = postgres::SCHEMA;

/// How long a lease outlives its holder's last renewal: what the shop waits for after a crash, and what a network may
/// be silent for without anybody losing the lease.
const TTL: Duration = Duration::from_secs(3);

/// Below this a lease would be lost in the pauses of an ordinary network and scheduler.
const TTL_MIN: Duration = Duration::from_millis(300);

/// How often per TTL the lease is renewed: two renewals may fail before it is lost.
const RENEWALS_PER_TTL: u32 = 3;

/// How often per TTL somebody who waits looks whether the lease is free.
const LOOKS_PER_TTL: u32 = 10;

/// The part of the TTL, one in so many, that the work has to end after its token is cancelled, before anybody else
/// begins.
const STOP_SHARE: u32 = 4;

/// How a lease is held.
#[derive(Debug, Clone, Copy)]
pub struct LeaseOptions {
    /// How long it outlives its holder; at least 300 ms.
    pub ttl: Duration,
}

impl Default for LeaseOptions {
    fn default() -> Self {
        Self { ttl: TTL }
    }
}

impl LeaseOptions {
    fn ttl(self) -> Duration {
        self.ttl.max(TTL_MIN)
    }

    fn renew_every(self) -> Duration {
        self.ttl() / RENEWALS_PER_TTL
    }

    fn look_every(self) -> Duration {
        self.ttl() / LOOKS_PER_TTL
    }

    /// How long after the last renewal was asked for the work must begin to end.
    fn stop_after(self) -> Duration {
        self.ttl() / STOP_SHARE * (STOP_SHARE - 1)
    }
}

/// The right to do one thing that only one process may do.
#[derive(Debug)]
pub struct Lease {
    adapter: Adapter,
    held: watch::Sender<bool>,
}

#[derive(Debug)]
enum Adapter {
    /// There is only one process.
    Always,
    Postgres(PostgresLease),
}

impl Lease {
    /// Where one process does everything: whoever asks holds it.
    pub fn always() -> Self {
        Self::new(Adapter::Always)
    }

    /// The lease `name` in a database whose schema is [`POSTGRES_SCHEMA`], which it never changes.
    pub async fn open_postgres(
        target: &PostgresTarget,
        name: impl Into<String>,
        options: LeaseOptions,
    ) -> Result<Self, OpenError> {
        let lease = PostgresLease::open(target, name.into(), options).await?;
        Ok(Self::new(Adapter::Postgres(lease)))
    }

    fn new(adapter: Adapter) -> Self {
        Self {
            adapter,
            held: watch::Sender::new(false),
        }
    }

    /// Whether this process holds it, as it changes. For metrics and health; no proof for the next moment.
    pub fn is_held(&self) -> watch::Receiver<bool> {
        self.held.subscribe()
    }

    /// Waits until this process holds the lease, and runs the work while it does. The work's token is cancelled when the
    /// lease is lost, or at `shutdown`, and the work must end then, within a quarter of the TTL if nobody is ever to
    /// overlap with it. After a loss the lease is waited for again.
    ///
    /// Returns at shutdown, or when the work ends without being told to. The lease is free for others at once then.
    pub async fn hold<F, Fut>(&self, shutdown: CancellationToken, mut work: F)
    where
        F: FnMut(CancellationToken) -> Fut,
        Fut: Future<Output = ()>,
    {
        match &self.adapter {
            Adapter::Always => {
                let _held = Held::begin(&self.held);
                work(shutdown.child_token()).await;
            }
            Adapter::Postgres(lease) => self.hold_in_turn(lease, &shutdown, &mut work).await,
        }
    }

    async fn hold_in_turn<F, Fut>(&self, lease: &PostgresLease, shutdown: &CancellationToken, work: &mut F)
    where
        F: FnMut(CancellationToken) -> Fut,
        Fut: Future<Output = ()>,
    {
        // Of this call's own, so that a second one in this process waits its turn as well.
        let holder = Uuid::new_v4();
        while let Some(stop_at) = lease.take(holder, shutdown).await {
            tracing::info!(lease = lease.name(), "holding the lease");
            let token = shutdown.child_token();
            let held = Held::begin(&self.held);
            let renewal = Renewal::start(lease.clone(), holder, stop_at, token.clone(), held);
            work(token).await;
            if !renewal.end().await {
                lease.release(holder).await;
                tracing::info!(lease = lease.name(), "released the lease");
                return;
            }
        }
    }
}

/// Tells that the lease is held, for as long as this lives.
#[derive(Debug)]
struct Held {
    held: watch::Sender<bool>,
}

impl Held {
    fn begin(held: &watch::Sender<bool>) -> Self {
        held.send_replace(true);
        Self { held: held.clone() }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.held.send_replace(false);
    }
}
