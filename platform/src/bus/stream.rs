//! The events' stream on JetStream: how it is made, and whether it is the log's.
//!
//! A message's sequence is its event's position less the stream's *base*. The base and the log's identity (the id of its
//! first event) stand in the stream's description. What to do about a stream that isn't right is the relay's business.

use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{CreateStreamErrorKind, GetStreamErrorKind};
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, Info, LastRawMessageErrorKind, RetentionPolicy, StorageType, Stream,
};
use events::envelope::{Position, RecordedEvent};
use events::ids::EventId;
use serde::{Deserialize, Serialize};

use super::wire::{self, Body};
use super::{Bus, BusError};
use crate::event_log::EventLog;

/// Version of the description.
const DESCRIPTION_VERSION: u32 = 1;

/// A new stream begins so many events before the log's head, so that readers that were a little behind find theirs.
const TAIL: Position = 1_000;

/// How long NATS knows ids for sure. The expected sequence fences for ever; this only spares a retry a refusal.
const DUPLICATE_WINDOW: Duration = Duration::from_mins(2);

/// A stream that goes with the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventStream {
    /// The position that sequence 0 would have.
    pub base: Position,
    /// The sequence of its newest message, or 0. Keeps its value when messages are deleted.
    pub last_sequence: u64,
}

impl EventStream {
    /// The position of its newest message.
    pub fn last_position(&self) -> Position {
        self.base + self.last_sequence
    }
}

/// What stands on the bus, compared with the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Sound(EventStream),
    Missing,
    /// It is ours, and must be made anew.
    Wrong(Mismatch),
}

/// How a stream contradicts the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    #[error("it was made from another log")]
    OtherLog,
    #[error("it goes to position {stream}, the log only to {log}; was the log restored from a backup?")]
    Ahead { stream: Position, log: Position },
    #[error("its event at position {position} isn't the log's")]
    Diverged { position: Position },
    #[error("sequence {sequence} should have position {position}, and has another")]
    Shifted { sequence: u64, position: Position },
}

/// What a stream's description says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Description {
    tillstream: u32,
    /// The id of the log's first event.
    log: EventId,
    base: Position,
}

impl Description {
    fn of(info: &Info) -> Option<Self> {
        let description = serde_json::from_str(info.config.description.as_deref()?).ok()?;
        Some(description).filter(|description: &Self| description.tillstream == DESCRIPTION_VERSION)
    }
}

impl Bus {
    /// Looks at the stream and compares it with the log: identity, length, and the newest event.
    ///
    /// Fails with [`BusError::NotOurs`] on a stream of that name which somebody else made, and with
    /// [`BusError::EmptyLog`] when there is nothing to compare with.
    pub async fn look(&self, log: &EventLog) -> Result<Standing, BusError> {
        let Some(mut stream) = self.find_stream().await? else {
            return Ok(Standing::Missing);
        };
        let info = stream.cached_info();
        let description = Description::of(info).ok_or_else(|| BusError::NotOurs {
            stream: self.stream_name(),
        })?;
        if description.log != identity(log).await? {
            return Ok(Standing::Wrong(Mismatch::OtherLog));
        }
        let found = EventStream {
            base: description.base,
            last_sequence: info.state.last_sequence,
        };
        // Read after the stream: what was published by then is in the log by now.
        let head = log.head().await?;
        if found.last_position() > head {
            return Ok(Standing::Wrong(Mismatch::Ahead {
                stream: found.last_position(),
                log: head,
            }));
        }
        if info.state.messages == 0 {
            return Ok(Standing::Sound(found));
        }
        let mismatch = self.compare_newest(&mut stream, found.base, log).await?;
        Ok(mismatch.map_or(Standing::Sound(found), Standing::Wrong))
    }

    async fn compare_newest(
        &self,
        stream: &mut Stream,
        base: Position,
        log: &EventLog,
    ) -> Result<Option<Mismatch>, BusError> {
        let newest = match stream.get_last_raw_message_by_subject(&self.all_events()).await {
            Ok(newest) => newest,
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => return Ok(None),
            Err(error) => return Err(BusError::unavailable("show its newest event", &error)),
        };
        let position = base + newest.sequence;
        let (there, id) = match wire::decode(&newest.payload) {
            Body::Event(event) => (event.position, Some(event.meta.event_id)),
            Body::InLog(position) => (position, None),
            Body::Unknown => return Ok(None),
        };
        if there != position {
            return Ok(Some(Mismatch::Shifted {
                sequence: newest.sequence,
                position,
            }));
        }
        let here = event_at(log, position).await?;
        let differs = here.is_none_or(|here| id.is_some_and(|id| id != here.meta.event_id));
        Ok(differs.then_some(Mismatch::Diverged { position }))
    }

