//! The intents: every effect on the outside world as a row that is there before the effect is tried.
//!
//! A row is unique per event, kind and recipient, is taken with a lease, and is finished only by whoever holds that
//! lease. Whoever takes it a second time is told so ([`Claimed::may_have_acted`]) and asks before acting. Within a
//! lane, the effects on one stream go in their order: a parked one holds up those behind it and nothing else.
//!
//! **A lost file.** The file isn't derived from the log: with it goes the knowledge of what was sent. A new one notes where
//! the log stood when it was made (its origin). What older events ask for is planned all the same, but money is asked
//! about before it is moved, and emails are not sent: they stand here as done, listed by [`Intents::unsent`], and go out
//! by [`Intents::resend`] alone.
//!
//! What an effect does is left to `settlement`, `email` and `timers`; which effects there are, to the planner.

mod effect;
mod finisher;
mod retry;
mod rows;
mod store;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use events::envelope::Position;
use platform::sqlite::{self, Durability};
use sqlx::SqlitePool;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::clock::Clock;
use finisher::Finisher;

pub use effect::{Effect, Lane, OrderNotice, Payout, Refund};
pub use retry::RetryPolicy;
pub use rows::{Backlog, Claimed, Finish, IntentId, NewIntent, Parked, SettledCharge, Unsent};

/// Connections that read beside the writer: lists for people and metrics, never the hot path.
const READERS: u32 = 2;
/// Done rows deleted in one statement, so that no other writer waits long.
const FORGET_AT_ONCE: u32 = 1_000;

const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    include_str!("../../../migrations/sqlite/workers/0001_work.sql"),
)];

