//! The intents in `PostgreSQL`, for several worker processes at once.
//!
//! That the effects of a lane and stream go in order, one at a time, rests on this: a claim takes only what has no earlier
//! open row; what is done stays done; and no row appears below another (whoever inserts holds the planner's row). So what
//! a claim's snapshot shows as the first open row of its stream is the first for good, and the lock on that row decides
//! who gets it. The one exception, a done row that is sent again, shuts all claims out while it happens.
//!
//! Leases of a dead process run out; nobody can tell it from a slow one.

mod sql;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use events::envelope::Position;
use platform::postgres::{self, Migration, PostgresTarget, Schema};
use sqlx::{Connection, Error, PgConnection, PgPool};

use super::reading;
use super::writing::{self, micros};
use super::{End, FORGET_AT_ONCE, NewRow, SettledRow, Take};
use crate::intents::held::Claim;
use crate::intents::{
    Backlog, Claimed, IntentId, IntentsError, KeptFold, Lane, Parked, SettledCharge, Unsent,
};

/// The lanes, the finisher, the planner, the renewal and lists for people seldom want more at the same time.
const CONNECTIONS: u32 = 6;

/// The advisory lock between claims (shared) and what makes a done row open again (alone). Any number that nobody else
/// uses in this database does.
const CLAIMS_LOCK: i64 = 0x776f_726b;

pub(in crate::intents) const SCHEMA: Schema = Schema {
    name: "workers",
    migrations: &[
        Migration {
            version: 1,
            compatible_from: 1,
            sql: include_str!("../../../../../migrations/postgres/workers/0001_work.sql"),
        },
        Migration {
            version: 2,
            compatible_from: 1,
            sql: include_str!("../../../../../migrations/postgres/workers/0002_folds.sql"),
        },
    ],
};

#[derive(Debug, Clone)]
pub(in crate::intents) struct PostgresStore {
    pool: PgPool,
    owner: Arc<str>,
}

impl PostgresStore {
    pub async fn open(
        target: &PostgresTarget,
        log_head: Position,
        owner: Arc<str>,
    ) -> Result<Self, IntentsError> {
        let pool = target.by_index().pool(CONNECTIONS).await?;
        let mut connection = pool.acquire().await?;
        postgres::check(&mut connection, &SCHEMA).await?;
        note_origin(&mut connection, log_head).await?;
        drop(connection);
        Ok(Self { pool, owner })
    }

    pub async fn origin(&self) -> Result<Position, Error> {
        let origin: i64 = sqlx::query_scalar("SELECT origin FROM workers.planner")
            .fetch_one(&self.pool)
            .await?;
        Ok(origin.cast_unsigned())
    }

    pub async fn checkpoint(&self) -> Result<Position, Error> {
        let position: i64 = sqlx::query_scalar("SELECT position FROM workers.planner")
            .fetch_one(&self.pool)
            .await?;
        Ok(position.cast_unsigned())
    }

