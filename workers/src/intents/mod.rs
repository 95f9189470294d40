//! The intents: every effect on the outside world as a row that is there before the effect is tried.
//!
//! A row is unique per event, kind and recipient, is taken with a lease, and is finished only by whoever holds that
//! lease. Whoever takes it a second time is told so ([`Claimed::may_have_acted`]) and asks before acting. Within a
//! lane, the effects on one stream go in their order: a parked one holds up those behind it and nothing else.
//!
//! **A lost database.** It isn't derived from the log: with it goes the knowledge of what was sent. A new one notes where
//! the log stood when it was made (its origin). What older events ask for is planned all the same, but money is asked
//! about before it is moved, and emails are not sent: they stand here as done, listed by [`Intents::unsent`], and go out
//! by [`Intents::resend`] alone.
//!
//! **Several processes** may work at the same intents. Leases are short and renewed while the effect runs; in `SQLite` a
//! lock on the file tells that the others are gone, in `PostgreSQL` their leases run out.
//!
//! What an effect does is left to `settlement`, `email` and `timers`; which effects there are, to the planner.

mod effect;
mod error;
mod finisher;
mod held;
mod retry;
mod rows;
mod store;
mod wakers;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use events::envelope::Position;
use platform::backup;
use platform::clock::Clock;
use platform::postgres::{self, PostgresTarget};
use uuid::Uuid;

use finisher::Finisher;
use held::Held;
use store::{FORGET_AT_ONCE, NewRow, SettledRow, Store, Take};
use wakers::Wakers;

pub use effect::{Effect, Lane, OrderNotice, OrphanRefund, Payout, Refund};
pub use error::IntentsError;
pub(crate) use held::{HeldLease, LEASE, renew};
pub use retry::RetryPolicy;
pub use rows::{Backlog, Claimed, Finish, IntentId, KeptFold, NewIntent, Parked, SettledCharge, Unsent};

/// The tables in `PostgreSQL`.
pub const POSTGRES_SCHEMA: postgres::Schema = store::POSTGRES_SCHEMA;

/// How a `SQLite` file of intents is copied: what is done stays as it is.
pub const BACKUP_HINTS: backup::Hints = backup::Hints {
    settled: &[("intents", "state = 'done'")],
    position: None,
    identity: None,
};

/// Notes in a `SQLite` file that came back from a backup that money may have moved since: it is asked about before it is
/// moved again. An email that was to be sent is sent, perhaps a second time with the same `Message-ID`. Says how many
/// intents are asked about.
pub async fn mark_restored(path: &Path) -> Result<u64, IntentsError> {
    store::mark_restored(path).await
}

/// The table of intents. Cheap to clone; the clones share one writer and one lease owner's name.
#[derive(Debug, Clone)]
pub struct Intents {
    store: Store,
    finisher: Finisher,
    held: Held,
    clock: Clock,
    origin: Position,
    wakers: Arc<Wakers>,
}

/// Notes in freshly migrated tables where the log stands, which becomes their origin; changes nothing if they know. Left
/// out, the first worker does so, and takes the orders placed until then for ones that an earlier database may have seen
/// to: it doesn't send their emails.
pub async fn found_postgres(target: &PostgresTarget, log_head: Position) -> Result<(), IntentsError> {
    Ok(store::found_postgres(target, log_head).await?)
}

impl Intents {
    /// Opens the intents in the `SQLite` database at `path`, creating what is missing. `log_head` is where the event log
    /// stands: a new file takes it for its origin, so open this before commands are accepted.
    ///
    /// If no other process has the file open, the leases of earlier ones are void and what they held is due at once;
    /// else they run out in their time.
    pub async fn open_sqlite(path: &Path, log_head: Position, clock: Clock) -> Result<Self, IntentsError> {
        let store = Store::open_sqlite(path, log_head, new_owner(), clock.now()).await?;
        Self::with(store, clock).await
    }

    /// Opens the intents in a `PostgreSQL` database whose schema is up to date, beside any number of other processes.
    /// `log_head` is where the event log stands, in case [`found_postgres`] was left out.
    pub async fn open_postgres(
        target: &PostgresTarget,
        log_head: Position,
        clock: Clock,
    ) -> Result<Self, IntentsError> {
        let store = Store::open_postgres(target, log_head, new_owner()).await?;
        Self::with(store, clock).await
    }

    async fn with(store: Store, clock: Clock) -> Result<Self, IntentsError> {
        Ok(Self {
            origin: store.origin().await?,
            finisher: Finisher::start(store.clone(), clock.clone()),
            store,
            held: Held::default(),
            clock,
            wakers: Arc::default(),
        })
    }

    /// How far the log has been planned.
    pub async fn checkpoint(&self) -> Result<Position, IntentsError> {
        Ok(self.store.checkpoint().await?)
    }

    /// Where the log stood when this database was made.
    pub fn origin(&self) -> Position {
        self.origin
    }

    /// Writes what the events after `from` up to `to` ask for, and moves the checkpoint, in one step.
    ///
    /// [`IntentsError::Moved`] if another planner has moved the checkpoint; nothing is written then.
    pub async fn plan(
        &self,
        (from, to): (Position, Position),
        new: &[NewIntent],
        settled: &[SettledCharge],
    ) -> Result<(), IntentsError> {
        let (new, settled) = self.rows(new, settled)?;
        if !self.store.plan((from, to), &new, &settled).await? {
            return Err(IntentsError::Moved { expected: from });
        }
        if !new.is_empty() {
            self.wakers.wake_all();
        }
        Ok(())
    }

