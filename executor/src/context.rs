//! What a command brings along besides itself.

use chrono::{DateTime, SubsecRound, Utc};
use events::envelope::{Actor, EventMeta};
use events::ids::EventId;
use platform::event_log::IdempotencyKey;
use uuid::Uuid;

/// Who commands, when, and as part of what.
#[derive(Debug, Clone)]
pub struct CommandContext {
    pub actor: Actor,
    /// To the microsecond, as the log keeps it.
    pub now: DateTime<Utc>,
    pub correlation_id: Uuid,
    /// The event that a worker reacts to.
    pub causation_id: Option<EventId>,
    /// W3C `traceparent`, for events that no span of ours stands behind.
    pub trace_parent: Option<String>,
    pub idempotency: Option<IdempotencyKey>,
}

impl CommandContext {
    /// A command that comes from outside, at this time.
    pub fn new(actor: Actor, now: DateTime<Utc>, correlation_id: Uuid) -> Self {
        Self {
            actor,
            now: now.trunc_subsecs(6),
            correlation_id,
            causation_id: None,
            trace_parent: None,
            idempotency: None,
        }
    }

    /// The metadata of one event. Its trace goes on from the span that decides, if that is part of one.
    pub(crate) fn meta(&self) -> EventMeta {
        let trace_parent = telemetry::current_trace_parent();
        EventMeta {
            event_id: EventId::generate(),
            recorded_at: self.now,
            actor: self.actor,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            trace_parent: trace_parent.or_else(|| self.trace_parent.clone()),
        }
    }
}