/// Why the intents can't be had or changed.
#[derive(Debug, thiserror::Error)]
pub enum IntentsError {
    #[error("the database of intents can't be opened")]
    Open(#[from] sqlite::OpenError),
    #[error("the lock beside the database of intents can't be made")]
    Lock(#[source] std::io::Error),
    #[error("the database of intents fails")]
    Sql(#[from] sqlx::Error),
    /// Another planner was faster; read the checkpoint again.
    #[error("the planner's checkpoint is no longer at {expected}")]
    Moved { expected: Position },
    #[error("intent {intent} can't be read: {reason}")]
    Unreadable { intent: IntentId, reason: String },
    #[error("intent {intent} is neither parked nor unsent")]
    NotParked { intent: IntentId },
    #[error("leases can't be ended: {reason}")]
    Unavailable { reason: String },
    #[error("the intents are closed")]
    Closed,
}

/// The table of intents. Cheap to clone; the clones share one writer and one lease owner's name.
#[derive(Debug, Clone)]
pub struct Intents {
    writer: SqlitePool,
    readers: SqlitePool,
    finisher: Finisher,
    owner: Arc<str>,
    clock: Clock,
    origin: Position,
    wakers: Arc<Wakers>,
    /// Held for as long as anybody uses this; the system lets go of it when the process dies.
    _lock: Option<Arc<File>>,
}

#[derive(Debug, Default)]
struct Wakers {
    settlement: Notify,
    email: Notify,
    timers: Notify,
}

impl Wakers {
    fn of(&self, lane: Lane) -> &Notify {
        match lane {
            Lane::Settlement => &self.settlement,
            Lane::Email => &self.email,
            Lane::Timers => &self.timers,
        }
    }

    fn wake_all(&self) {
        for lane in Lane::ALL {
            self.of(lane).notify_one();
        }
    }
}

impl Intents {
    /// Opens the intents in the `SQLite` database at `path`, creating what is missing. `log_head` is where the event log
    /// stands: a new file takes it for its origin, so open this before commands are accepted.
    ///
    /// If no other process has the file open, the leases of earlier ones are void and what they held is due at once;
    /// else they run out in their time.
    pub async fn open_sqlite(path: &Path, log_head: Position, clock: Clock) -> Result<Self, IntentsError> {
        let writer = sqlite::open_writer_pool(path, Durability::Full).await?;
        let lock = lock(path)?;
        let mut connection = writer.acquire().await?;
        sqlite::apply_migrations(&mut connection, MIGRATIONS).await?;
        sqlx::query(
            "INSERT INTO planner (id, position, origin) VALUES (1, 0, ?1) ON CONFLICT (id) DO NOTHING",
        )
        .bind(log_head.cast_signed())
        .execute(&mut *connection)
        .await?;
        let origin: i64 = sqlx::query_scalar("SELECT origin FROM planner")
            .fetch_one(&mut *connection)
            .await?;
        if lock.is_some() {
            let released = store::release(&mut connection, None, clock.now()).await?;
            tracing::debug!(released, "took over the leases of an earlier process");
        }
        drop(connection);
        let owner: Arc<str> = Uuid::new_v4().to_string().into();
        Ok(Self {
            readers: sqlite::open_readers(path, READERS).await?,
            finisher: Finisher::start(writer.clone(), Arc::clone(&owner), clock.clone()),
            writer,
            owner,
            clock,
            origin: origin.cast_unsigned(),
            wakers: Arc::default(),
            _lock: lock.map(Arc::new),
        })
    }

    /// How far the log has been planned.
    pub async fn checkpoint(&self) -> Result<Position, IntentsError> {
        let position: i64 = sqlx::query_scalar("SELECT position FROM planner")
            .fetch_one(&self.readers)
            .await?;
        Ok(position.cast_unsigned())
    }

    /// Where the log stood when this file was made.
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
        let now = self.clock.now();
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let moved = sqlx::query("UPDATE planner SET position = ?1 WHERE position = ?2")
            .bind(to.cast_signed())
            .bind(from.cast_signed())
            .execute(&mut *transaction)
            .await?;
        if moved.rows_affected() == 0 {
            return Err(IntentsError::Moved { expected: from });
        }
        for intent in new {
            store::insert(&mut transaction, intent, now, intent.position <= self.origin).await?;
        }
        for charge in settled {
            store::note_settled(&mut transaction, charge).await?;
        }
        transaction.commit().await?;
        if !new.is_empty() {
            self.wakers.wake_all();
        }
        Ok(())
    }

    /// Adds what an event asks for that couldn't be read when it was planned.
    pub(crate) async fn add(&self, new: &[NewIntent], settled: &[SettledCharge]) -> Result<(), IntentsError> {
        let now = self.clock.now();
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        for intent in new {
            store::insert(&mut transaction, intent, now, intent.position <= self.origin).await?;
        }
        for charge in settled {
            store::note_settled(&mut transaction, charge).await?;
        }
        transaction.commit().await?;
        self.wakers.wake_all();
        Ok(())
    }

    /// Takes up to `limit` due intents of the lane under a lease of this length.
    pub async fn claim(&self, lane: Lane, limit: u32, lease: Duration) -> Result<Vec<Claimed>, IntentsError> {
        let now = self.clock.now();
        let lease_until = now + TimeDelta::from_std(lease).unwrap_or(TimeDelta::MAX);
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let claimed = store::claim(&mut transaction, lane, &self.owner, now, lease_until, limit).await?;
        transaction.commit().await?;
        Ok(claimed)
    }

    /// Ends a lease. `false` if it had run out and somebody else has taken the intent: then nothing changes.
    pub async fn finish(&self, claimed: &Claimed, finish: Finish) -> Result<bool, IntentsError> {
        self.finisher.finish((claimed.id, claimed.claims), finish).await
    }

    /// Ends the leases that this process holds; what they were for is due at once.
    pub async fn release(&self) -> Result<u64, IntentsError> {
        let mut connection = self.writer.acquire().await?;
        store::release(&mut connection, Some(&self.owner), self.clock.now()).await
    }

    /// When something of the lane will be due, beyond what is due by now.
    pub async fn next_due(&self, lane: Lane) -> Result<Option<DateTime<Utc>>, IntentsError> {
        let mut connection = self.readers.acquire().await?;
        store::next_due(&mut connection, lane, self.clock.now()).await
    }

    /// Resolves when something may have become due in the lane. Only one may wait per lane.
    pub(crate) async fn woken(&self, lane: Lane) {
        self.wakers.of(lane).notified().await;
    }

    /// The parked intents, oldest first, those after `after` (`IntentId(0)` to begin with).
    pub async fn parked(&self, after: IntentId, limit: u32) -> Result<Vec<Parked>, IntentsError> {
        let mut connection = self.readers.acquire().await?;
        store::parked(&mut connection, after, limit).await
    }

    /// The emails that weren't sent since an earlier file may have sent them, oldest first, those after `after`.
    pub async fn unsent(&self, after: IntentId, limit: u32) -> Result<Vec<Unsent>, IntentsError> {
        let mut connection = self.readers.acquire().await?;
        store::unsent(&mut connection, after, limit).await
    }

    /// Puts a parked or unsent intent back, due at once, with all of its tries before it.
    pub async fn resend(&self, id: IntentId) -> Result<(), IntentsError> {
        let mut connection = self.writer.acquire().await?;
        if !store::resend(&mut connection, id, self.clock.now()).await? {
            return Err(IntentsError::NotParked { intent: id });
        }
        self.wakers.wake_all();
        Ok(())
    }

    /// What isn't done, per lane and state; cheap enough for metrics.
    pub async fn backlog(&self) -> Result<Vec<Backlog>, IntentsError> {
        self.count("SELECT lane, state, count(*) FROM intents WHERE state <> 'done' GROUP BY lane, state")
            .await
    }

    /// What there is, per lane and state. Reads the whole table.
    pub async fn tally(&self) -> Result<Vec<Backlog>, IntentsError> {
        self.count("SELECT lane, state, count(*) FROM intents GROUP BY lane, state ORDER BY lane, state")
            .await
    }

    async fn count(&self, sql: &'static str) -> Result<Vec<Backlog>, IntentsError> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(sql).fetch_all(&self.readers).await?;
        let backlog = |(lane, state, count): (String, String, i64)| Backlog {
            lane,
            state,
            count: count.cast_unsigned(),
        };
        Ok(rows.into_iter().map(backlog).collect())
    }

    /// Deletes what was done before `before`, in small steps, and says how much. The checkpoint keeps it from being
    /// planned again. What was never sent stays.
    pub async fn forget_done_before(&self, before: DateTime<Utc>) -> Result<u64, IntentsError> {
        let mut forgotten = 0;
        loop {
            let deleted = sqlx::query(
                "DELETE FROM intents WHERE seq IN
                 (SELECT seq FROM intents WHERE state = 'done' AND finished_at < ?1 AND outcome <> ?2 LIMIT ?3)",
            )
            .bind(store::micros(before))
            .bind(store::NOT_SENT)
            .bind(FORGET_AT_ONCE)
            .execute(&self.writer)
            .await?
            .rows_affected();
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
        let mut connection = self.readers.acquire().await?;
        store::charges_to_confirm(&mut connection, settled_before, limit).await
    }

    /// Strikes charges off the list, for the provider has them too.
    pub(crate) async fn confirm_charges(&self, provider_references: &[String]) -> Result<(), IntentsError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        for reference in provider_references {
            sqlx::query("DELETE FROM charges_to_confirm WHERE provider_reference = ?1")
                .bind(reference)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Finishes what was accepted and closes the database.
    pub async fn close(&self) {
        self.finisher.flush().await;
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Takes the lock that tells whether this is the only process with the file open.
fn lock(database: &Path) -> Result<Option<File>, IntentsError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let file = File::options()
        .create(true)
        .append(true)
        .open(path)
        .map_err(IntentsError::Lock)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(IntentsError::Lock(error)),
    }
}