    pub async fn kept_fold(&self, name: &str) -> Result<Option<KeptFold>, Error> {
        let row: Option<(i64, String, String)> =
            sqlx::query_as("SELECT position, event_id::text, body FROM workers.folds WHERE name = $1")
                .bind(name)
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.map(|(position, event_id, body)| KeptFold {
            position: position.cast_unsigned(),
            event_id,
            body,
        }))
    }

    pub async fn keep_fold(&self, name: &str, fold: &KeptFold) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO workers.folds (name, position, event_id, body) VALUES ($1, $2, $3::uuid, $4)
            ON CONFLICT (name) DO UPDATE
            SET position = excluded.position, event_id = excluded.event_id, body = excluded.body",
        )
        .bind(name)
        .bind(fold.position.cast_signed())
        .bind(&fold.event_id)
        .bind(&fold.body)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub async fn plan(
        &self,
        (from, to): (Position, Position),
        new: &[NewRow],
        settled: &[SettledRow],
    ) -> Result<bool, Error> {
        let mut transaction = self.pool.begin().await?;
        let moved = sqlx::query("UPDATE workers.planner SET position = $1 WHERE position = $2")
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
        let mut transaction = self.pool.begin().await?;
        // One who inserts at a time: rows become visible in the order of their numbers.
        sqlx::query("SELECT position FROM workers.planner FOR UPDATE")
            .execute(&mut *transaction)
            .await?;
        insert(&mut transaction, new, settled).await?;
        transaction.commit().await
    }

    pub async fn claim(&self, take: &Take) -> Result<Vec<Result<Claimed, IntentsError>>, Error> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query("SELECT pg_advisory_xact_lock_shared($1)")
            .bind(CLAIMS_LOCK)
            .execute(&mut *transaction)
            .await?;
        // A statement of its own, so that its snapshot is younger than the lock.
        let rows = sqlx::query(sql::CLAIM)
            .bind(&*self.owner)
            .bind(micros(take.lease_until))
            .bind(take.lane.as_str())
            .bind(micros(take.now))
            .bind(i64::from(take.limit))
            .fetch_all(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(rows.iter().map(reading::claimed).collect())
    }

    pub async fn park(&self, id: IntentId, reason: &str, now: DateTime<Utc>) -> Result<(), Error> {
        sqlx::query(sql::PARK)
            .bind(reason)
            .bind(micros(now))
            .bind(id.0)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub async fn finish(&self, ends: &[End]) -> Result<Vec<Claim>, Error> {
        let rows = sqlx::query(sql::FINISH)
            .bind(writing::json(ends)?)
            .bind(&*self.owner)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(reading::claim).collect()
    }

    pub async fn renew(&self, claims: &[Claim], until: DateTime<Utc>) -> Result<(), Error> {
        let (ids, claims): (Vec<_>, Vec<_>) = claims
            .iter()
            .map(|(id, claims)| (id.0, i64::from(*claims)))
            .unzip();
        sqlx::query(sql::RENEW)
            .bind(micros(until))
            .bind(ids)
            .bind(claims)
            .bind(&*self.owner)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub async fn release(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        let released = sqlx::query(sql::RELEASE)
            .bind(micros(now))
            .bind(&*self.owner)
            .execute(&self.pool)
            .await?;
        Ok(released.rows_affected())
    }

    pub async fn next_due(&self, lane: Lane, after: DateTime<Utc>) -> Result<Option<i64>, Error> {
        sqlx::query_scalar(sql::NEXT_DUE)
            .bind(lane.as_str())
            .bind(micros(after))
            .fetch_one(&self.pool)
            .await
    }

    pub async fn parked(&self, after: IntentId, limit: u32) -> Result<Vec<Parked>, Error> {
        let rows = sqlx::query(sql::PARKED)
            .bind(after.0)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(reading::parked).collect()
    }

    pub async fn unsent(&self, after: IntentId, limit: u32) -> Result<Vec<Unsent>, Error> {
        let rows = sqlx::query(sql::UNSENT)
            .bind(after.0)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(reading::unsent).collect()
    }

    pub async fn resend(&self, id: IntentId, now: DateTime<Utc>) -> Result<bool, Error> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query("SELECT pg_advisory_xact_lock($1)")
            .bind(CLAIMS_LOCK)
            .execute(&mut *transaction)
            .await?;
        let put_back = sqlx::query(sql::RESEND)
            .bind(micros(now))
            .bind(id.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(put_back.rows_affected() == 1)
    }

    pub async fn backlog(&self) -> Result<Vec<Backlog>, Error> {
        let rows = sqlx::query(sql::BACKLOG).fetch_all(&self.pool).await?;
        rows.iter().map(reading::backlog).collect()
    }

    pub async fn tally(&self) -> Result<Vec<Backlog>, Error> {
        let rows = sqlx::query(sql::TALLY).fetch_all(&self.pool).await?;
        rows.iter().map(reading::backlog).collect()
    }

    pub async fn forget_done_before(&self, before: DateTime<Utc>) -> Result<u64, Error> {
        let deleted = sqlx::query(sql::FORGET)
            .bind(micros(before))
            .bind(i64::from(FORGET_AT_ONCE))
            .execute(&self.pool)
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
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(reading::settled_charge).collect()
    }

    pub async fn confirm_charges(&self, provider_references: &[String]) -> Result<(), Error> {
        sqlx::query(sql::CONFIRM_CHARGES)
            .bind(provider_references)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

async fn insert(connection: &mut PgConnection, new: &[NewRow], settled: &[SettledRow]) -> Result<(), Error> {
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

/// Notes where the log stood when the tables were made, if nobody has yet.
pub(in crate::intents) async fn found(
    target: &PostgresTarget,
    log_head: Position,
) -> Result<(), postgres::OpenError> {
    let mut connection = target.connect().await?;
    postgres::check(&mut connection, &SCHEMA).await?;
    note_origin(&mut connection, log_head).await?;
    Ok(connection.close().await?)
}

async fn note_origin(connection: &mut PgConnection, log_head: Position) -> Result<(), Error> {
    sqlx::query(sql::NOTE_ORIGIN)
        .bind(log_head.cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}
