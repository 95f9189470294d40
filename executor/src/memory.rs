//! The aggregates in memory, each with the head that it stands at, committed or still on its way.
//!
//! A cache and nothing more: forgetting any of it costs a reload, and what it holds wrongly the
//! log's fence refuses.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use domain::{Known, Missing, Snapshot, State, Written};
use events::Event;
use events::envelope::{RecordedEvent, StreamId};
use lru::LruCache;
use platform::event_log::{NewEvent, StreamHead, StreamWrite};

use crate::context::CommandContext;
use crate::error::ExecuteError;

/// How many aggregates are kept: all stock and products of a large shop, and what is busy of the
/// rest. At some 1 to 2 KB each, at most a few hundred megabytes.
const AGGREGATES_MAX: NonZeroUsize = NonZeroUsize::new(100_000).unwrap();

struct Remembered {
    state: State,
    head: StreamHead,
}

/// An aggregate out of the log.
pub struct Loaded {
    stream: StreamId,
    state: State,
    head: StreamHead,
}

pub struct Memory(LruCache<StreamId, Remembered>);

impl Memory {
    pub fn new() -> Self {
        Self(LruCache::new(AGGREGATES_MAX))
    }

    /// Where a stream stands as far as is known here; only asked for streams that are in memory.
    pub fn head(&self, stream: &StreamId) -> StreamHead {
        self.0
            .peek(stream)
            .map_or_else(StreamHead::default, |remembered| remembered.head)
    }

    /// Takes in what was decided for a stream, and makes the log's write of it.
    pub fn write(&mut self, written: Written, context: &CommandContext) -> StreamWrite {
        let expected = self.head(&written.stream);
        let events: Vec<_> = written
            .events
            .iter()
            .map(|event| new_event(event, context))
            .collect();
        let head = StreamHead {
            version: expected.version + events.len() as u64,
            event_id: events.last().map(|event| event.meta.event_id),
        };
        self.0.put(
            written.stream.clone(),
            Remembered {
                state: written.state,
                head,
            },
        );
        StreamWrite {
            stream: written.stream,
            expected,
            events,
        }
    }

    /// Keeps what was loaded, unless somebody else has loaded it, and perhaps gone on, meanwhile.
    pub fn remember(&mut self, loaded: Vec<Loaded>) {
        for Loaded { stream, state, head } in loaded {
            self.0.get_or_insert(stream, || Remembered { state, head });
        }
    }

    pub fn forget<'s>(&mut self, streams: impl IntoIterator<Item = &'s StreamId>) {
        for stream in streams {
            self.0.pop(stream);
        }
    }
}

impl Known for Memory {
    fn snapshot(&self, stream: &StreamId) -> Option<Snapshot> {
        let Remembered { state, head } = self.0.peek(stream)?;
        Some(Snapshot {
            state: state.clone(),
            version: head.version,
        })
    }
}

fn new_event(event: &Event, context: &CommandContext) -> NewEvent {
    let encoded = event.encode();
    NewEvent {
        event_type: encoded.event_type,
        schema_version: encoded.schema_version,
        payload: encoded.payload,
        meta: context.meta(),
    }
}

/// Makes aggregates out of their streams' events, which come sorted by version.
pub fn fold(missing: Vec<Missing>, recorded: Vec<RecordedEvent>) -> Result<Vec<Loaded>, ExecuteError> {
    let mut heads: HashMap<StreamId, StreamHead> = HashMap::new();
    let mut events: HashMap<StreamId, Vec<Event>> = HashMap::new();
    for event in recorded {
        let unreadable = |error: events::DecodeError| ExecuteError::Unreadable {
            stream: event.stream.to_string(),
            reason: error.to_string(),
        };
        let decoded = Event::decode(&event).map_err(unreadable)?;
        let head = StreamHead {
            version: event.version,
            event_id: Some(event.meta.event_id),
        };
        heads.insert(event.stream.clone(), head);
        events.entry(event.stream).or_default().push(decoded);
    }
    missing
        .into_iter()
        .map(|Missing { stream, fold }| {
            let of_stream = events.remove(&stream).unwrap_or_default();
            let state = fold(of_stream).ok_or_else(|| ExecuteError::Unreadable {
                stream: stream.to_string(),
                reason: "it holds events of another aggregate".to_owned(),
            })?;
            let head = heads.get(&stream).copied().unwrap_or_default();
            Ok(Loaded { stream, state, head })
        })
        .collect()
}
