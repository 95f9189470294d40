//! The event log, on every kind of storage.

mod postgres;
mod sqlite;

use chrono::Utc;
use events::envelope::{Actor, EventMeta, StreamId};
use events::ids::EventId;
use platform::event_log::{Append, NewEvent, StreamHead, StreamWrite};
use uuid::Uuid;

/// The first event of the stream `key`.
fn one(key: &str) -> Append {
    let event = NewEvent {
        event_type: "SomethingHappened",
        schema_version: 1,
        payload: "{}".to_owned(),
        meta: EventMeta {
            event_id: EventId::generate(),
            recorded_at: Utc::now(),
            actor: Actor::System,
            correlation_id: Uuid::now_v7(),
            causation_id: None,
            trace_parent: None,
        },
    };
    let write = StreamWrite {
        stream: StreamId::new("test", key),
        expected: StreamHead::default(),
        events: vec![event],
    };
    Append {
        writes: vec![write],
        ..Append::default()
    }
}
