//! The feed over NATS: whatever the bus does, a reader gets the log's events, each once and in order.

use std::time::Duration;

use events::envelope::{Position, RecordedEvent};
use futures::FutureExt;
use platform::bus::{Bus, BusSettings, EventStream, Standing};
use platform::event_log::EventLog;
use platform::feed::Feed;
use tokio_util::sync::CancellationToken;

use crate::log_room::{LogRoom, all, append, append_payloads};

/// A log, and a stream that goes with it. The test publishes by hand.
struct Road {
    room: LogRoom,
    log: EventLog,
    bus: Bus,
    prefix: String,
}

impl Road {
    /// With `count` events in the log, and none on the bus.
    async fn new(count: usize) -> Self {
        let room = LogRoom::new();
        let log = room.open().await;
        append(&log, "first", count).await;
        let prefix = test_servers::new_name();
        let bus = Bus::connect(BusSettings {
            prefix: prefix.clone(),
            ..BusSettings::new(vec![test_servers::nats()])
        })
        .await
        .unwrap();
        bus.connected().await;
        bus.make_stream(&log).await.unwrap();
        Self {
            room,
            log,
            bus,
            prefix,
        }
    }

    /// A feed that isn't told about the log's new events but by the bus.
    async fn blind_feed(&self) -> Feed {
        Feed::jet_stream(self.room.open_blind().await, self.bus.clone())
    }

    async fn stream(&self) -> EventStream {
        self.stream_of(&self.log).await
    }

    async fn stream_of(&self, log: &EventLog) -> EventStream {
        match self.bus.look(log).await.unwrap() {
            Standing::Sound(stream) => stream,
            other => panic!("the stream isn't sound: {other:?}"),
        }
    }

    /// Publishes all that the stream hasn't.
    async fn publish(&self) {
        let mut stream = self.stream().await;
        for event in self.log.read(stream.last_position(), 10_000).await.unwrap() {
            self.bus
                .publish(stream, &event)
                .await
                .unwrap()
                .stored()
                .await
                .unwrap();
            stream.last_sequence += 1;
        }
    }

    /// A connection that does what only an operator would.
    async fn operator(&self) -> async_nats::jetstream::Context {
        async_nats::jetstream::new(async_nats::connect(test_servers::nats()).await.unwrap())
    }

    fn stream_name(&self) -> String {
        format!("{}-events", self.prefix)
    }

    async fn end(self) {
        self.bus.delete_stream().await.unwrap();
        self.log.close().await;
    }
}

/// When a test gives up: nothing takes nearly as long, but what never comes.
const GIVE_UP_AFTER: Duration = Duration::from_mins(1);

