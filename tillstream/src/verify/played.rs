//! A log that tests make up, played to one rule.

use chrono::DateTime;
use events::Event;
use events::envelope::{Actor, EventMeta, RecordedEvent, StreamId};
use events::ids::EventId;
use uuid::Uuid;

use super::{Broken, Rule};

/// How often the rule is broken by these events of these streams, from position 1 on.
pub fn broken(mut rule: impl Rule, events: impl IntoIterator<Item = (StreamId, Event)>) -> u64 {
    let mut broken = Broken::default();
    for ((stream, event), position) in events.into_iter().zip(1..) {
        let encoded = event.encode();
        let recorded = RecordedEvent {
            position,
            stream,
            version: position,
            event_type: encoded.event_type.to_owned(),
            schema_version: encoded.schema_version,
            payload: encoded.payload,
            meta: EventMeta {
                event_id: EventId::default(),
                recorded_at: DateTime::default(),
                actor: Actor::System,
                correlation_id: Uuid::nil(),
                causation_id: None,
                trace_parent: None,
            },
        };
        rule.see(&recorded, &event, &mut broken);
    }
    rule.end(&mut broken);
    broken.count
}
