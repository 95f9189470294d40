//! The log of calls, on each database: what was kept comes back, and there is never too much of it.

use chrono::{DateTime, TimeDelta, Utc};
use platform::call_log::{Call, CallFilter, CallLog, Direction, POSTGRES_SCHEMA};

use crate::corner::Database;

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn call(minute: i64, direction: Direction, peer: &str, status: Option<u16>) -> Call {
    Call {
        at: noon() + TimeDelta::minutes(minute),
        direction,
        peer: Some(peer.to_owned()),
        method: "POST".to_owned(),
        path: "/api/x".to_owned(),
        status,
        duration_ms: 12,
        error: status.is_none().then(|| "the line\0broke".to_owned()),
    }
}

async fn paths(calls: &CallLog, filter: &CallFilter, before: Option<i64>, limit: i64) -> Vec<i64> {
    let found = calls.list(filter, before, limit).await.unwrap();
    let minutes = found.iter().map(|logged| (logged.call.at - noon()).num_minutes());
    minutes.collect()
}

async fn calls_are_kept_listed_and_bounded(calls: CallLog) {
    let leeds = |minute, status| call(minute, Direction::Incoming, "leeds", status);
    calls.record(&leeds(1, Some(200))).await;
    calls.record(&leeds(2, Some(401))).await;
    calls
        .record(&call(3, Direction::Outgoing, "headquarters", None))
        .await;
    calls
        .record(&call(4, Direction::Incoming, "york", Some(201)))
        .await;
    let all = CallFilter::default();
    assert_eq!(paths(&calls, &all, None, 10).await, [4, 3, 2, 1]);
    let newest = calls.list(&all, None, 2).await.unwrap();
    assert_eq!(newest[0].call, call(4, Direction::Incoming, "york", Some(201)));
    assert!(newest[1].call.error.as_ref().unwrap().starts_with("the line"));
    assert_eq!(paths(&calls, &all, Some(newest[1].seq), 10).await, [2, 1]);
    let of_leeds = CallFilter {
        peer: Some("leeds".to_owned()),
        ..CallFilter::default()
    };
    assert_eq!(paths(&calls, &of_leeds, None, 10).await, [2, 1]);
    let outgoing = CallFilter {
        direction: Some(Direction::Outgoing),
        ..CallFilter::default()
    };
    assert_eq!(paths(&calls, &outgoing, None, 10).await, [3]);

    // Who was refused, and whom we called, made no contact.
    assert_eq!(
        calls.last_contact("leeds").await.unwrap(),
        Some(noon() + TimeDelta::minutes(1))
    );
    assert_eq!(calls.last_contact("headquarters").await.unwrap(), None);

    let long = Call {
        path: "x".repeat(5_000),
        ..leeds(5, Some(200))
    };
    calls.record(&long).await;
    let kept = calls.list(&all, None, 1).await.unwrap();
    assert!(kept[0].call.path.len() < 1_000);

    calls.clear(noon() + TimeDelta::minutes(2), 2).await.unwrap();
    assert_eq!(paths(&calls, &all, None, 10).await, [5, 4]);
    calls.clear(noon() + TimeDelta::minutes(5), 100).await.unwrap();
    assert_eq!(paths(&calls, &all, None, 10).await, [5]);
    let contact = calls.last_contact("york").await.unwrap();
    assert!(contact.is_some(), "contacts outlive the calls");
    calls.close().await;
}

#[tokio::test]
async fn calls_in_sqlite_are_kept_listed_and_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.db");
    calls_are_kept_listed_and_bounded(CallLog::open_sqlite(&path).await.unwrap()).await;
    let again = CallLog::open_sqlite(&path).await.unwrap();
    assert_eq!(paths(&again, &CallFilter::default(), None, 10).await, [5]);
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn calls_in_postgres_are_kept_listed_and_bounded() {
    let database = Database::new(POSTGRES_SCHEMA);
    let calls = CallLog::open_postgres(&database.target().await).await.unwrap();
    calls_are_kept_listed_and_bounded(calls).await;
}
