//! The event log in `PostgreSQL`: everything that every adapter must do, and what a server adds to it.

mod faults;

use events::envelope::Position;
use platform::event_log::conformance::LogFixture;
use platform::event_log::{EventLog, LogOptions, OpenError, POSTGRES_SCHEMA};
use platform::postgres::{self, PostgresTarget};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::one;
use crate::corner::Database;

/// A log in a database of its own.
struct PostgresFixture {
    database: Database,
}

impl LogFixture for PostgresFixture {
    const CASES: u32 = 12;

    fn new() -> Self {
        Self {
            database: Database::new(POSTGRES_SCHEMA),
        }
    }

    async fn open(&self, options: LogOptions) -> EventLog {
        EventLog::open_postgres(&self.database.target().await, options)
            .await
            .unwrap()
    }
}

platform::log_conformance!(
    #[ignore = "needs servers: cargo xtask test"]
    PostgresFixture
);

impl PostgresFixture {
    /// The log as a process of this name has it.
    async fn open_as(&self, process: &str) -> EventLog {
        let target = self.database.target_named(process).await;
        EventLog::open_postgres(&target, LogOptions::default())
            .await
            .unwrap()
    }
}

async fn run(connection: &mut PgConnection, statements: &'static str) {
    sqlx::raw_sql(statements).execute(connection).await.unwrap();
}

async fn positions(log: &EventLog) -> Vec<Position> {
    let events = log.read(0, EventLog::READ_LIMIT).await.unwrap();
    events.iter().map(|event| event.position).collect()
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn two_processes_at_once_leave_no_gap() {
    let fixture = PostgresFixture::new();
    let logs = [fixture.open_as("here").await, fixture.open_as("there").await];
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..200 {
        let log = logs[task % 2].clone();
        // Every fourth is a conflict and must take no position with it.
        let key = if task % 4 == 0 {
            "shared".to_owned()
        } else {
            task.to_string()
        };
        tasks.spawn(async move { log.append(one(&key)).await });
    }
    let answers = tasks.join_all().await;
    let mut answered: Vec<Position> = answers
        .iter()
        .flatten()
        .map(|appended| appended.position)
        .collect();
    answered.sort_unstable();
    assert_eq!(answered.len(), 151);
    assert_eq!(answered, (1..=151).collect::<Vec<Position>>());
    assert_eq!(positions(&logs[1]).await, answered);
    for log in logs {
        log.close().await;
    }
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn an_event_is_never_changed_or_deleted() {
    let fixture = PostgresFixture::new();
    let log = fixture.open(LogOptions::default()).await;
    log.append(one("a")).await.unwrap();
    let mut connection = fixture.database.connect().await;
    for attempt in [
        "UPDATE event_log.events SET payload = '{}'",
        "UPDATE event_log.events SET payload = '{}' WHERE false",
        "DELETE FROM event_log.events",
        "TRUNCATE event_log.events",
    ] {
        let refused = sqlx::raw_sql(attempt).execute(&mut connection).await.unwrap_err();
        assert!(
            refused.to_string().contains("append-only"),
            "{attempt}: {refused}"
        );
    }
    assert_eq!(positions(&log).await, [1]);
    log.close().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_newer_schema_is_used_while_it_says_that_it_can_be() {
    let target = PostgresTarget::parse(&test_servers::new_database().await, "test").unwrap();
    postgres::migrate(&target, &POSTGRES_SCHEMA).await.unwrap();
    let mut connection = target.connect().await.unwrap();
    run(
        &mut connection,
        "INSERT INTO event_log.schema_version SELECT 1000, max(version) FROM event_log.schema_version",
    )
    .await;
    connection.close().await.unwrap();

    let log = EventLog::open_postgres(&target, LogOptions::default())
        .await
        .unwrap();
    assert_eq!(log.head().await.unwrap(), 0);
    log.close().await;
    // Its migration has nothing to do there, either.
    postgres::migrate(&target, &POSTGRES_SCHEMA).await.unwrap();
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_schema_that_is_missing_or_too_new_is_refused_and_not_touched() {
    let target = PostgresTarget::parse(&test_servers::new_database().await, "test").unwrap();
    let opened = EventLog::open_postgres(&target, LogOptions::default()).await;
    let Err(OpenError::Postgres(postgres::OpenError::OlderSchema { schema, found, .. })) = opened else {
        panic!("opened a database without a log: {opened:?}")
    };
    assert_eq!((schema, found), ("event_log", 0));
    let mut connection = target.connect().await.unwrap();
    let made: bool = sqlx::query_scalar("SELECT to_regnamespace('event_log') IS NOT NULL")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert!(!made);

    postgres::migrate(&target, &POSTGRES_SCHEMA).await.unwrap();
    run(
        &mut connection,
        "INSERT INTO event_log.schema_version VALUES (1000, 1000)",
    )
    .await;
    let opened = EventLog::open_postgres(&target, LogOptions::default()).await;
    assert!(matches!(
        opened,
        Err(OpenError::Postgres(postgres::OpenError::NewerSchema {
            found: 1_000,
            ..
        }))
    ));
    connection.close().await.unwrap();
}

/// A server that answers before a commit is on the disk is overruled; nobody else's setting is.
#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn commits_are_durable_whatever_the_servers_default() {
    let fixture = PostgresFixture::new();
    let mut connection = fixture.database.connect().await;
    for (default, expected) in [("off", "on"), ("local", "local"), ("on", "on")] {
        let name: String = sqlx::query_scalar("SELECT current_database()::text")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        sqlx::query(AssertSqlSafe(format!(
            "ALTER DATABASE {name} SET synchronous_commit = {default}"
        )))
        .execute(&mut connection)
        .await
        .unwrap();
        let mut session = fixture.database.connect().await;
        postgres::commit_durably(&mut session).await.unwrap();
        let setting: String = sqlx::query_scalar("SELECT current_setting('synchronous_commit')")
            .fetch_one(&mut session)
            .await
            .unwrap();
        assert_eq!(setting, expected, "{default}");
        session.close().await.unwrap();
    }
    connection.close().await.unwrap();
}
