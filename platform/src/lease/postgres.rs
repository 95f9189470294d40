//! A lease as a row: who has it, and until when by the server's clock. Processes' clocks need not agree.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, PgPool};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::LeaseOptions;
use crate::postgres::{self, Migration, OpenError, PostgresTarget, Schema, within};

pub(super) const SCHEMA: Schema = Schema {
    name: "leases",
    migrations: &[Migration {
        version: 1,
        compatible_from: 1,
        sql: include_str!("../../../migrations/postgres/leases/0001_leases.sql"),
    }],
};

// Nothing is written while another holder's time runs. Two that come at once are told apart by the row's lock, and the
// second sees what the first has made of it. now() is when the statement began, so a wait for the lock only shortens the
// time that is given.
const TAKE: &str = "INSERT INTO leases.leases AS lease (name, holder, held_until)
    SELECT $1, $2, now() + $3 * interval '1 millisecond'
    WHERE NOT EXISTS (
        SELECT FROM leases.leases WHERE name = $1 AND holder <> $2 AND held_until >= now()
    )
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
        WHERE lease.holder = excluded.holder OR lease.held_until < now()
    RETURNING true";

// Also after its time has run out: as long as nobody else has come, nothing is lost.
const RENEW: &str = "UPDATE leases.leases SET held_until = now() + $3 * interval '1 millisecond'
    WHERE name = $1 AND holder = $2 RETURNING true";

const RELEASE: &str = "DELETE FROM leases.leases WHERE name = $1 AND holder = $2 RETURNING true";

/// A row of the leases.
#[derive(Debug, Clone)]
pub(super) struct PostgresLease {
    pool: PgPool,
    name: Arc<str>,
    options: LeaseOptions,
    /// Whether it was told already that the database can't be reached.
    failing: Arc<AtomicBool>,
}

impl PostgresLease {
    pub async fn open(
        target: &PostgresTarget,
        name: String,
        options: LeaseOptions,
    ) -> Result<Self, OpenError> {
        // An answer that comes later than the next renewal is due is worth nothing.
        let patience = options.renew_every();
        let timeout_ms = patience.as_millis().to_string();
        let target = target.with_setting("statement_timeout", &timeout_ms);
        let mut connection = target.connect().await?;
        postgres::check(&mut connection, &SCHEMA).await?;
        connection.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(patience)
            .connect_lazy_with(target.options().clone());
        Ok(Self {
            pool,
            name: name.into(),
            options,
            failing: Arc::default(),
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn options(&self) -> LeaseOptions {
        self.options
    }

    /// Waits until the holder has it, and says when the work must stop if it isn't renewed. `None` at shutdown.
    pub async fn take(&self, holder: Uuid, shutdown: &CancellationToken) -> Option<Instant> {
        while !shutdown.is_cancelled() {
            let asked_at = Instant::now();
            let stop_at = asked_at + self.options.stop_after();
            match self.change(TAKE, holder).await {
                Ok(true) if Instant::now() < stop_at => return Some(stop_at),
                Ok(_) => {}
                Err(error) => self.tell(&error),
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(self.options.look_every()) => {}
            }
        }
        // A shutdown may come between the taking and the work.
        self.release(holder).await;
        None
    }

    /// Whether it is still the holder's.
    pub async fn renew(&self, holder: Uuid) -> Result<bool, sqlx::Error> {
        self.change(RENEW, holder).await
    }

    /// Lets others have it at once. If that fails, they have it when its time has run out.
    pub async fn release(&self, holder: Uuid) {
        if let Err(error) = self.change(RELEASE, holder).await {
            tracing::debug!(%error, lease = self.name(), "the lease can't be released; it runs out by itself");
        }
    }

    /// Whether the statement has found a row to change.
    async fn change(&self, statement: &'static str, holder: Uuid) -> Result<bool, sqlx::Error> {
        let ttl_ms = i64::try_from(self.options.ttl().as_millis()).unwrap_or(i64::MAX);
        let query = sqlx::query_scalar::<_, bool>(statement)
            .bind(&*self.name)
            .bind(holder);
        let query = if statement == RELEASE {
            query
        } else {
            query.bind(ttl_ms)
        };
        let found = within(self.patience(), query.fetch_optional(&self.pool)).await?;
        if self.failing.swap(false, Ordering::Relaxed) {
            tracing::info!(lease = self.name(), "the lease's database answers again");
        }
        Ok(found.is_some())
    }

    /// Once per outage: it may last for hours.
    pub fn tell(&self, error: &sqlx::Error) {
        if !self.failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, lease = self.name(), "the lease's database doesn't answer; trying again");
        }
    }

    fn patience(&self) -> Duration {
        self.options.renew_every()
    }
}
