//! Messages as they come: a consumer of one reader's own, that begins where the reader stands.
//!
//! A consumer lives in NATS's memory and dies with it; then another one is opened. Whether what comes is what the reader
//! needs is `reader`'s business.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::{self, consumer::PullConsumer};
use events::envelope::{Position, RecordedEvent};
use futures::{FutureExt, StreamExt};

use super::wire::{self, Body};
use super::{Bus, BusError, Standing};
use crate::event_log::EventLog;

/// Messages that are asked for at once, and so the most that wait in memory; each has 64 KiB at most.
const PENDING_MESSAGES: usize = 500;

/// How often NATS says that it is there while nothing comes. Two missed ones end the consumer.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long a request for messages stands before it is made again: several heartbeats.
const REQUEST_EXPIRES: Duration = Duration::from_secs(30);

/// A consumer that nobody reads from for this long is forgotten by NATS.
const INACTIVE_THRESHOLD: Duration = Duration::from_secs(30);

/// A message that has come.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) position: Position,
    /// `None` for one that only the log can give.
    pub(super) event: Option<Box<RecordedEvent>>,
}

/// Why nothing more comes from a consumer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("NATS has ended it")]
    Closed,
    #[error("{reason}")]
    Failed { reason: String },
    #[error("sequence {sequence} should have position {position}, and has another")]
    Shifted { sequence: u64, position: Position },
}

/// An open consumer.
pub(super) struct Incoming {
    base: Position,
    messages: pull::Stream,
}

impl Incoming {
    /// Opens a consumer that begins with position `after + 1`, or with the oldest that the stream has. Waits for a
    /// connection.
    ///
    /// Fails with [`BusError::Missing`] when there is no stream that goes with the log.
    pub(super) async fn open(bus: Bus, log: EventLog, after: Position) -> Result<Self, BusError> {
        bus.connected().await;
        let stream = match bus.look(&log).await? {
            Standing::Sound(stream) => stream,
            Standing::Missing => return Err(BusError::Missing),
            Standing::Wrong(mismatch) => {
                tracing::warn!(%mismatch, "the events' stream on NATS isn't this log's; reading from the log");
                return Err(BusError::Missing);
            }
        };
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: (after + 1).saturating_sub(stream.base).max(1),
            },
            ack_policy: AckPolicy::None,
            filter_subject: bus.all_events(),
            inactive_threshold: INACTIVE_THRESHOLD,
            memory_storage: true,
            num_replicas: 1,
            ..pull::Config::default()
        };
        let opened = bus
            .shared
            .jet_stream
            .create_consumer_on_stream(config, bus.stream_name());
        let consumer: PullConsumer = opened
            .await
            .map_err(|error| BusError::unavailable("open a consumer", &error))?;
        let messages = consumer
            .stream()
            .max_messages_per_batch(PENDING_MESSAGES)
            .heartbeat(HEARTBEAT)
            .expires(REQUEST_EXPIRES)
            .messages()
            .await
            .map_err(|error| BusError::unavailable("deliver events", &error))?;
        Ok(Self {
            base: stream.base,
            messages,
        })
    }

    /// Waits for the next message. Nothing is lost when it is dropped meanwhile.
    pub(super) async fn next(&mut self) -> Result<Arrival, Ended> {
        let message = self.messages.next().await;
        self.arrival(message)
    }

    /// The next message, if it is here already.
    pub(super) fn next_now(&mut self) -> Option<Result<Arrival, Ended>> {
        let message = self.messages.next().now_or_never()?;
        Some(self.arrival(message))
    }

    fn arrival(
        &self,
        message: Option<Result<jetstream::Message, pull::MessagesError>>,
    ) -> Result<Arrival, Ended> {
        let message = message.ok_or(Ended::Closed)?.map_err(|error| Ended::Failed {
            reason: error.to_string(),
        })?;
        let info = message.info().map_err(|error| Ended::Failed {
            reason: error.to_string(),
        })?;
        let sequence = info.stream_sequence;
        let position = self.base + sequence;
        let (there, event) = match wire::decode(&message.payload) {
            Body::Event(event) => (event.position, Some(event)),
            Body::InLog(position) => (position, None),
            Body::Unknown => (position, None),
        };
        if there != position {
            // The stream was made anew under this consumer, or somebody published past the fence.
            return Err(Ended::Shifted { sequence, position });
        }
        Ok(Arrival { position, event })
    }
}
