//! What goes into the table of intents, and what comes out of it. How it is kept there is left to `store`.

use chrono::{DateTime, Utc};
use events::envelope::Position;
use events::ids::{EventId, PaymentId};
use events::money::Money;
use uuid::Uuid;

use super::effect::Effect;

/// A row's number, in the order of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntentId(pub i64);

impl std::fmt::Display for IntentId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// An effect that an event asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIntent {
    pub effect: Effect,
    pub event_id: EventId,
    pub position: Position,
    pub correlation_id: Uuid,
    pub trace_parent: Option<String>,
    /// Not before this time; at once if missing.
    pub due_at: Option<DateTime<Utc>>,
    /// Why it is parked from the start.
    pub parked: Option<String>,
}

/// A charge that the log calls settled, for the comparison with the provider's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledCharge {
    pub provider_reference: String,
    pub payment_id: PaymentId,
    pub amount: Money,
    pub settled_at: DateTime<Utc>,
}

/// An intent under a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    pub id: IntentId,
    pub effect: Effect,
    pub event_id: EventId,
    pub correlation_id: Uuid,
    pub trace_parent: Option<String>,
    pub planned_at: DateTime<Utc>,
    /// When somebody else may take it, unless the lease is renewed.
    pub lease_until: DateTime<Utc>,
    /// How often it was ever taken, this time included.
    pub claims: u32,
    /// Tries in a row that failed, and this one.
    pub attempts: u32,
    pub recovered: bool,
    /// What an earlier try left for this one: the provider's reference.
    pub memo: Option<String>,
}

impl Claimed {
    /// Whether somebody may have carried it out already, without saying so.
    pub fn may_have_acted(&self) -> bool {
        self.recovered || self.claims > 1
    }
}

/// What becomes of an intent after a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    Done {
        outcome: String,
    },
    Retry {
        due_at: DateTime<Utc>,
        reason: String,
    },
    /// Nothing failed, but it isn't over: come back, which doesn't count as a failed try.
    Wait {
        due_at: DateTime<Utc>,
        memo: Option<String>,
    },
    Park {
        reason: String,
    },
}

/// An intent that was given up until somebody looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    pub id: IntentId,
    pub kind: String,
    pub stream: String,
    pub event_id: EventId,
    pub position: Position,
    pub attempts: u32,
    pub last_error: String,
    pub parked_at: DateTime<Utc>,
    /// How many later effects on its stream wait for it.
    pub waiting: u32,
}

/// An email of which nobody knows whether it was sent before the file was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsent {
    pub id: IntentId,
    pub kind: String,
    pub stream: String,
    pub position: Position,
}

/// How many intents of a lane are in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    pub lane: String,
    pub state: String,
    pub count: u64,
}

/// What somebody makes of the log, up to a place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFold {
    pub position: Position,
    /// The event that stood there.
    pub event_id: String,
    /// As JSON.
    pub body: String,
}
