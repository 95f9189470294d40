//! What a view must say for itself: which rows an event touches, and what becomes of them.

use chrono::{DateTime, Utc};
use events::Event;
use events::envelope::{Actor, Position, RecordedEvent};
use read_models::products::Product;
use read_models::record::Change;
use read_models::{Record, ViewName};

use crate::error::ProjectError;

/// An event of the log, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub event: Event,
    pub position: Position,
    /// The event's number within its stream.
    pub version: u64,
    pub recorded_at: DateTime<Utc>,
    pub actor: Actor,
}

impl Fact {
    pub fn decode(recorded: &RecordedEvent) -> Result<Self, ProjectError> {
        let position = recorded.position;
        let event = Event::decode(recorded).map_err(|source| ProjectError::Decode { position, source })?;
        Ok(Self {
            event,
            position,
            version: recorded.version,
            recorded_at: recorded.meta.recorded_at,
            actor: recorded.meta.actor,
        })
    }

    /// The event's type, such as `OrderPlaced`.
    pub fn event_type(&self) -> &'static str {
        self.event.event_type().0
    }
}

/// What names a row of a projection.
pub type KeyOf<P> = <<P as Projection>::Row as Record>::Key;

/// A view as a pure function over its events. It depends on nothing but them, so that a rebuild gives the same.
pub trait Projection: Send + Sync + 'static {
    const VIEW: ViewName;

    /// What stands now.
    type Row: Record;
    /// What is only ever added to; [`NoEntries`](read_models::NoEntries) if nothing is.
    type Entry: Record;

    /// The rows that an event touches.
    fn keys(event: &Event) -> Vec<KeyOf<Self>>;

    /// What an event makes of one of these rows (`None`: there is none), and which entries it adds. Never fails:
    /// what the log holds has happened.
    fn apply(
        key: &KeyOf<Self>,
        row: Option<Self::Row>,
        fact: &Fact,
        entries: &mut Vec<Self::Entry>,
    ) -> Option<Self::Row>;

    /// The products among what has changed, for the cache of finished answers.
    fn products(changes: &[Change<Self::Row>]) -> Vec<&Product> {
        let _ = changes;
        Vec::new()
    }
}
