//! An event as it rides on the bus: a line of JSON that says what it is, then the payload as it stands in the log.
//!
//! Which subject and sequence it rides under is `stream`'s business.

use std::borrow::Cow;

use bytes::Bytes;
use events::envelope::{EventMeta, Position, RecordedEvent, StreamId};
use serde::{Deserialize, Serialize};

/// The format's version. A reader that doesn't know it takes the event from the log, so a new one may be published
/// before all readers are new.
const VERSION: u32 = 1;

/// Largest message in bytes. A reader has some hundreds of them in memory; what is larger it fetches from the log,
/// and the bus only says that it is there.
pub(super) const MAX_BODY: usize = 64 * 1024;

/// What a message has brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    Event(Box<RecordedEvent>),
    /// Too large for the bus: there is such an event, and the log has it.
    InLog(Position),
    /// Written by somebody else, or by a newer release.
    Unknown,
}

#[derive(Serialize, Deserialize)]
struct Head<'a> {
    v: u32,
    position: Position,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    event: Option<Event<'a>>,
}

/// All of an event but its position and payload.
#[derive(Serialize, Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    stream: Cow<'a, str>,
    version: u64,
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    schema_version: u32,
    meta: EventMeta,
}

/// The message for this event.
pub(super) fn encode(event: &RecordedEvent) -> Bytes {
    let head = Head {
        v: VERSION,
        position: event.position,
        event: Some(Event {
            stream: event.stream.as_str().into(),
            version: event.version,
            kind: event.event_type.as_str().into(),
            schema_version: event.schema_version,
            meta: event.meta.clone(),
        }),
    };
    let mut body = line(&head);
    body.extend_from_slice(event.payload.as_bytes());
    if body.len() > MAX_BODY {
        return encode_in_log(event.position);
    }
    body.into()
}

/// A message that sends its reader to the log.
pub(super) fn encode_in_log(position: Position) -> Bytes {
    line(&Head {
        v: VERSION,
        position,
        event: None,
    })
    .into()
}

fn line(head: &Head<'_>) -> Vec<u8> {
    // Strings and numbers, no map with odd keys and no float: there is nothing that JSON can't express.
    let mut line = serde_json::to_vec(head).expect("a message's head is always JSON");
    line.push(b'\n');
    line
}

pub(super) fn decode(body: &[u8]) -> Body {
    try_decode(body).unwrap_or(Body::Unknown)
}

fn try_decode(body: &[u8]) -> Option<Body> {
    let text = std::str::from_utf8(body).ok()?;
    let (head, payload) = text.split_once('\n')?;
    let head: Head<'_> = serde_json::from_str(head).ok()?;
    if head.v != VERSION {
        return None;
    }
    let Some(event) = head.event else {
        return Some(Body::InLog(head.position));
    };
    Some(Body::Event(Box::new(RecordedEvent {
        position: head.position,
        stream: StreamId::from_stored(event.stream.into_owned()),
        version: event.version,
        event_type: event.kind.into_owned(),
        schema_version: event.schema_version,
        payload: payload.to_owned(),
        meta: event.meta,
    })))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use events::envelope::Actor;
    use events::ids::EventId;
    use uuid::Uuid;

    use super::*;

    fn event(payload: &str) -> RecordedEvent {
        RecordedEvent {
            position: 42,
            stream: StreamId::new("stock", "a-b \"c\""),
            version: 7,
            event_type: "StockReserved".to_owned(),
            schema_version: 2,
            payload: payload.to_owned(),
            meta: EventMeta {
                event_id: EventId::generate(),
                recorded_at: DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap(),
                actor: Actor::System,
                correlation_id: Uuid::now_v7(),
                causation_id: Some(EventId::generate()),
                trace_parent: Some("00-1-2-01".to_owned()),
            },
        }
    }

    #[test]
    fn an_event_comes_back_as_it_was() {
        for payload in ["{}", "{\"a\": 1,\n \"b\": \"ä\"}", ""] {
            let event = event(payload);
            assert_eq!(decode(&encode(&event)), Body::Event(Box::new(event)));
        }
    }

    #[test]
    fn a_large_event_is_left_in_the_log() {
        let event = event(&"x".repeat(MAX_BODY));
        let body = encode(&event);
        assert!(body.len() < 100, "{body:?}");
        assert_eq!(decode(&body), Body::InLog(42));
    }

    #[test]
    fn what_is_not_known_is_no_event() {
        let newer = br#"{"v":2,"position":1}
"#;
        let bodies: [&[u8]; 5] = [b"", b"{}", b"{}\n{}", &[0xff, b'\n'], newer];
        for body in bodies {
            assert_eq!(decode(body), Body::Unknown);
        }
    }
}
