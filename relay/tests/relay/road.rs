//! A log, a bus, and relays between them.

use std::sync::Arc;
use std::time::Duration;

use events::envelope::{Position, RecordedEvent};
use platform::bus::{Bus, BusSettings, EventStream, Standing};
use platform::event_log::EventLog;
use platform::feed::Feed;
use relay::{RelayDeps, RelayStats};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::log_room::LogRoom;

/// When a test gives up: nothing takes nearly as long, but what never comes.
const GIVE_UP_AFTER: Duration = Duration::from_mins(2);

pub struct Road {
    pub room: LogRoom,
    pub log: EventLog,
    pub bus: Bus,
    pub settings: BusSettings,
}

impl Road {
    /// To this NATS, under a name of its own.
    pub async fn to(url: &str) -> Self {
        let room = LogRoom::new();
        let log = room.open().await;
        let settings = BusSettings {
            prefix: test_servers::new_name(),
            ..BusSettings::new(vec![url.to_owned()])
        };
        let bus = Bus::connect(settings.clone()).await.unwrap();
        Self {
            room,
            log,
            bus,
            settings,
        }
    }

    /// Starts a relay with a connection of its own.
    pub async fn relay(&self) -> Relay {
        self.relay_from(self.log.clone()).await
    }

    pub async fn relay_from(&self, log: EventLog) -> Relay {
        let stats = Arc::new(RelayStats::default());
        let bus = Bus::connect(self.settings.clone()).await.unwrap();
        let deps = RelayDeps {
            log,
            bus,
            stats: Arc::clone(&stats),
        };
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(relay::run(deps, shutdown.clone()));
        Relay {
            stats,
            shutdown,
            task,
        }
    }

    /// A feed that isn't told of new events but by the bus.
    pub async fn blind_feed(&self) -> Feed {
        Feed::jet_stream(self.room.open_blind().await, self.bus.clone())
    }

    pub async fn stream(&self) -> EventStream {
        match self.bus.look(&self.log).await.unwrap() {
            Standing::Sound(stream) => stream,
            other => panic!("the stream isn't sound: {other:?}"),
        }
    }

    /// How many messages the stream has.
    pub async fn messages(&self) -> u64 {
        let nats = async_nats::connect(&self.settings.servers[0]).await.unwrap();
        let stream = async_nats::jetstream::new(nats)
            .get_stream(format!("{}-events", self.settings.prefix))
            .await
            .unwrap();
        stream.cached_info().state.messages
    }

    pub async fn end(self) {
        self.bus.delete_stream().await.unwrap();
        self.log.close().await;
    }
}

/// A relay at work.
pub struct Relay {
    pub stats: Arc<RelayStats>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Relay {
    /// Waits until it has published up to this position.
    pub async fn reaches(&self, position: Position) {
        let mut watch = self.stats.watch();
        let reached = watch.wait_for(|at| *at >= position);
        let reached = tokio::time::timeout(GIVE_UP_AFTER, reached).await;
        reached.expect("the relay gets there").unwrap();
    }

    /// Ends it in the middle of what it does, as a killed process does.
    pub async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|error| error.is_cancelled()));
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }
}

/// Reads on until position `until`.
pub async fn read(feed: &Feed, mut after: Position, until: Position) -> Vec<RecordedEvent> {
    let shutdown = CancellationToken::new();
    let mut events = Vec::new();
    while after < until {
        let next = tokio::time::timeout(GIVE_UP_AFTER, feed.next_batch(after, 500, &shutdown)).await;
        let batch = next.expect("events come").unwrap().unwrap();
        after = batch.last().unwrap().position;
        events.extend(batch);
    }
    events
}