    /// Makes the stream, beginning a little before the log's head. Another process may be faster: look at it afterwards.
    pub async fn make_stream(&self, log: &EventLog) -> Result<(), BusError> {
        let description = Description {
            tillstream: DESCRIPTION_VERSION,
            log: identity(log).await?,
            base: log.head().await?.saturating_sub(TAIL),
        };
        let config = self.stream_config(description);
        match self.shared.jet_stream.create_stream(config).await {
            Ok(_) => {
                tracing::info!(base = description.base, "made the events' stream on NATS");
                Ok(())
            }
            Err(error) => match error.kind() {
                CreateStreamErrorKind::JetStream(reason)
                    if reason.error_code() == ErrorCode::STREAM_NAME_EXIST =>
                {
                    Ok(())
                }
                CreateStreamErrorKind::JetStream(reason)
                    if reason.error_code() == ErrorCode::STREAM_SUBJECT_OVERLAP =>
                {
                    Err(BusError::NotOurs {
                        stream: self.all_events(),
                    })
                }
                _ => Err(BusError::unavailable("make the events' stream", &error)),
            },
        }
    }

    /// Deletes the stream. Its events are in the log.
    pub async fn delete_stream(&self) -> Result<(), BusError> {
        let Some(stream) = self.find_stream().await? else {
            return Ok(());
        };
        if Description::of(stream.cached_info()).is_none() {
            return Err(BusError::NotOurs {
                stream: self.stream_name(),
            });
        }
        match self.shared.jet_stream.delete_stream(self.stream_name()).await {
            Ok(_) => Ok(()),
            Err(error) => Err(BusError::unavailable("delete the events' stream", &error)),
        }
    }

    /// Gives the stream the bounds that the settings want, if it has others.
    pub async fn fit_stream(&self) -> Result<(), BusError> {
        let stream = self.find_stream().await?.ok_or(BusError::Missing)?;
        let found = &stream.cached_info().config;
        let description = Description::of(stream.cached_info()).ok_or(BusError::Missing)?;
        let wanted = self.stream_config(description);
        let same = found.max_age == wanted.max_age
            && found.max_bytes == wanted.max_bytes
            && found.num_replicas == wanted.num_replicas
            && found.duplicate_window == wanted.duplicate_window;
        if same {
            return Ok(());
        }
        self.shared
            .jet_stream
            .update_stream(Config {
                max_age: wanted.max_age,
                max_bytes: wanted.max_bytes,
                num_replicas: wanted.num_replicas,
                duplicate_window: wanted.duplicate_window,
                ..found.clone()
            })
            .await
            .map_err(|error| BusError::unavailable("change the events' stream", &error))?;
        tracing::info!("gave the events' stream on NATS the bounds of the settings");
        Ok(())
    }

    pub(super) async fn find_stream(&self) -> Result<Option<Stream>, BusError> {
        match self.shared.jet_stream.get_stream(self.stream_name()).await {
            Ok(stream) => Ok(Some(stream)),
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(reason)
                    if reason.error_code() == ErrorCode::STREAM_NOT_FOUND =>
                {
                    Ok(None)
                }
                _ => Err(BusError::unavailable("show the events' stream", &error)),
            },
        }
    }

    fn stream_config(&self, description: Description) -> Config {
        let settings = &self.shared.settings;
        Config {
            name: self.stream_name(),
            // A number, an id and a number: always JSON.
            description: Some(serde_json::to_string(&description).expect("a description is always JSON")),
            subjects: vec![self.all_events()],
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::Old,
            storage: StorageType::File,
            max_age: settings.max_age,
            // Checked with the settings.
            max_bytes: i64::try_from(settings.max_bytes).unwrap_or(i64::MAX),
            num_replicas: settings.replicas,
            duplicate_window: DUPLICATE_WINDOW.min(settings.max_age),
            deny_delete: true,
            ..Config::default()
        }
    }

    pub(super) fn stream_name(&self) -> String {
        format!("{}-events", self.shared.settings.prefix)
    }

    /// The subject that matches every event.
    pub(super) fn all_events(&self) -> String {
        format!("{}.events.>", self.shared.settings.prefix)
    }
}

async fn identity(log: &EventLog) -> Result<EventId, BusError> {
    let first = event_at(log, 1).await?;
    Ok(first.ok_or(BusError::EmptyLog)?.meta.event_id)
}

/// The event at `position`, from 1.
async fn event_at(log: &EventLog, position: Position) -> Result<Option<RecordedEvent>, BusError> {
    Ok(log.read(position.saturating_sub(1), 1).await?.pop())
}
