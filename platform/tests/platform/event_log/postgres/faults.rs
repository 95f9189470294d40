//! What only a server can go wrong in: processes that hang, connections that die, a server that goes away.

use std::time::Duration;

use events::envelope::StreamId;
use platform::event_log::conformance::LogFixture;
use platform::event_log::{Append, AppendError, EventLog, IdempotencyKey, LogOptions};
use platform::postgres::PostgresTarget;
use sqlx::PgConnection;

use super::{PostgresFixture, positions, run};
use crate::event_log::one;
use crate::proxy::Proxy;

/// Waits until a backend of the process waits for a lock, and answers with its id.
async fn waiting_for_a_lock(watcher: &mut PgConnection, process: &str) -> i32 {
    loop {
        let waiting: Option<i32> = sqlx::query_scalar(
            "SELECT pid FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = $1 AND wait_event_type = 'Lock'",
        )
        .bind(process)
        .fetch_optional(&mut *watcher)
        .await
        .unwrap();
        match waiting {
            Some(pid) => return pid,
            None => tokio::task::yield_now().await,
        }
    }
}

async fn terminate(watcher: &mut PgConnection, pid: i32) {
    let terminated: bool = sqlx::query_scalar("SELECT pg_terminate_backend($1)")
        .bind(pid)
        .fetch_one(watcher)
        .await
        .unwrap();
    assert!(terminated);
}

fn with_key(append: Append) -> Append {
    let key = IdempotencyKey {
        scope: "caller".to_owned(),
        key: "k".to_owned(),
        fingerprint: "print".to_owned(),
    };
    Append {
        idempotency: Some((key, "{}".to_owned())),
        ..append
    }
}

