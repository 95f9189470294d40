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

/// How many aggregates are kept as decided, and how many as last read: all stock and products of a large shop, and what is
/// busy of the rest. At some 1 to 2 KB each, of which the two share most, at most a few hundred megabytes.
const AGGREGATES_MAX: NonZeroUsize = NonZeroUsize::new(100_000).unwrap();

struct Remembered {
    state: State,
    head: StreamHead,
    /// Which load it descends from. If one decision that grew from a load turns out to be wrong, all
    /// that came after it from the same load are, and none that grew from a later load.
    load: u64,
}

/// A stream as a decision saw it, so that a failure forgets that and nothing newer.
pub struct Seen {
    pub stream: StreamId,
    load: u64,
}

/// An aggregate out of the log.
pub struct Loaded {
    stream: StreamId,
    committed: Committed,
}

/// What was read from the log, and nothing that was only decided: true for ever of its version.
#[derive(Clone)]
pub struct Committed {
    state: State,
    head: StreamHead,
}

impl Committed {
    pub fn version(&self) -> u64 {
        self.head.version
    }
}

pub struct Memory {
    aggregates: LruCache<StreamId, Remembered>,
    /// What was last read of each stream. What is forgotten is read again from there on, so that a long stream that
    /// several processes write to costs each of them the others' events, and not its whole past.
    committed: LruCache<StreamId, Committed>,
    loads: u64,
}

impl Memory {
    pub fn new() -> Self {
        Self {
            aggregates: LruCache::new(AGGREGATES_MAX),
            committed: LruCache::new(AGGREGATES_MAX),
            loads: 0,
        }
    }

    /// Checks that this stream, which a decision looked at, stands where it is known to stand. Counts
    /// as a use: what is busy stays in memory, also what is only ever read.
    pub fn check(&mut self, stream: &StreamId) -> (StreamWrite, Seen) {
        let known = self.aggregates.get(stream);
        let (head, load) = known.map_or_else(Default::default, |known| (known.head, known.load));
        let write = StreamWrite {
            stream: stream.clone(),
            expected: head,
            events: vec![],
        };
        let stream = stream.clone();
        (write, Seen { stream, load })
    }

    /// Takes in what was decided for a stream, and adds it to the check of that stream.
    pub fn write(
        &mut self,
        written: Written,
        check: &mut StreamWrite,
        seen: &Seen,
        context: &CommandContext,
    ) {
        check.events = written
            .events
            .iter()
            .map(|event| new_event(event, context))
            .collect();
        let head = StreamHead {
            version: check.expected.version + check.events.len() as u64,
            event_id: check.events.last().map(|event| event.meta.event_id),
        };
        let remembered = Remembered {
            state: written.state,
            head,
            load: seen.load,
        };
        self.aggregates.put(written.stream, remembered);
    }

    /// Keeps what was loaded, unless somebody else has loaded it, and perhaps gone on, meanwhile.
    pub fn remember(&mut self, loaded: Vec<Loaded>) {
        self.loads += 1;
        let load = self.loads;
        for Loaded { stream, committed } in loaded {
            let Committed { state, head } = committed.clone();
            self.aggregates
                .get_or_insert(stream.clone(), || Remembered { state, head, load });
            self.committed.put(stream, committed);
        }
    }

    /// What was last read of each of these streams, as far as that is known.
    pub fn last_read(&mut self, missing: &[Missing]) -> HashMap<StreamId, Committed> {
        let known = missing.iter().filter_map(|Missing { stream, .. }| {
            let committed = self.committed.get(stream)?;
            Some((stream.clone(), committed.clone()))
        });
        known.collect()
    }

    /// Forgets these streams, unless they have been loaded anew since they were seen.
    pub fn forget<'s>(&mut self, seen: impl IntoIterator<Item = &'s Seen>) {
        for Seen { stream, load } in seen {
            if self
                .aggregates
                .peek(stream)
                .is_some_and(|known| known.load == *load)
            {
                self.aggregates.pop(stream);
            }
        }
    }
}

impl Known for Memory {
    fn snapshot(&self, stream: &StreamId) -> Option<Snapshot> {
        let Remembered { state, head, .. } = self.aggregates.peek(stream)?;
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

/// Makes aggregates out of what was last read of their streams and the events after it, which come sorted by version.
pub fn fold(
    missing: Vec<Missing>,
    mut last_read: HashMap<StreamId, Committed>,
    recorded: Vec<RecordedEvent>,
) -> Result<Vec<Loaded>, ExecuteError> {
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
            let before = last_read.remove(&stream);
            let committed = match (before, events.remove(&stream)) {
                (Some(before), None) => before,
                (before, new) => {
                    let state = fold(
                        before.as_ref().map(|before| &before.state),
                        new.unwrap_or_default(),
                    );
                    let state = state.ok_or_else(|| ExecuteError::Unreadable {
                        stream: stream.to_string(),
                        reason: "it holds events of another aggregate".to_owned(),
                    })?;
                    let head = heads.get(&stream).copied().unwrap_or_default();
                    Committed { state, head }
                }
            };
            Ok(Loaded { stream, committed })
        })
        .collect()
}
