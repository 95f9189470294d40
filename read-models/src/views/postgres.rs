//! The views in `PostgreSQL`: a schema of their own, written by the projectors, read by whoever has been granted it.
//!
//! The generations' tables come and go while everything runs, so a migration only makes the registry of them; the
//! projector makes the rest. Its user must be the one that migrates: what it makes is then readable for those
//! who were granted to read.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use platform::postgres::{self, Migration, OpenError, PostgresTarget, Schema};
use sqlx::ConnectOptions;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};

use super::{Views, ViewsError, begin_write, prepare, versions};
use crate::dialect::Dialect;
use crate::positions::Positions;
use crate::store::StoreError;
use crate::view_name::ViewName;

/// The registry of generations.
pub const POSTGRES_SCHEMA: Schema = Schema {
    name: "views",
    migrations: &[Migration {
        version: 1,
        compatible_from: 1,
        sql: include_str!("../../../migrations/postgres/views/0001_views.sql"),
    }],
};

/// Readers at once of one process: a query takes a few round trips of a fraction of a millisecond each, so these do
/// thousands of queries a second, and a dozen processes still fit into a server's usual 100 to 200 connections.
const READERS: u32 = 8;

/// Writers of one process. They exclude each other anyway, and wait here without troubling the server.
const WRITERS: u32 = 1;

/// How long a task waits for a free connection, also while the server restarts, before it is told that there is none.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a writer waits for another one's batch, and whoever reads for a swap: far longer than either takes. One that
/// hangs loses its transaction before that.
const LOCK_TIMEOUT: &str = "10s";

/// Prepared statements that each connection keeps. The writer has about 35 tables with 3 statements in 5 sizes each, of
/// which most are never needed, and as many again for a generation that is filled beside.
const STATEMENTS_KEPT: &str = "1024";

impl Views {
    /// Opens the views to write them, and creates every view that isn't there yet. Several processes may do so at once.
    ///
    /// Fails with [`OpenError::OlderSchema`] before `tillstream migrate` has been run.
    pub async fn open_postgres_writer(target: &PostgresTarget) -> Result<Self, ViewsError> {
        Self::open_postgres_writer_with(target, ViewName::version).await
    }

    /// As [`Self::open_postgres_writer`], but the views have other versions than the program's own.
    pub async fn open_postgres_writer_with(
        target: &PostgresTarget,
        version: impl Fn(ViewName) -> u64,
    ) -> Result<Self, ViewsError> {
        check(target).await?;
        connect_writer(target, versions(version)).await
    }

    /// Opens the views to read them, as a user that need be able to do nothing else, on the server itself or a replica of
    /// it. A view that no projector has created yet is [`StoreError::NotReady`] to who asks for it.
    ///
    /// Such a process learns by [`follow`](Self::follow) how far the views are.
    pub async fn open_postgres_reader(target: &PostgresTarget) -> Result<Self, ViewsError> {
        check(target).await?;
        let reader = pool(READERS)
            .connect_with(reading(target)?)
            .await
            .map_err(StoreError::from)?;
        let versions = versions(ViewName::version);
        let views = Self::new(Dialect::Postgres, None, reader, versions, Positions::default());
        let positions = views.stored_positions().await?;
        views.publish(ViewName::ALL.map(|view| (view, positions.of(view))));
        Ok(views)
    }
}

async fn check(target: &PostgresTarget) -> Result<(), OpenError> {
    sqlx::any::install_default_drivers();
    let mut connection = target.connect().await?;
    postgres::check(&mut connection, &POSTGRES_SCHEMA).await?;
    Ok(sqlx::Connection::close(connection).await?)
}

async fn connect_writer(
    target: &PostgresTarget,
    versions: HashMap<ViewName, u64>,
) -> Result<Views, ViewsError> {
    let (writing, reading) = (connect_options(&target.by_index(), "")?, reading(target)?);
    let opened = async {
        let writer = pool(WRITERS).connect_with(writing).await?;
        let mut tx = begin_write(&writer, Dialect::Postgres).await?;
        let positions = prepare(&mut tx, &versions).await?;
        tx.commit().await?;
        let reader = pool(READERS).connect_with(reading).await?;
        let dialect = Dialect::Postgres;
        Ok::<_, StoreError>(Views::new(dialect, Some(writer), reader, versions, positions))
    };
    Ok(opened.await?)
}

fn pool(connections: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
}

fn reading(target: &PostgresTarget) -> Result<AnyConnectOptions, OpenError> {
    connect_options(target, " -c default_transaction_read_only=on")
}

/// The target as the `Any` driver takes it, which is by URL alone.
fn connect_options(target: &PostgresTarget, settings: &str) -> Result<AnyConnectOptions, OpenError> {
    let mut options = AnyConnectOptions::from_str(target.url()).map_err(|_| OpenError::Url)?;
    let given = target.options();
    let all = given.get_options().unwrap_or_default();
    let schema = POSTGRES_SCHEMA.name;
    options
        .database_url
        .query_pairs_mut()
        .append_pair(
            "application_name",
            given.get_application_name().unwrap_or_default(),
        )
        .append_pair(
            "options",
            &format!("{all} -c search_path={schema} -c lock_timeout={LOCK_TIMEOUT}{settings}"),
        )
        .append_pair("statement-cache-capacity", STATEMENTS_KEPT);
    Ok(options.disable_statement_logging())
}
