//! Many appends at once: each is decided alone, in the order in which they were sent. These tests need a
//! runtime of one thread, where the writer can't begin before all have been sent.

use std::collections::HashSet;

use super::{LogFixture, all, append, conflict, head_after, key, open, stream, write};
use crate::event_log::{Append, AppendError, Appended, Claim, EventLog, StreamHead};

/// Sends all of them in one go, then waits for their answers.
pub(super) async fn send_together(
    log: &EventLog,
    appends: Vec<Append>,
) -> Vec<Result<Appended, AppendError>> {
    let mut permits = Vec::new();
    for _ in &appends {
        permits.push(log.reserve().await.unwrap());
    }
    let pending: Vec<_> = permits
        .into_iter()
        .zip(appends)
        .map(|(permit, append)| permit.send(append))
        .collect();
    futures::future::join_all(pending).await
}

pub async fn what_waits_together_is_one_batch(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    let new = |number: usize| append([write(&stream(&number.to_string()), StreamHead::default(), 1)]);
    let answers = send_together(&log, (0..64).map(new).collect()).await;
    let positions: Vec<_> = answers
        .into_iter()
        .map(|answer| answer.unwrap().position)
        .collect();
    assert_eq!(
        positions,
        (1..=64).collect::<Vec<_>>(),
        "the order of sending is the order of the log"
    );
    let stats = log.stats();
    assert_eq!((stats.batches(), stats.appends(), stats.events()), (1, 64, 64));
    assert_eq!(all(&log).await.len(), 64);
    log.close().await;
}

pub async fn a_conflict_in_a_batch_fails_alone(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    let shared = stream("shared");
    let answers = send_together(
        &log,
        vec![
            append([write(&stream("before"), StreamHead::default(), 1)]),
            append([write(&shared, StreamHead::default(), 2)]),
            append([
                write(&stream("swept along"), StreamHead::default(), 1),
                write(&shared, StreamHead::default(), 1),
            ]),
            append([write(&stream("after"), StreamHead::default(), 1)]),
        ],
    )
    .await;
    assert_eq!(log.stats().batches(), 1);
    let [before, first, second, after] = answers.try_into().unwrap();
    assert_eq!(before.unwrap().position, 1);
    assert_eq!(first.unwrap().position, 3);
    assert_eq!(conflict(second), [shared]);
    assert_eq!(after.unwrap().position, 4);
    assert_eq!(all(&log).await.len(), 4);
    log.close().await;
}

pub async fn dependents_of_a_failed_append_fail_too(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    let (hot, other) = (stream("hot"), stream("other"));
    log.append(append([write(&other, StreamHead::default(), 1)]))
        .await
        .unwrap();

    // Each decided on the one before; the second is going to fail, on account of another stream.
    let first = write(&hot, StreamHead::default(), 1);
    let second = write(&hot, head_after(&first), 1);
    let third = write(&hot, head_after(&second), 1);
    let fourth = write(&hot, head_after(&third), 0);
    let answers = send_together(
        &log,
        vec![
            append([first.clone()]),
            append([second, write(&other, StreamHead::default(), 1)]),
            append([third]),
            append([fourth]),
            append([write(&hot, head_after(&first), 1)]),
        ],
    )
    .await;
    assert_eq!(log.stats().batches(), 2);
    let [first, second, third, fourth, fifth] = answers.try_into().unwrap();
    first.unwrap();
    assert_eq!(conflict(second), [other]);
    for dependent in [third, fourth] {
        assert_eq!(conflict(dependent).as_slice(), std::slice::from_ref(&hot));
    }
    assert_eq!(fifth.unwrap().position, 3);
    assert_eq!(all(&log).await.len(), 3);
    log.close().await;
}

pub async fn claims_and_keys_hold_within_a_batch(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    let register = |owner: &str, idempotency_key: &str| Append {
        claims: vec![Claim {
            scope: "email",
            value: "a@example.org".to_owned(),
            owner: owner.to_owned(),
        }],
        idempotency: Some((key("caller", idempotency_key, "print"), format!("\"{owner}\""))),
        ..append([write(&stream(owner), StreamHead::default(), 1)])
    };
    let answers = send_together(
        &log,
        vec![
            register("first", "1"),
            register("second", "2"),
            register("third", "1"),
        ],
    )
    .await;
    assert_eq!(log.stats().batches(), 1);
    let [first, second, third] = answers.try_into().unwrap();
    let appended = first.unwrap();
    assert!(matches!(second, Err(AppendError::Taken { owner, .. }) if owner == "first"));
    let Err(AppendError::Repeated(stored)) = third else {
        panic!("expected a repetition, got {third:?}")
    };
    assert_eq!(
        (stored.outcome.as_str(), stored.position),
        ("\"first\"", appended.position)
    );
    assert_eq!(log.outcome("caller", "1").await.unwrap(), Some(stored));
    assert_eq!(
        log.outcome("caller", "2").await.unwrap(),
        None,
        "a refused append keeps no outcome"
    );
    assert_eq!(all(&log).await.len(), 1);
    log.close().await;
}

pub async fn a_flood_is_split_and_loses_nothing(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    // Beyond the bounds of a batch both in appends and in events.
    let new = |number: usize| append([write(&stream(&number.to_string()), StreamHead::default(), 40)]);
    let answers = send_together(&log, (0..600).map(new).collect()).await;
    let positions: HashSet<_> = answers
        .into_iter()
        .map(|answer| answer.unwrap().position)
        .collect();
    assert_eq!(positions.len(), 600);
    assert!(
        log.stats().batches() > 2,
        "one transaction for all of it keeps others out for too long"
    );
    assert_eq!(all(&log).await.len(), 600 * 40);
    log.close().await;
}

pub async fn an_append_beyond_the_bounds_of_a_batch_is_whole(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    let import = append([
        write(&stream("import"), StreamHead::default(), 12_345),
        write(&stream("other"), StreamHead::default(), 1),
    ]);
    let small = append([write(&stream("small"), StreamHead::default(), 1)]);
    let [import, small] = send_together(&log, vec![import, small]).await.try_into().unwrap();
    assert_eq!(import.unwrap().position, 12_346);
    assert_eq!(small.unwrap().position, 12_347);
    assert_eq!(all(&log).await.len(), 12_347);
    log.close().await;
}