    /// Adds what an event asks for that couldn't be read when it was planned.
    pub(crate) async fn add(&self, new: &[NewIntent], settled: &[SettledCharge]) -> Result<(), IntentsError> {
        let (new, settled) = self.rows(new, settled)?;
        self.store.add(&new, &settled).await?;
        self.wakers.wake_all();
        Ok(())
    }

    fn rows(
        &self,
        new: &[NewIntent],
        settled: &[SettledCharge],
    ) -> Result<(Vec<NewRow>, Vec<SettledRow>), IntentsError> {
        let now = self.clock.now();
        let new = new
            .iter()
            .map(|intent| NewRow::new(intent, now, self.origin))
            .collect::<Result<_, _>>()?;
        Ok((new, settled.iter().map(SettledRow::new).collect()))
    }

    /// Takes up to `limit` due intents of the lane under a lease of this length, in the order of the log.
    pub async fn claim(&self, lane: Lane, limit: u32, lease: Duration) -> Result<Vec<Claimed>, IntentsError> {
        let now = self.clock.now();
        let take = Take {
            lane,
            limit,
            now,
            lease_until: lease_end(now, lease),
        };
        self.store.claim(&take).await
    }

    /// Keeps the lease from running out until the guard is dropped, as long as [`renew`] runs.
    pub(crate) fn hold(&self, claimed: &Claimed) -> HeldLease {
        self.held.hold(claimed)
    }

    async fn renew_leases(&self) -> Result<(), IntentsError> {
        let held = self.held.list();
        if held.is_empty() {
            return Ok(());
        }
        let until = lease_end(self.clock.now(), LEASE);
        Ok(self.store.renew(&held, until).await?)
    }

    /// Ends a lease. `false` if it had run out and somebody else has taken the intent: then nothing changes.
    pub async fn finish(&self, claimed: &Claimed, finish: Finish) -> Result<bool, IntentsError> {
        self.finisher.finish((claimed.id, claimed.claims), finish).await
    }

    /// Ends the leases that this process holds; what they were for is due at once.
    pub async fn release(&self) -> Result<u64, IntentsError> {
        Ok(self.store.release(self.clock.now()).await?)
    }

    /// When something of the lane will be due, of what isn't due at `after`.
    pub async fn next_due(
        &self,
        lane: Lane,
        after: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, IntentsError> {
        Ok(self.store.next_due(lane, after).await?)
    }

    /// Resolves when something may have become due in the lane. Only one may wait per lane.
    pub(crate) async fn woken(&self, lane: Lane) {
        self.wakers.of(lane).notified().await;
    }

    /// The parked intents, oldest first, those after `after` (`IntentId(0)` to begin with).
    pub async fn parked(&self, after: IntentId, limit: u32) -> Result<Vec<Parked>, IntentsError> {
        Ok(self.store.parked(after, limit).await?)
    }

    /// The emails that weren't sent since an earlier database may have sent them, oldest first, those after `after`.
    pub async fn unsent(&self, after: IntentId, limit: u32) -> Result<Vec<Unsent>, IntentsError> {
        Ok(self.store.unsent(after, limit).await?)
    }

    /// Puts a parked or unsent intent back, due at once, with all of its tries before it.
    pub async fn resend(&self, id: IntentId) -> Result<(), IntentsError> {
        if !self.store.resend(id, self.clock.now()).await? {
            return Err(IntentsError::NotParked { intent: id });
        }
        self.wakers.wake_all();
        Ok(())
    }

    /// What isn't done, per lane and state; cheap enough for metrics.
    pub async fn backlog(&self) -> Result<Vec<Backlog>, IntentsError> {
        Ok(self.store.backlog().await?)
    }

    /// What there is, per lane and state. Reads the whole table.
    pub async fn tally(&self) -> Result<Vec<Backlog>, IntentsError> {
        Ok(self.store.tally().await?)
    }

    /// Deletes what was done before `before`, in small steps, and says how much. The checkpoint keeps it from being
    /// planned again. What was never sent stays.
    pub async fn forget_done_before(&self, before: DateTime<Utc>) -> Result<u64, IntentsError> {
        let mut forgotten = 0;
        loop {
            let deleted = self.store.forget_done_before(before).await?;
            forgotten += deleted;
            if deleted < u64::from(FORGET_AT_ONCE) {
                return Ok(forgotten);
            }
        }
    }

    /// Settled charges that reconciliation hasn't confirmed, oldest first.
    pub(crate) async fn charges_to_confirm(
        &self,
        settled_before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<SettledCharge>, IntentsError> {
        Ok(self.store.charges_to_confirm(settled_before, limit).await?)
    }

    /// Strikes charges off the list, for the provider has them too.
    pub(crate) async fn confirm_charges(&self, provider_references: &[String]) -> Result<(), IntentsError> {
        Ok(self.store.confirm_charges(provider_references).await?)
    }

    /// What was kept under this name last.
    pub async fn kept_fold(&self, name: &str) -> Result<Option<KeptFold>, IntentsError> {
        Ok(self.store.kept_fold(name).await?)
    }

    /// Keeps it in the place of what was kept under this name before.
    pub async fn keep_fold(&self, name: &str, fold: &KeptFold) -> Result<(), IntentsError> {
        Ok(self.store.keep_fold(name, fold).await?)
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Finishes what was accepted and closes the database.
    pub async fn close(&self) {
        self.finisher.flush().await;
        self.store.close().await;
    }
}

/// A name that no other process has.
fn new_owner() -> Arc<str> {
    Uuid::new_v4().to_string().into()
}

fn lease_end(now: DateTime<Utc>, lease: Duration) -> DateTime<Utc> {
    now + TimeDelta::from_std(lease).unwrap_or(TimeDelta::MAX)
}