/// A process that is stopped in the middle of its transaction (SIGSTOP, a lost network) has the log's head locked.
#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_writer_that_hangs_is_thrown_out_and_comes_back_to_nothing() {
    let fixture = PostgresFixture::new();
    let log = fixture.open_as("healthy").await;
    let mut hung = fixture.database.connect().await;
    run(
        &mut hung,
        "BEGIN; SELECT position FROM event_log.log_head FOR UPDATE;
         UPDATE event_log.log_head SET position = 1;
         INSERT INTO event_log.events VALUES
             (1, 'test-a', 1, gen_random_uuid(), 'Hung', 1, '{}', 0, 'system', gen_random_uuid())",
    )
    .await;
    assert_eq!(log.append(one("a")).await.unwrap().position, 1);
    let woken = sqlx::raw_sql("COMMIT").execute(&mut hung).await;
    assert!(woken.is_err(), "its transaction is gone");
    let events = log.read(0, 10).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event_type, "SomethingHappened");
    log.close().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_connection_that_dies_before_anything_is_written_is_replaced_unnoticed() {
    let fixture = PostgresFixture::new();
    let log = fixture.open_as("victim").await;
    log.append(one("before")).await.unwrap();
    let mut watcher = fixture.database.connect().await;

    let mut holder = fixture.database.connect().await;
    run(
        &mut holder,
        "BEGIN; SELECT position FROM event_log.log_head FOR UPDATE",
    )
    .await;
    let pending = log.reserve().await.unwrap().send(one("during"));
    let first = waiting_for_a_lock(&mut watcher, "victim").await;
    terminate(&mut watcher, first).await;
    let second = loop {
        let pid = waiting_for_a_lock(&mut watcher, "victim").await;
        if pid != first {
            break pid;
        }
    };
    assert_ne!(first, second);
    run(&mut holder, "ROLLBACK").await;
    assert_eq!(pending.await.unwrap().position, 2);

    // And one that dies while it has nothing to do.
    terminate(&mut watcher, second).await;
    assert_eq!(log.append(one("after")).await.unwrap().position, 3);
    assert_eq!(positions(&log).await, [1, 2, 3]);
    log.close().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_connection_that_dies_in_the_middle_is_told_and_the_log_goes_on() {
    let fixture = PostgresFixture::new();
    let (log, other) = (fixture.open_as("victim").await, fixture.open_as("other").await);
    log.append(one("before")).await.unwrap();
    let mut watcher = fixture.database.connect().await;

    // The head's lock is taken and the events are written; the outcome can't be.
    let mut saboteur = fixture.database.connect().await;
    run(
        &mut saboteur,
        "BEGIN; LOCK TABLE event_log.outcomes IN SHARE MODE",
    )
    .await;
    let pending = log.reserve().await.unwrap().send(with_key(one("during")));
    let victim = waiting_for_a_lock(&mut watcher, "victim").await;
    terminate(&mut watcher, victim).await;
    assert!(matches!(pending.await, Err(AppendError::Unavailable { .. })));
    run(&mut saboteur, "ROLLBACK").await;

    assert_eq!(other.append(one("other")).await.unwrap().position, 2);
    assert_eq!(log.append(with_key(one("during"))).await.unwrap().position, 3);
    assert_eq!(positions(&log).await, [1, 2, 3]);
    log.close().await;
    other.close().await;
}

/// A full disk, say: the batch is told, and the log recovers.
#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_failed_transaction_is_answered_and_the_writer_goes_on() {
    let fixture = PostgresFixture::new();
    let log = fixture.open(LogOptions::default()).await;
    let mut saboteur = fixture.database.connect().await;
    run(
        &mut saboteur,
        "CREATE FUNCTION sabotage() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'sabotage'; END $$;
         CREATE TRIGGER sabotage BEFORE INSERT ON event_log.events EXECUTE FUNCTION sabotage()",
    )
    .await;
    let failed = log.append(one("failed")).await;
    assert!(matches!(failed, Err(AppendError::Unavailable { reason }) if reason.contains("sabotage")));
    run(&mut saboteur, "DROP TRIGGER sabotage ON event_log.events").await;
    assert_eq!(log.append(one("failed")).await.unwrap().position, 1);
    log.close().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_server_that_is_away_is_told_and_a_server_that_is_back_is_found() {
    let fixture = PostgresFixture::new();
    let url = fixture.database.url().await;
    let proxy = Proxy::start(url).await;
    let target = PostgresTarget::parse(&proxy.url(url), "test").unwrap();
    let log = EventLog::open_postgres(&target, LogOptions::default())
        .await
        .unwrap();
    log.append(one("before")).await.unwrap();

    let proxy = proxy.stop().await;
    for name in ["first", "second"] {
        let refused = log.append(one(name)).await;
        assert!(
            matches!(refused, Err(AppendError::Unavailable { .. })),
            "{refused:?}"
        );
    }
    assert!(log.head().await.is_err());

    let proxy = proxy.start_again().await;
    assert_eq!(log.append(one("after")).await.unwrap().position, 2);
    assert_eq!(positions(&log).await, [1, 2]);
    log.close().await;
    drop(proxy);
}

/// Nobody waits for the log's head for ever, and the error says what it waited for.
#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_head_that_stays_locked_is_told() {
    let fixture = PostgresFixture::new();
    let log = fixture.open(LogOptions::default()).await;
    let mut holder = fixture.database.connect().await;
    run(
        &mut holder,
        "SET idle_in_transaction_session_timeout = 0;
         BEGIN; SELECT position FROM event_log.log_head FOR UPDATE",
    )
    .await;
    let refused = log.append(one("a")).await;
    assert!(
        matches!(&refused, Err(AppendError::Unavailable { reason }) if reason.contains("kept the log's head locked")),
        "{refused:?}"
    );
    run(&mut holder, "ROLLBACK").await;
    assert_eq!(log.append(one("a")).await.unwrap().position, 1);
    log.close().await;
}

/// `poll_interval` is the safety net below hints: it works while nobody hints.
#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_poll_outlives_an_outage() {
    let fixture = PostgresFixture::new();
    let url = fixture.database.url().await;
    let proxy = Proxy::start(url).await;
    let target = PostgresTarget::parse(&proxy.url(url), "test").unwrap();
    let options = LogOptions {
        poll_interval: Duration::from_millis(20),
        ..LogOptions::default()
    };
    let reader = EventLog::open_postgres(&target, options).await.unwrap();
    let writer = fixture.open(LogOptions::default()).await;
    let mut newest = reader.watch();

    let proxy = proxy.stop().await;
    writer.append(one("a")).await.unwrap();
    assert!(reader.head().await.is_err());
    assert_eq!(*newest.borrow_and_update(), 0);
    let proxy = proxy.start_again().await;
    newest.wait_for(|position| *position == 1).await.unwrap();
    let stream = StreamId::new("test", "a");
    assert_eq!(reader.read_streams(&[stream]).await.unwrap().len(), 1);
    reader.close().await;
    writer.close().await;
    drop(proxy);
}
