//! Readers: in order, whatever their limits, woken by this process and by others.

use std::collections::HashSet;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{LogFixture, all, append, assert_gapless, event_ids, open, stream, write};
use crate::event_log::{EventLog, LogOptions, StreamHead};
use crate::feed::Feed;

async fn append_one(log: &EventLog, name: &str) {
    log.append(append([write(&stream(name), StreamHead::default(), 1)]))
        .await
        .unwrap();
}

pub async fn a_reader_with_small_limits_misses_nothing(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    for (number, events) in [1, 7, 3, 64, 9, 72, 1].into_iter().enumerate() {
        log.append(append([write(
            &stream(&number.to_string()),
            StreamHead::default(),
            events,
        )]))
        .await
        .unwrap();
    }
    let whole = event_ids(&all(&log).await);
    let feed = Feed::tail(log.clone());
    for limit in [1, 2, 3, 50, 1_000, usize::MAX] {
        let mut read = Vec::new();
        while read.len() < whole.len() {
            let after = read.len() as u64;
            let batch = feed
                .next_batch(after, limit, &CancellationToken::new())
                .await
                .unwrap()
                .unwrap();
            assert!(!batch.is_empty() && batch.len() <= limit);
            read.extend(batch);
        }
        assert_gapless(&read);
        assert_eq!(event_ids(&read), whole);
    }
    assert!(log.read(whole.len() as u64, 10).await.unwrap().is_empty());
    log.close().await;
}

pub async fn the_feed_waits_for_events_and_ends_at_shutdown(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    let feed = Feed::tail(log.clone());
    let shutdown = CancellationToken::new();
    let waiting = tokio::spawn({
        let (feed, shutdown) = (feed.clone(), shutdown.clone());
        async move { feed.next_batch(0, 10, &shutdown).await }
    });
    append_one(&log, "a").await;
    let batch = waiting.await.unwrap().unwrap().unwrap();
    assert_eq!(batch.len(), 1);

    let waiting = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { feed.next_batch(1, 10, &shutdown).await }
    });
    shutdown.cancel();
    assert_eq!(waiting.await.unwrap().unwrap(), None);
    log.close().await;
}

pub async fn the_feed_ends_when_the_log_closes(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    let feed = Feed::tail(log.clone());
    let waiting = tokio::spawn(async move { feed.next_batch(0, 10, &CancellationToken::new()).await });
    log.close().await;
    assert_eq!(waiting.await.unwrap().unwrap(), None);
}

pub async fn the_watch_sees_other_processes(fixture: &impl LogFixture) {
    let (here, there) = (open(fixture).await, open(fixture).await);
    let mut newest = here.watch();
    let mut seen = HashSet::new();
    for name in ["a", "b"] {
        append_one(&there, name).await;
        let expected = there.head().await.unwrap();
        newest.wait_for(|position| *position >= expected).await.unwrap();
        seen.insert(*newest.borrow());
    }
    assert_eq!(seen, HashSet::from([1, 2]));
    here.close().await;
    there.close().await;
}

pub async fn a_hint_makes_the_log_look_at_once(fixture: &impl LogFixture) {
    let never = LogOptions {
        poll_interval: Duration::from_hours(24),
        ..LogOptions::default()
    };
    let (here, there) = (fixture.open(never).await, open(fixture).await);
    let mut newest = here.watch();
    for expected in 1..=3 {
        append_one(&there, &expected.to_string()).await;
        here.look_now();
        newest.wait_for(|position| *position >= expected).await.unwrap();
    }
    here.close().await;
    there.close().await;
}
