//! What surrounds every fact: where it stands in the log, and who caused it, when and why.

use std::fmt;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{AccountId, EventId};

/// A place in the log: 1 for the first event, then without gaps. 0 is "before everything".
pub type Position = u64;

/// The name of a stream: the aggregate's type, a dash, and its key, as in `order-0190…`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamId(String);

impl StreamId {
    /// # Panics
    /// If `kind` holds a dash, which would make the name ambiguous; kinds are constants of ours.
    pub fn new(kind: &'static str, key: impl fmt::Display) -> Self {
        assert!(!kind.contains('-'), "a stream's kind has no dash: {kind}");
        Self(format!("{kind}-{key}"))
    }

    /// A name as it stands in the log.
    pub fn from_stored(name: String) -> Self {
        Self(name)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The aggregate's type.
    pub fn kind(&self) -> &str {
        self.0.split_once('-').map_or(self.0.as_str(), |(kind, _)| kind)
    }

    /// The aggregate's key within its type.
    pub fn key(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, key)| key)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum Actor {
    /// Somebody who has not logged in.
    Anonymous,
    Account(AccountId),
    /// A worker or a timer of Tillstream's own.
    System,
}

/// Who caused an event, when, and as part of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventMeta {
    pub event_id: EventId,
    /// When it was recorded, to the microsecond.
    pub recorded_at: DateTime<Utc>,
    pub actor: Actor,
    /// Shared by everything that one request set off.
    pub correlation_id: Uuid,
    /// The event that this one reacts to, if a worker's command wrote it.
    pub causation_id: Option<EventId>,
    /// W3C `traceparent` of the request, so that a trace goes on behind the log.
    pub trace_parent: Option<String>,
}

/// An event as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedEvent {
    pub position: Position,
    pub stream: StreamId,
    /// Its number within the stream, from 1, without gaps.
    pub version: u64,
    pub event_type: String,
    /// Which version of the type's schema `payload` has.
    pub schema_version: u32,
    /// The event's body as JSON text.
    pub payload: String,
    pub meta: EventMeta,
}
