//! Settles at the payment provider what the log asks for: charges, refunds, payouts. What the provider says becomes a
//! command.
//!
//! The rule of all three: the intent is in the table before the provider hears of it, our id is the provider's
//! idempotency key, and silence means *unknown*. Whatever may have been tried before is asked about first, and acted on
//! only when the provider has no trace of it, with the same id. So nobody is charged twice, whatever times out,
//! crashes or repeats.
//!
//! When to try again is left to the lanes; comparing whole ledgers, to `reconciliation`.

mod charge;
mod orphan;
mod payout;
mod refund;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::effects::Verdict;
use crate::gateway::{Lookup, Outcome, PaymentGateway, RefundRequest};
use crate::intents::Claimed;
use crate::metrics::{self, Movement};

pub(crate) use charge::charge;
pub(crate) use orphan::refund_orphan;
pub(crate) use payout::payout;
pub(crate) use refund::refund;

/// What the provider has said for good.
enum Known {
    Settled { provider_reference: String },
    Failed { code: String, message: String },
}

/// What one try leaves for the next.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Memo {
    /// Accepted under this reference, and pending.
    Pending(String),
    /// No longer wanted, and since this time the provider has no trace of it.
    MissingSince(DateTime<Utc>),
}

impl Memo {
    /// A memo that can't be read is none: the provider is searched instead.
    fn of(claimed: &Claimed) -> Option<Self> {
        serde_json::from_str(claimed.memo.as_deref()?).ok()
    }

    fn reference(&self) -> Option<&str> {
        match self {
            Self::Pending(reference) => Some(reference),
            Self::MissingSince(_) => None,
        }
    }

    fn wait(&self) -> Verdict {
        Verdict::Wait {
            memo: serde_json::to_string(self).ok(),
        }
    }
}

impl Known {
    fn counted(self, movement: Movement) -> Self {
        let outcome = match &self {
            Self::Settled { .. } => "settled",
            Self::Failed { .. } => "failed",
        };
        metrics::settlement(movement, outcome);
        self
    }
}

fn pending(movement: Movement, provider_reference: String) -> Verdict {
    metrics::settlement(movement, "pending");
    Memo::Pending(provider_reference).wait()
}

fn unknown(movement: Movement, reason: String) -> Verdict {
    metrics::settlement(movement, "unknown");
    Verdict::Retry { reason }
}

/// What a request came to, if that is known.
fn known(movement: Movement, outcome: Outcome) -> Result<Known, Verdict> {
    match outcome {
        Outcome::Settled { provider_reference } => {
            Ok(Known::Settled { provider_reference }.counted(movement))
        }
        Outcome::Declined { code, message } | Outcome::Refused { code, message } => {
            Ok(Known::Failed { code, message }.counted(movement))
        }
        Outcome::Pending { provider_reference } => Err(pending(movement, provider_reference)),
        Outcome::Unknown { reason } => Err(unknown(movement, reason)),
    }
}

/// What became of an earlier request; `None` if the provider has no trace of it. One that is merely not listed may have
/// been carried out, so it stays unknown here.
fn remembered(movement: Movement, lookup: Lookup) -> Result<Option<Known>, Verdict> {
    match lookup {
        Lookup::Settled { provider_reference } => {
            Ok(Some(Known::Settled { provider_reference }.counted(movement)))
        }
        Lookup::Declined { code, message } => Ok(Some(Known::Failed { code, message }.counted(movement))),
        Lookup::Pending { provider_reference } => Err(pending(movement, provider_reference)),
        Lookup::NotFound => Ok(None),
        Lookup::NotListed { reason } | Lookup::Unknown { reason } => Err(unknown(movement, reason)),
    }
}

/// What became of a refund: it is asked for once the provider has no trace of it.
async fn given_back(
    gateway: &PaymentGateway,
    claimed: &Claimed,
    request: &RefundRequest,
) -> Result<Known, Verdict> {
    if claimed.may_have_acted() {
        let lookup = gateway.look_up_refund(request.refund_id, &request.provider_reference);
        if let Some(known) = remembered(Movement::Refund, lookup.await)? {
            return Ok(known);
        }
    }
    known(Movement::Refund, gateway.refund(request).await)
}
