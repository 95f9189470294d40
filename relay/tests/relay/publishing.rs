//! What the relay does while nothing is wrong but other relays.

use platform::event_log::EventLog;

use crate::log_room::{all, append};
use crate::road::{Relay, Road, read};

/// How many events the tests below are about: those of `append_at_once`, and the first.
const ALL: u64 = 5_001;

/// The relay makes its stream now, with the log's first event: a stream made later begins later, too.
async fn append_the_first(log: &EventLog, relay: &Relay) {
    append(log, "first", 1).await;
    relay.reaches(1).await;
}

/// Appends 5,000 events in small steps, from several tasks at once.
async fn append_at_once(log: &EventLog) {
    const TASKS: usize = 10;
    const STEPS: usize = 50;
    const STEP: usize = 10;
    let tasks = (0..TASKS).map(|_| {
        let log = log.clone();
        tokio::spawn(async move {
            for _ in 0..STEPS {
                append(&log, "many", STEP).await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs servers: cargo xtask test"]
async fn everything_arrives_once_and_in_order() {
    let road = Road::to(&test_servers::nats()).await;
    let feed = road.blind_feed().await;
    let relay = road.relay().await;
    append_the_first(&road.log, &relay).await;
    let (events, ()) = tokio::join!(read(&feed, 0, ALL), append_at_once(&road.log));
    assert_eq!(events, all(&road.log).await);
    relay.reaches(ALL).await;
    assert_eq!(relay.stats.published(), ALL);
    assert_eq!((relay.stats.refused(), relay.stats.made()), (0, 1));
    relay.stop().await;
    assert_eq!(
        (road.stream().await.last_position(), road.messages().await),
        (ALL, ALL)
    );
    road.end().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_new_stream_begins_a_little_before_the_logs_head() {
    let road = Road::to(&test_servers::nats()).await;
    append(&road.log, "old", 3_000).await;
    let relay = road.relay().await;
    relay.reaches(3_000).await;
    assert_eq!(road.stream().await.base, 2_000);
    assert_eq!(road.messages().await, 1_000);
    relay.stop().await;
    road.end().await;
}

/// Each of them may die at any time; what they publish is the same as from one.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs servers: cargo xtask test"]
async fn two_relays_publish_nothing_twice() {
    let road = Road::to(&test_servers::nats()).await;
    let feed = road.blind_feed().await;
    let (first, second) = (road.relay().await, road.relay().await);
    append_the_first(&road.log, &first).await;
    let faults = async {
        first.reaches(500).await;
        first.kill().await;
        let third = road.relay().await;
        third.reaches(2_000).await;
        second.kill().await;
        third
    };
    let (events, (), last) = tokio::join!(read(&feed, 0, ALL), append_at_once(&road.log), faults);
    assert_eq!(events, all(&road.log).await);
    last.reaches(ALL).await;
    last.stop().await;
    let stream = road.stream().await;
    assert_eq!((stream.base, stream.last_sequence), (0, ALL));
    assert_eq!(road.messages().await, ALL);
    // Each message stands where it belongs: read once more, all of it.
    assert_eq!(read(&feed.clone(), 0, ALL).await, events);
    road.end().await;
}
