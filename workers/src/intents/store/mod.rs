//! Where the intents stand: the database is chosen once, at start. Each adapter keeps the same rules with SQL of its
//! own; what the rows say is shared.
//!
//! When a statement runs, and what follows from it, is left to the callers.

mod postgres;
mod reading;
mod sqlite;
mod writing;

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use events::envelope::Position;
use platform::postgres::PostgresTarget;
use sqlx::Error;

use super::held::Claim;
use super::{Backlog, Claimed, IntentId, IntentsError, KeptFold, Lane, Parked, SettledCharge, Unsent};

pub(super) use postgres::{PostgresStore, SCHEMA as POSTGRES_SCHEMA, found as found_postgres};
pub(super) use sqlite::{SqliteStore, mark_restored};
pub(super) use writing::{End, NewRow, SettledRow};

/// The outcome of an effect that an earlier file may have carried out, and that can't be asked about. It stands literally
/// in the SQL: a database can use a partial index only if it knows the value beforehand.
const NOT_SENT: &str = "unknown, not sent";
/// Done rows deleted in one statement, so that no other writer waits long.
pub(super) const FORGET_AT_ONCE: u32 = 1_000;

#[derive(Debug, Clone)]
pub(super) enum Store {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
}

/// What a claim takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Take {
    pub lane: Lane,
    pub limit: u32,
    pub now: DateTime<Utc>,
    pub lease_until: DateTime<Utc>,
}

impl Store {
    pub async fn open_sqlite(
        path: &Path,
        log_head: Position,
        owner: Arc<str>,
        now: DateTime<Utc>,
    ) -> Result<Self, IntentsError> {
        Ok(Self::Sqlite(SqliteStore::open(path, log_head, owner, now).await?))
    }

    pub async fn open_postgres(
        target: &PostgresTarget,
        log_head: Position,
        owner: Arc<str>,
    ) -> Result<Self, IntentsError> {
        Ok(Self::Postgres(
            PostgresStore::open(target, log_head, owner).await?,
        ))
    }

    pub async fn origin(&self) -> Result<Position, Error> {
        match self {
            Self::Sqlite(store) => store.origin().await,
            Self::Postgres(store) => store.origin().await,
        }
    }

    pub async fn checkpoint(&self) -> Result<Position, Error> {
        match self {
            Self::Sqlite(store) => store.checkpoint().await,
            Self::Postgres(store) => store.checkpoint().await,
        }
    }

    /// Moves the checkpoint and inserts, or neither: `false` if the checkpoint isn't at `from`.
    pub async fn plan(
        &self,
        step: (Position, Position),
        new: &[NewRow],
        settled: &[SettledRow],
    ) -> Result<bool, Error> {
        match self {
            Self::Sqlite(store) => store.plan(step, new, settled).await,
            Self::Postgres(store) => store.plan(step, new, settled).await,
        }
    }

    pub async fn add(&self, new: &[NewRow], settled: &[SettledRow]) -> Result<(), Error> {
        match self {
            Self::Sqlite(store) => store.add(new, settled).await,
            Self::Postgres(store) => store.add(new, settled).await,
        }
    }

    /// Leases what is due, in the order of the log. A row that this program can't read is parked instead.
    pub async fn claim(&self, take: &Take) -> Result<Vec<Claimed>, IntentsError> {
        let rows = match self {
            Self::Sqlite(store) => store.claim(take).await?,
            Self::Postgres(store) => store.claim(take).await?,
        };
        let mut taken = Vec::with_capacity(rows.len());
        for row in rows {
            match row {
                Ok(claimed) => taken.push(claimed),
                Err(IntentsError::Unreadable { intent, reason }) => {
                    tracing::error!(%intent, reason, "an intent can't be read and is parked");
                    self.park(intent, &reason, take.now).await?;
                }
                Err(error) => return Err(error),
            }
        }
        taken.sort_by_key(|claimed| claimed.id);
        Ok(taken)
    }

