//! Rows on their way in, whichever database they go to: as one JSON text per statement, so that a statement serves any
//! number of rows and keeps its plan.

use chrono::{DateTime, Utc};
use events::envelope::Position;
use serde::Serialize;

use super::NOT_SENT;
use crate::intents::held::Claim;
use crate::intents::{Finish, IntentsError, Lane, NewIntent, SettledCharge};

/// Microseconds since 1970.
pub(super) fn micros(time: DateTime<Utc>) -> i64 {
    time.timestamp_micros()
}

/// Text of the outside world, as both databases can keep it: `PostgreSQL` takes no NUL.
fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// An intent to be inserted.
#[derive(Debug, Serialize)]
pub(in crate::intents) struct NewRow {
    event_id: String,
    position: i64,
    kind: &'static str,
    recipient: String,
    lane: &'static str,
    stream: String,
    effect: String,
    correlation_id: String,
    trace_parent: Option<String>,
    planned_at: i64,
    state: &'static str,
    due_at: i64,
    recovered: bool,
    outcome: Option<&'static str>,
    finished_at: Option<i64>,
    last_error: Option<String>,
}

impl NewRow {
    /// `origin` is where the log stood when the table was made: what is older may have been carried out before.
    pub fn new(new: &NewIntent, now: DateTime<Utc>, origin: Position) -> Result<Self, IntentsError> {
        let position = new.position;
        let lane = new.effect.lane();
        let recovered = position <= origin;
        let unknown = recovered && lane == Lane::Email && new.parked.is_none();
        Ok(Self {
            event_id: new.event_id.to_string(),
            position: position.cast_signed(),
            kind: new.effect.kind(),
            recipient: new.effect.recipient(),
            lane: lane.as_str(),
            stream: new.effect.stream().as_str().to_owned(),
            effect: serde_json::to_string(&new.effect)
                .map_err(|source| IntentsError::Unwritable { position, source })?,
            correlation_id: new.correlation_id.to_string(),
            trace_parent: new.trace_parent.as_deref().map(plain),
            planned_at: micros(now),
            state: match (unknown, &new.parked) {
                (_, Some(_)) => "parked",
                (true, None) => "done",
                (false, None) => "pending",
            },
            due_at: micros(new.due_at.unwrap_or(now)),
            recovered,
            outcome: unknown.then_some(NOT_SENT),
            finished_at: (unknown || new.parked.is_some()).then(|| micros(now)),
            last_error: new.parked.as_deref().map(plain),
        })
    }
}

/// A settled charge to be inserted.
#[derive(Debug, Serialize)]
pub(in crate::intents) struct SettledRow {
    provider_reference: String,
    payment_id: String,
    amount_minor: i64,
    currency: String,
    settled_at: i64,
}

impl SettledRow {
    pub fn new(charge: &SettledCharge) -> Self {
        Self {
            provider_reference: plain(&charge.provider_reference),
            payment_id: charge.payment_id.to_string(),
            amount_minor: charge.amount.amount_minor(),
            currency: charge.amount.currency().code().to_owned(),
            settled_at: micros(charge.settled_at),
        }
    }
}

/// The end of a lease.
#[derive(Debug, Serialize)]
pub(in crate::intents) struct End {
    seq: i64,
    claims: u32,
    state: &'static str,
    due_at: Option<i64>,
    /// Added to the number of tries.
    attempts: i64,
    memo: Option<String>,
    last_error: Option<String>,
    outcome: Option<String>,
    finished_at: Option<i64>,
}

impl End {
    pub fn new((id, claims): Claim, finish: &Finish, now: DateTime<Utc>) -> Self {
        let end = Self {
            seq: id.0,
            claims,
            state: "pending",
            due_at: None,
            attempts: 0,
            memo: None,
            last_error: None,
            outcome: None,
            finished_at: None,
        };
        match finish {
            Finish::Done { outcome } => Self {
                state: "done",
                outcome: Some(plain(outcome)),
                finished_at: Some(micros(now)),
                ..end
            },
            Finish::Retry { due_at, reason } => Self {
                due_at: Some(micros(*due_at)),
                last_error: Some(plain(reason)),
                ..end
            },
            Finish::Wait { due_at, memo } => Self {
                due_at: Some(micros(*due_at)),
                attempts: -1,
                memo: memo.as_deref().map(plain),
                ..end
            },
            Finish::Park { reason } => Self {
                state: "parked",
                last_error: Some(plain(reason)),
                finished_at: Some(micros(now)),
                ..end
            },
        }
    }
}

/// Rows as the statements take them.
pub(super) fn json(rows: &[impl Serialize]) -> Result<String, sqlx::Error> {
    serde_json::to_string(rows).map_err(|error| sqlx::Error::Encode(error.into()))
}
