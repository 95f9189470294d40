//! The writer's one connection: never waited for without a bound, and opened again after whatever has broken it.

use std::time::Duration;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Connection, PgConnection, Postgres};
use tokio::time::Instant;

use super::SCHEMA;
use crate::postgres::{self, OpenError, PostgresTarget, within};

/// How long a statement's answer is waited for. Above the server's own timeout, which gives the clearer error; this one
/// is for a server that is gone without a word.
const ANSWER_PATIENCE: Duration = Duration::from_secs(25);

/// How long one attempt to connect may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(3);

/// For how long a lost connection is tried to be replaced before the appends that wait are told so. A server that
/// restarts, or one that takes over, is often back by then.
const RECONNECT_PATIENCE: Duration = Duration::from_secs(3);

/// The first pause between two attempts; each one after it is twice as long.
const RECONNECT_DELAY: Duration = Duration::from_millis(50);

pub(super) struct Session {
    target: PostgresTarget,
    /// None after a failure that may have broken it.
    connection: Option<PgConnection>,
    /// No connection could be had the last time. The next time one attempt must do, or a long queue of appends would
    /// wait for as many rounds of them.
    down: bool,
}

impl Session {
    /// Connects, and refuses a schema that this program doesn't know.
    pub async fn open(target: PostgresTarget) -> Result<Self, OpenError> {
        let mut connection = connect(&target).await?;
        postgres::check(&mut connection, &SCHEMA).await?;
        Ok(Self {
            target,
            connection: Some(connection),
            down: false,
        })
    }

    pub async fn run(&mut self, query: Query<'_, Postgres, PgArguments>) -> Result<Vec<PgRow>, sqlx::Error> {
        let connection = self.connection.as_mut().ok_or_else(lost)?;
        let result = within(ANSWER_PATIENCE, query.fetch_all(connection)).await;
        self.keep_if_usable(result)
    }

    /// Like `run`, for several statements in one text, and no values.
    pub async fn run_text(&mut self, statements: &'static str) -> Result<Vec<PgRow>, sqlx::Error> {
        let connection = self.connection.as_mut().ok_or_else(lost)?;
        let result = within(ANSWER_PATIENCE, sqlx::raw_sql(statements).fetch_all(connection)).await;
        self.keep_if_usable(result)
    }

    /// Only what the server itself has said leaves the connection in a state that is known.
    fn keep_if_usable<T>(&mut self, result: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        if let Err(error) = &result
            && error.as_database_error().is_none()
        {
            self.give_up();
        }
        result
    }

    /// Drops the connection. The server ends its transaction when it notices.
    pub fn give_up(&mut self) {
        self.connection = None;
    }

    pub fn is_open(&self) -> bool {
        self.connection.is_some()
    }

    /// Opens a new connection, with a few attempts if the last one was fine.
    pub async fn reconnect(&mut self) -> Result<(), sqlx::Error> {
        let until = Instant::now() + RECONNECT_PATIENCE;
        let mut delay = RECONNECT_DELAY;
        loop {
            match connect(&self.target).await {
                Ok(connection) => {
                    self.connection = Some(connection);
                    self.down = false;
                    tracing::info!("the event log's writer has a new connection");
                    return Ok(());
                }
                Err(error) if self.down || Instant::now() + delay > until => {
                    self.down = true;
                    return Err(error);
                }
                Err(error) => tracing::debug!(%error, "PostgreSQL can't be reached; trying again"),
            }
            tokio::time::sleep(delay).await;
            delay *= 2;
        }
    }

    pub async fn close(mut self) -> Result<(), sqlx::Error> {
        match self.connection.take() {
            Some(connection) => within(CONNECT_PATIENCE, connection.close()).await,
            None => Ok(()),
        }
    }
}

async fn connect(target: &PostgresTarget) -> Result<PgConnection, sqlx::Error> {
    within(CONNECT_PATIENCE, async {
        let mut connection = PgConnection::connect_with(target.options()).await?;
        postgres::commit_durably(&mut connection).await?;
        Ok(connection)
    })
    .await
}

fn lost() -> sqlx::Error {
    std::io::Error::new(std::io::ErrorKind::NotConnected, "the connection is lost").into()
}