    async fn park(&self, id: IntentId, reason: &str, now: DateTime<Utc>) -> Result<(), Error> {
        match self {
            Self::Sqlite(store) => store.park(id, reason, now).await,
            Self::Postgres(store) => store.park(id, reason, now).await,
        }
    }

    /// Ends leases, and says which of them still held.
    pub async fn finish(&self, ends: &[End]) -> Result<Vec<Claim>, Error> {
        match self {
            Self::Sqlite(store) => store.finish(ends).await,
            Self::Postgres(store) => store.finish(ends).await,
        }
    }

    /// Makes leases last until `until`, those of these claims that still hold.
    pub async fn renew(&self, claims: &[Claim], until: DateTime<Utc>) -> Result<(), Error> {
        match self {
            Self::Sqlite(store) => store.renew(claims, until).await,
            Self::Postgres(store) => store.renew(claims, until).await,
        }
    }

    /// Ends the leases of this owner; what they were for is due at once.
    pub async fn release(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        match self {
            Self::Sqlite(store) => store.release(now).await,
            Self::Postgres(store) => store.release(now).await,
        }
    }

    pub async fn next_due(&self, lane: Lane, after: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
        let due_at = match self {
            Self::Sqlite(store) => store.next_due(lane, after).await?,
            Self::Postgres(store) => store.next_due(lane, after).await?,
        };
        Ok(due_at.and_then(DateTime::from_timestamp_micros))
    }

    pub async fn parked(&self, after: IntentId, limit: u32) -> Result<Vec<Parked>, Error> {
        match self {
            Self::Sqlite(store) => store.parked(after, limit).await,
            Self::Postgres(store) => store.parked(after, limit).await,
        }
    }

    pub async fn unsent(&self, after: IntentId, limit: u32) -> Result<Vec<Unsent>, Error> {
        match self {
            Self::Sqlite(store) => store.unsent(after, limit).await,
            Self::Postgres(store) => store.unsent(after, limit).await,
        }
    }

    /// Whether it was there to be put back.
    pub async fn resend(&self, id: IntentId, now: DateTime<Utc>) -> Result<bool, Error> {
        match self {
            Self::Sqlite(store) => store.resend(id, now).await,
            Self::Postgres(store) => store.resend(id, now).await,
        }
    }

    pub async fn backlog(&self) -> Result<Vec<Backlog>, Error> {
        match self {
            Self::Sqlite(store) => store.backlog().await,
            Self::Postgres(store) => store.backlog().await,
        }
    }

    pub async fn tally(&self) -> Result<Vec<Backlog>, Error> {
        match self {
            Self::Sqlite(store) => store.tally().await,
            Self::Postgres(store) => store.tally().await,
        }
    }

    /// Deletes up to [`FORGET_AT_ONCE`] rows that were done before this time.
    pub async fn forget_done_before(&self, before: DateTime<Utc>) -> Result<u64, Error> {
        match self {
            Self::Sqlite(store) => store.forget_done_before(before).await,
            Self::Postgres(store) => store.forget_done_before(before).await,
        }
    }

    pub async fn charges_to_confirm(
        &self,
        settled_before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<SettledCharge>, Error> {
        match self {
            Self::Sqlite(store) => store.charges_to_confirm(settled_before, limit).await,
            Self::Postgres(store) => store.charges_to_confirm(settled_before, limit).await,
        }
    }

    pub async fn confirm_charges(&self, provider_references: &[String]) -> Result<(), Error> {
        match self {
            Self::Sqlite(store) => store.confirm_charges(provider_references).await,
            Self::Postgres(store) => store.confirm_charges(provider_references).await,
        }
    }

    pub async fn kept_fold(&self, name: &str) -> Result<Option<KeptFold>, Error> {
        match self {
            Self::Sqlite(store) => store.kept_fold(name).await,
            Self::Postgres(store) => store.kept_fold(name).await,
        }
    }

    pub async fn keep_fold(&self, name: &str, fold: &KeptFold) -> Result<(), Error> {
        match self {
            Self::Sqlite(store) => store.keep_fold(name, fold).await,
            Self::Postgres(store) => store.keep_fold(name, fold).await,
        }
    }

    pub async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }
}