/// Reads on until position `until`.
async fn read(feed: &Feed, mut after: Position, until: Position, limit: usize) -> Vec<RecordedEvent> {
    let shutdown = CancellationToken::new();
    let mut events = Vec::new();
    while after < until {
        let next = feed.next_batch(after, limit, &shutdown);
        let next = tokio::time::timeout(GIVE_UP_AFTER, next).await;
        let batch = next.expect("events come").unwrap().unwrap();
        assert!(!batch.is_empty() && batch.len() <= limit);
        after = batch.last().unwrap().position;
        events.extend(batch);
    }
    events
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn every_clone_gets_what_is_on_the_bus() {
    let road = Road::new(1_200).await;
    let feed = road.blind_feed().await;
    // The handle knows these from its opening; what follows it doesn't.
    let before = read(&feed, 0, 1_200, 700).await;
    road.publish().await;
    let head = append(&road.log, "second", 300).await;
    road.publish().await;
    let after = read(&feed, 1_200, head, 77).await;
    assert_eq!([before, after].concat(), all(&road.log).await);
    let clone = feed.clone();
    assert_eq!(read(&clone, 0, head, 1_000).await, all(&road.log).await);
    road.end().await;
}

/// The stream begins at position 201.
#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn what_lies_before_the_stream_comes_from_the_log() {
    let road = Road::new(1_200).await;
    let base = road.stream().await.base;
    assert_eq!(base, 200);
    let feed = road.blind_feed().await;
    road.publish().await;
    let head = append(&road.log, "second", 10).await;
    road.publish().await;
    assert_eq!(read(&feed, 0, head, 150).await, all(&road.log).await);
    road.end().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_hole_is_filled_from_the_log() {
    let road = Road::new(5).await;
    let feed = road.blind_feed().await;
    append(&road.log, "lost", 3).await;
    let head = append(&road.log, "last", 2).await;
    road.publish().await;
    let stream = road
        .operator()
        .await
        .get_stream(road.stream_name())
        .await
        .unwrap();
    stream
        .purge()
        .filter(format!("{}.events.lost", road.prefix))
        .await
        .unwrap();
    assert_eq!(stream.get_info().await.unwrap().state.messages, 7);
    assert_eq!(read(&feed, 0, head, 100).await, all(&road.log).await);
    road.end().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn what_cannot_be_read_comes_from_the_log() {
    let road = Road::new(2).await;
    let feed = road.blind_feed().await;
    road.publish().await;
    // A newer release publishes position 3 in a format of its own, and nothing after it.
    append(&road.log, "newer", 1).await;
    let operator = road.operator().await;
    let subject = format!("{}.events.newer", road.prefix);
    operator
        .publish(subject, "something else".into())
        .await
        .unwrap()
        .await
        .unwrap();
    assert_eq!(read(&feed, 0, 3, 100).await, all(&road.log).await);
    // Too large for the bus, and nothing after it.
    append_payloads(&road.log, "large", [format!("\"{}\"", "x".repeat(2_000_000))]).await;
    road.publish().await;
    assert_eq!(read(&feed, 3, 4, 100).await, all(&road.log).await[3..]);
    road.end().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_silent_bus_is_replaced_by_the_log_until_it_speaks_again() {
    let road = Road::new(3).await;
    road.publish().await;
    let feed = Feed::jet_stream(road.log.clone(), road.bus.clone());
    assert_eq!(read(&feed, 0, 3, 100).await.len(), 3);
    // Nobody publishes these.
    let silent = append(&road.log, "silent", 3).await;
    assert_eq!(read(&feed, 3, silent, 100).await, all(&road.log).await[3..]);
    // They come late, and then more: neither twice nor in another order.
    road.publish().await;
    let blind = road.blind_feed().await;
    let head = append(&road.log, "late", 3).await;
    road.publish().await;
    assert_eq!(read(&feed, silent, head, 100).await, all(&road.log).await[6..]);
    assert_eq!(read(&blind, silent, head, 100).await, all(&road.log).await[6..]);
    road.end().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_stream_made_anew_under_a_reader_is_understood() {
    let road = Road::new(3).await;
    let feed = road.blind_feed().await;
    let seen = append(&road.log, "seen", 3).await;
    road.publish().await;
    assert_eq!(read(&feed, 0, seen, 100).await.len(), 6);
    road.bus.delete_stream().await.unwrap();
    // Enough for another base.
    let head = append(&road.log, "much", 1_500).await;
    road.bus.make_stream(&road.log).await.unwrap();
    assert_eq!(road.stream().await.base, head - 1_000);
    road.publish().await;
    let last = append(&road.log, "last", 1).await;
    road.publish().await;
    assert_eq!(read(&feed, seen, last, 1_000).await, all(&road.log).await[6..]);
    road.end().await;
}

/// The stream goes further than the log, as after the restoration of a backup.
#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn events_that_the_log_has_not_are_not_delivered() {
    let road = Road::new(5).await;
    road.log.close().await;
    let restored = road.room.copy();
    let log = road.room.open().await;
    append(&log, "lost", 5).await;
    let stream = road.stream_of(&log).await;
    for event in all(&log).await {
        road.bus
            .publish(stream, &event)
            .await
            .unwrap()
            .stored()
            .await
            .unwrap();
    }
    let log = restored.open().await;
    let feed = Feed::jet_stream(log.clone(), road.bus.clone());
    let head = append(&log, "new", 7).await;
    assert_eq!(read(&feed, 0, head, 3).await, all(&log).await);
    road.end().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn waiting_may_be_given_up_at_any_time() {
    let road = Road::new(1).await;
    let feed = road.blind_feed().await;
    let shutdown = CancellationToken::new();
    let publisher = async {
        for _ in 0..50 {
            append(&road.log, "more", 4).await;
            road.publish().await;
        }
    };
    let reader = async {
        let mut events: Vec<RecordedEvent> = Vec::new();
        while events.len() < 201 {
            let after = events.last().map_or(0, |event| event.position);
            tokio::select! {
                biased;
                batch = feed.next_batch(after, 3, &shutdown) => events.extend(batch.unwrap().unwrap()),
                // As often as anything else happens in this task.
                () = tokio::task::yield_now() => {}
            }
        }
        events
    };
    let ((), events) = tokio::join!(publisher, reader);
    assert_eq!(events, all(&road.log).await);
    road.end().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn waiting_ends_at_shutdown_and_with_the_log() {
    let road = Road::new(1).await;
    road.publish().await;
    let feed = Feed::jet_stream(road.log.clone(), road.bus.clone());
    let shutdown = CancellationToken::new();
    let mut waiting = Box::pin(feed.next_batch(1, 10, &shutdown));
    assert!((&mut waiting).now_or_never().is_none());
    shutdown.cancel();
    assert!(waiting.await.unwrap().is_none());

    let shutdown = CancellationToken::new();
    let waiting = feed.next_batch(1, 10, &shutdown);
    let (ended, ()) = tokio::join!(waiting, road.log.close());
    assert!(ended.unwrap().is_none());
    road.bus.delete_stream().await.unwrap();
}

/// Nothing listens at this address.
#[tokio::test]
async fn without_nats_everything_comes_from_the_log() {
    let room = LogRoom::new();
    let log = room.open().await;
    let bus = Bus::connect(BusSettings::new(vec!["nats://127.0.0.1:1".to_owned()]))
        .await
        .unwrap();
    let feed = Feed::jet_stream(log.clone(), bus.clone());
    let appending = async {
        for _ in 0..10 {
            append(&log, "first", 20).await;
        }
    };
    let ((), events) = tokio::join!(appending, read(&feed, 0, 200, 30));
    assert!(!bus.is_connected());
    assert_eq!(events, all(&log).await);
    log.close().await;
}
