//! What the relay does while nothing is wrong but other relays.

use platform::event_log::EventLog;

use crate::log_room::{all, append};
use crate::road::{Road, read};

/// Appends `count` events in small steps, from several tasks at once.
async fn append_at_once(log: &EventLog, count: usize) {
    const TASKS: usize = 10;
    const STEP: usize = 10;
    let tasks = (0..TASKS).map(|_| {
        let log = log.clone();
        tokio::spawn(async move {
            for _ in 0..count / TASKS / STEP {
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
    let (events, ()) = tokio::join!(read(&feed, 0, 5_000), append_at_once(&road.log, 5_000));
    assert_eq!(events, all(&road.log).await);
    relay.reaches(5_000).await;
    assert_eq!(relay.stats.published(), 5_000);
    assert_eq!((relay.stats.refused(), relay.stats.made()), (0, 1));
    relay.stop().await;
    assert_eq!(
        (road.stream().await.last_position(), road.messages().await),
        (5_000, 5_000)
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
    let faults = async {
        first.reaches(500).await;
        first.kill().await;
        let third = road.relay().await;
        third.reaches(2_000).await;
        second.kill().await;
        third
    };
    let (events, (), last) = tokio::join!(read(&feed, 0, 5_000), append_at_once(&road.log, 5_000), faults);
    assert_eq!(events, all(&road.log).await);
    last.reaches(5_000).await;
    last.stop().await;
    let stream = road.stream().await;
    assert_eq!((stream.base, stream.last_sequence), (0, 5_000));
    assert_eq!(road.messages().await, 5_000);
    // Each message stands where it belongs: read once more, all of it.
    assert_eq!(read(&feed.clone(), 0, 5_000).await, events);
    road.end().await;
}
