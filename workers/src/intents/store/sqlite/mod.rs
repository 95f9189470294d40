//! The intents in a `SQLite` file. Its one writer makes every statement see the one before it, in all processes.

mod sql;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use events::envelope::Position;
use platform::sqlite::{self, Durability};
use sqlx::{Error, SqliteConnection, SqlitePool};

use super::reading;
use super::writing::{self, micros};
use super::{End, FORGET_AT_ONCE, NewRow, SettledRow, Take};
use crate::intents::held::Claim;
use crate::intents::{
    Backlog, Claimed, IntentId, IntentsError, KeptFold, Lane, Parked, SettledCharge, Unsent,
};

/// Connections that read beside the writer: lists for people and metrics, never the hot path.
const READERS: u32 = 2;

const MIGRATIONS: &[(u32, &str)] = &[
    (
        1,
        include_str!("../../../../../migrations/sqlite/workers/0001_work.sql"),
    ),
    (
        2,
        include_str!("../../../../../migrations/sqlite/workers/0002_folds.sql"),
    ),
];

#[derive(Debug, Clone)]
pub(in crate::intents) struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    owner: Arc<str>,
    /// Held for as long as anybody uses this; the system lets go of it when the process dies.
    _lock: Option<Arc<File>>,
}

/// See [`super::super::mark_restored`].
pub(in crate::intents) async fn mark_restored(path: &Path) -> Result<u64, IntentsError> {
    let writer = sqlite::open_writer_pool(path, Durability::Full).await?;
    let marked = sqlx::query(sql::MARK_RESTORED)
        .bind(Lane::Settlement.as_str())
        .execute(&writer)
        .await?;
    writer.close().await;
    Ok(marked.rows_affected())
}

impl SqliteStore {
    pub async fn open(
        path: &Path,
        log_head: Position,
        owner: Arc<str>,
        now: DateTime<Utc>,
    ) -> Result<Self, IntentsError> {
        let writer = sqlite::open_writer_pool(path, Durability::Full).await?;
        let lock = lock(path)?;
        let mut connection = writer.acquire().await?;
        sqlite::apply_migrations(&mut connection, MIGRATIONS).await?;
        sqlx::query(
            "INSERT INTO planner (id, position, origin) VALUES (1, 0, $1) ON CONFLICT (id) DO NOTHING",
        )
        .bind(log_head.cast_signed())
        .execute(&mut *connection)
        .await?;
        if lock.is_some() {
            let released = sqlx::query(sql::RELEASE_ALL)
                .bind(micros(now))
                .execute(&mut *connection)
                .await?
                .rows_affected();
            tracing::debug!(released, "took over the leases of an earlier process");
        }
        drop(connection);
        Ok(Self {
            readers: sqlite::open_readers(path, READERS).await?,
            writer,
            owner,
            _lock: lock.map(Arc::new),
        })
    }

    pub async fn origin(&self) -> Result<Position, Error> {
        let origin: i64 = sqlx::query_scalar("SELECT origin FROM planner")
            .fetch_one(&self.readers)
            .await?;
        Ok(origin.cast_unsigned())
    }

    pub async fn checkpoint(&self) -> Result<Position, Error> {
        let position: i64 = sqlx::query_scalar("SELECT position FROM planner")
            .fetch_one(&self.readers)
            .await?;
        Ok(position.cast_unsigned())
    }

    pub async fn kept_fold(&self, name: &str) -> Result<Option<KeptFold>, Error> {
        let row: Option<(i64, String, String)> =
            sqlx::query_as("SELECT position, event_id, body FROM folds WHERE name = $1")
                .bind(name)
                .fetch_optional(&self.readers)
                .await?;
        Ok(row.map(|(position, event_id, body)| KeptFold {
            position: position.cast_unsigned(),
            event_id,
            body,
        }))
    }

