//! Decides a batch of appends, one after the other, against what the log knew when the batch began and
//! what the batch has changed since. Pure: reading and writing is the store's part.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, SubsecRound, Utc};
use events::envelope::{Position, StreamId};

use super::{
    Append, AppendError, Appended, Claim, IdempotencyKey, NewEvent, StoredOutcome, StreamHead, StreamWrite,
};

/// A claim's scope and value.
pub(super) type ClaimKey = (&'static str, String);

/// An idempotency key's scope and key.
pub(super) type OutcomeKey = (String, String);

/// Digits of a second that the log keeps: microseconds.
const STORED_SUBSECOND_DIGITS: u16 = 6;

/// What a batch asks the log about, each thing once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Touched {
    pub streams: Vec<StreamId>,
    pub claims: Vec<ClaimKey>,
    pub keys: Vec<OutcomeKey>,
}

impl Touched {
    pub fn by(appends: &[Append]) -> Self {
        let writes = appends.iter().flat_map(|append| &append.writes);
        let claims = appends
            .iter()
            .flat_map(|append| append.releases.iter().chain(&append.claims));
        let keys = appends.iter().filter_map(|append| append.idempotency.as_ref());
        Self {
            streams: distinct(writes.map(|write| write.stream.clone())),
            claims: distinct(claims.map(|claim| (claim.scope, claim.value.clone()))),
            keys: distinct(keys.map(|(key, _)| (key.scope.clone(), key.key.clone()))),
        }
    }
}

fn distinct<T: Clone + Eq + std::hash::Hash>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(item.clone())).collect()
}

/// What the log says about what a batch touches. What is missing has no events, no owner, no outcome.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub heads: HashMap<StreamId, StreamHead>,
    pub owners: HashMap<ClaimKey, String>,
    pub outcomes: HashMap<OutcomeKey, StoredOutcome>,
}

/// An event that has got its place.
#[derive(Debug)]
pub(super) struct PlacedEvent {
    pub position: Position,
    pub stream: StreamId,
    pub version: u64,
    pub event: NewEvent,
}

/// An answer to keep with its idempotency key.
#[derive(Debug)]
pub(super) struct NewOutcome {
    pub key: OutcomeKey,
    pub stored: StoredOutcome,
}

/// A batch while it is being decided, and then what it is to write.
#[derive(Debug)]
pub(super) struct Batch {
    known: Known,
    now: DateTime<Utc>,
    /// Position of the newest event, those of the batch included.
    pub position: Position,
    pub events: Vec<PlacedEvent>,
    /// What becomes of claims; `None` is a release.
    pub claims: HashMap<ClaimKey, Option<String>>,
    pub outcomes: Vec<NewOutcome>,
}

impl Batch {
    pub fn new(position: Position, known: Known, now: DateTime<Utc>) -> Self {
        Self {
            known,
            // As it will be read back.
            now: now.trunc_subsecs(STORED_SUBSECOND_DIGITS),
            position,
            events: Vec::new(),
            claims: HashMap::new(),
            outcomes: Vec::new(),
        }
    }

    /// Whether there is anything to write.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.claims.is_empty() && self.outcomes.is_empty()
    }

    /// Decides one append. Those after it see what it changed, or nothing of it if it fails.
    pub fn decide(&mut self, append: Append) -> Result<Appended, AppendError> {
        if let Some((key, _)) = &append.idempotency {
            self.check_key(key)?;
        }
        self.check_heads(&append.writes)?;
        let claims = self.check_claims(append.releases, append.claims)?;
        for write in append.writes {
            self.place(write);
        }
        self.claims.extend(claims);
        if let Some((key, outcome)) = append.idempotency {
            self.keep_outcome(key, outcome);
        }
        Ok(Appended {
            position: self.position,
        })
    }

    fn check_key(&self, key: &IdempotencyKey) -> Result<(), AppendError> {
        match self.known.outcomes.get(&(key.scope.clone(), key.key.clone())) {
            Some(stored) => Err(AppendError::Repeated(stored.clone())),
            None => Ok(()),
        }
    }

    fn check_heads(&self, writes: &[StreamWrite]) -> Result<(), AppendError> {
        let moved = writes
            .iter()
            .filter(|write| self.head(&write.stream) != write.expected);
        let streams: Vec<StreamId> = moved.map(|write| write.stream.clone()).collect();
        if streams.is_empty() {
            Ok(())
        } else {
            Err(AppendError::Conflict { streams })
        }
    }

    /// What becomes of the claims, if all of them can be taken.
    fn check_claims(
        &self,
        releases: Vec<Claim>,
        claims: Vec<Claim>,
    ) -> Result<HashMap<ClaimKey, Option<String>>, AppendError> {
        let mut changes: HashMap<ClaimKey, Option<String>> = HashMap::new();
        for Claim { scope, value, owner } in releases {
            let key = (scope, value);
            if self.owner(&key) == Some(&owner) {
                changes.insert(key, None);
            }
        }
        for Claim { scope, value, owner } in claims {
            let key = (scope, value);
            let current = changes
                .get(&key)
                .map_or_else(|| self.owner(&key), |changed| changed.as_ref());
            match current {
                Some(current) if *current != owner => {
                    return Err(AppendError::Taken {
                        scope,
                        value: key.1,
                        owner: current.clone(),
                    });
                }
                _ => changes.insert(key, Some(owner)),
            };
        }
        Ok(changes)
    }

    /// Numbers the stream's new events from its head, which `check_heads` found to be the expected one.
    fn place(&mut self, StreamWrite { stream, events, .. }: StreamWrite) {
        let mut head = self.head(&stream);
        for event in events {
            self.position += 1;
            head = StreamHead {
                version: head.version + 1,
                event_id: Some(event.meta.event_id),
            };
            self.events.push(PlacedEvent {
                position: self.position,
                stream: stream.clone(),
                version: head.version,
                event,
            });
        }
        self.known.heads.insert(stream, head);
    }

    fn keep_outcome(&mut self, key: IdempotencyKey, outcome: String) {
        let stored = StoredOutcome {
            fingerprint: key.fingerprint,
            outcome,
            position: self.position,
            recorded_at: self.now,
        };
        let key = (key.scope, key.key);
        self.known.outcomes.insert(key.clone(), stored.clone());
        self.outcomes.push(NewOutcome { key, stored });
    }

    fn head(&self, stream: &StreamId) -> StreamHead {
        self.known.heads.get(stream).copied().unwrap_or_default()
    }

    fn owner(&self, key: &ClaimKey) -> Option<&String> {
        match self.claims.get(key) {
            Some(changed) => changed.as_ref(),
            None => self.known.owners.get(key),
        }
    }
}
