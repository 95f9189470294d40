//! Commands with an idempotency key run once.

use chrono::{TimeDelta, Utc};

use super::{LogFixture, all, append, key, open, stream, write};
use crate::event_log::{Append, AppendError, StoredOutcome, StreamHead};

/// More than an adapter deletes in one step.
const MANY_KEYS: usize = 2_500;

fn command(scope: &str, name: &str, fingerprint: &str) -> Append {
    Append {
        idempotency: Some((
            key(scope, name, fingerprint),
            format!("{{\"by\":\"{fingerprint}\"}}"),
        )),
        // A stream of its own, so that only the key can refuse it.
        ..append([write(
            &stream(&uuid::Uuid::now_v7().to_string()),
            StreamHead::default(),
            1,
        )])
    }
}

fn repeated<T: std::fmt::Debug>(result: Result<T, AppendError>) -> StoredOutcome {
    match result {
        Err(AppendError::Repeated(stored)) => stored,
        other => panic!("expected a repetition, got {other:?}"),
    }
}

pub async fn a_key_runs_once_whatever_its_fingerprint(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    let began = Utc::now() - TimeDelta::milliseconds(1);
    let appended = log.append(command("caller", "k", "one")).await.unwrap();
    for fingerprint in ["one", "other"] {
        let stored = repeated(log.append(command("caller", "k", fingerprint)).await);
        assert_eq!(stored.fingerprint, "one");
        assert_eq!(stored.outcome, r#"{"by":"one"}"#);
        assert_eq!(stored.position, appended.position);
        assert!(stored.recorded_at >= began && stored.recorded_at <= Utc::now());
        assert_eq!(log.outcome("caller", "k").await.unwrap(), Some(stored));
    }
    assert_eq!(all(&log).await.len(), 1);
    log.close().await;
}

pub async fn callers_do_not_share_keys(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    log.append(command("ada", "k", "one")).await.unwrap();
    log.append(command("bob", "k", "one")).await.unwrap();
    assert_eq!(log.outcome("eve", "k").await.unwrap(), None);
    assert_eq!(all(&log).await.len(), 2);
    log.close().await;
}

pub async fn a_key_without_events_is_kept_too(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    log.append(command("caller", "k", "one")).await.unwrap();
    let nothing_changed = Append {
        writes: Vec::new(),
        ..command("caller", "idle", "two")
    };
    assert_eq!(log.append(nothing_changed.clone()).await.unwrap().position, 1);
    assert_eq!(repeated(log.append(nothing_changed).await).position, 1);
    log.close().await;
}

pub async fn old_outcomes_are_forgotten_and_new_ones_kept(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    let keys = (0..MANY_KEYS).map(|number| Append {
        writes: Vec::new(),
        ..command("caller", &number.to_string(), "old")
    });
    for answer in super::batches::send_together(&log, keys.collect()).await {
        answer.unwrap();
    }
    let newest = log
        .outcome("caller", &(MANY_KEYS - 1).to_string())
        .await
        .unwrap()
        .unwrap();
    let border = newest.recorded_at + TimeDelta::microseconds(1);
    // The clock must have moved past the border before the next one is recorded.
    while Utc::now() <= border {
        tokio::task::yield_now().await;
    }
    log.append(command("caller", "new", "new")).await.unwrap();

    assert_eq!(
        log.forget_outcomes_before(border).await.unwrap(),
        MANY_KEYS as u64
    );
    assert_eq!(log.forget_outcomes_before(border).await.unwrap(), 0);
    assert_eq!(log.outcome("caller", "0").await.unwrap(), None);
    repeated(log.append(command("caller", "new", "new")).await);
    log.append(command("caller", "0", "again")).await.unwrap();
    log.close().await;
}

pub async fn two_at_once_run_once(fixture: &impl LogFixture) {
    let logs = [open(fixture).await, open(fixture).await];
    for round in 0..20 {
        let name = round.to_string();
        let (one, two) = tokio::join!(
            logs[0].append(command("caller", &name, "one")),
            logs[1].append(command("caller", &name, "one")),
        );
        let (ran, refused) = if one.is_ok() { (one, two) } else { (two, one) };
        assert_eq!(repeated(refused).position, ran.unwrap().position);
    }
    assert_eq!(all(&logs[0]).await.len(), 20);
    for log in logs {
        log.close().await;
    }
}