    pub async fn keep_fold(&self, name: &str, fold: &KeptFold) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO folds (name, position, event_id, body) VALUES ($1, $2, $3, $4)
            ON CONFLICT (name) DO UPDATE
            SET position = excluded.position, event_id = excluded.event_id, body = excluded.body",
        )
        .bind(name)
        .bind(fold.position.cast_signed())
        .bind(&fold.event_id)
        .bind(&fold.body)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    pub async fn plan(
        &self,
        (from, to): (Position, Position),
        new: &[NewRow],
        settled: &[SettledRow],
    ) -> Result<bool, Error> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let moved = sqlx::query("UPDATE planner SET position = $1 WHERE position = $2")
            .bind(to.cast_signed())
            .bind(from.cast_signed())
            .execute(&mut *transaction)
            .await?;
        if moved.rows_affected() == 0 {
            return Ok(false);
        }
        insert(&mut transaction, new, settled).await?;
        transaction.commit().await?;
        Ok(true)
    }

    pub async fn add(&self, new: &[NewRow], settled: &[SettledRow]) -> Result<(), Error> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        insert(&mut transaction, new, settled).await?;
        transaction.commit().await
    }

    pub async fn claim(&self, take: &Take) -> Result<Vec<Result<Claimed, IntentsError>>, Error> {
        let rows = sqlx::query(sql::CLAIM)
            .bind(&*self.owner)
            .bind(micros(take.lease_until))
            .bind(take.lane.as_str())
            .bind(micros(take.now))
            .bind(take.limit)
            .fetch_all(&self.writer)
            .await?;
        Ok(rows.iter().map(reading::claimed).collect())
    }

    pub async fn park(&self, id: IntentId, reason: &str, now: DateTime<Utc>) -> Result<(), Error> {
        sqlx::query(sql::PARK)
            .bind(reason)
            .bind(micros(now))
            .bind(id.0)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub async fn finish(&self, ends: &[End]) -> Result<Vec<Claim>, Error> {
        let rows = sqlx::query(sql::FINISH)
            .bind(writing::json(ends)?)
            .bind(&*self.owner)
            .fetch_all(&self.writer)
            .await?;
        rows.iter().map(reading::claim).collect()
    }

    pub async fn renew(&self, claims: &[Claim], until: DateTime<Utc>) -> Result<(), Error> {
        let claims: Vec<_> = claims.iter().map(|(id, claims)| (id.0, claims)).collect();
        sqlx::query(sql::RENEW)
            .bind(micros(until))
            .bind(writing::json(&claims)?)
            .bind(&*self.owner)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub async fn release(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        let released = sqlx::query(sql::RELEASE)
            .bind(micros(now))
            .bind(&*self.owner)
            .execute(&self.writer)
            .await?;
        Ok(released.rows_affected())
    }

    pub async fn next_due(&self, lane: Lane, after: DateTime<Utc>) -> Result<Option<i64>, Error> {
        sqlx::query_scalar(sql::NEXT_DUE)
            .bind(lane.as_str())
            .bind(micros(after))
            .fetch_one(&self.readers)
            .await
    }

    pub async fn parked(&self, after: IntentId, limit: u32) -> Result<Vec<Parked>, Error> {
        let rows = sqlx::query(sql::PARKED)
            .bind(after.0)
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(reading::parked).collect()
    }

    pub async fn unsent(&self, after: IntentId, limit: u32) -> Result<Vec<Unsent>, Error> {
        let rows = sqlx::query(sql::UNSENT)
            .bind(after.0)
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(reading::unsent).collect()
    }

    pub async fn resend(&self, id: IntentId, now: DateTime<Utc>) -> Result<bool, Error> {
        let put_back = sqlx::query(sql::RESEND)
            .bind(micros(now))
            .bind(id.0)
            .execute(&self.writer)
            .await?;
        Ok(put_back.rows_affected() == 1)
    }

    pub async fn backlog(&self) -> Result<Vec<Backlog>, Error> {
        let rows = sqlx::query(sql::BACKLOG).fetch_all(&self.readers).await?;
        rows.iter().map(reading::backlog).collect()
    }

    pub async fn tally(&self) -> Result<Vec<Backlog>, Error> {
        let rows = sqlx::query(sql::TALLY).fetch_all(&self.readers).await?;
        rows.iter().map(reading::backlog).collect()
    }

    pub async fn forget_done_before(&self, before: DateTime<Utc>) -> Result<u64, Error> {
        let deleted = sqlx::query(sql::FORGET)
            .bind(micros(before))
            .bind(FORGET_AT_ONCE)
            .execute(&self.writer)
            .await?;
        Ok(deleted.rows_affected())
    }

    pub async fn charges_to_confirm(
        &self,
        settled_before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<SettledCharge>, Error> {
        let rows = sqlx::query(sql::CHARGES_TO_CONFIRM)
            .bind(micros(settled_before))
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(reading::settled_charge).collect()
    }

    pub async fn confirm_charges(&self, provider_references: &[String]) -> Result<(), Error> {
        sqlx::query(sql::CONFIRM_CHARGES)
            .bind(writing::json(provider_references)?)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

async fn insert(
    connection: &mut SqliteConnection,
    new: &[NewRow],
    settled: &[SettledRow],
) -> Result<(), Error> {
    if !new.is_empty() {
        sqlx::query(sql::INSERT)
            .bind(writing::json(new)?)
            .execute(&mut *connection)
            .await?;
    }
    if !settled.is_empty() {
        sqlx::query(sql::NOTE_SETTLED)
            .bind(writing::json(settled)?)
            .execute(connection)
            .await?;
    }
    Ok(())
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
