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
mod payout;
mod refund;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::effects::Verdict;
use crate::gateway::{Lookup, Outcome};
use crate::intents::Claimed;

pub(crate) use charge::charge;
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

/// What a request came to, if that is known.
fn known(outcome: Outcome) -> Result<Known, Verdict> {
    match outcome {
        Outcome::Settled { provider_reference } => Ok(Known::Settled { provider_reference }),
        Outcome::Declined { code, message } | Outcome::Refused { code, message } => {
            Ok(Known::Failed { code, message })
        }
        Outcome::Pending { provider_reference } => Err(Memo::Pending(provider_reference).wait()),
        Outcome::Unknown { reason } => Err(Verdict::Retry { reason }),
    }
}

/// What became of an earlier request; `None` if the provider has no trace of it.
fn remembered(lookup: Lookup) -> Result<Option<Known>, Verdict> {
    match lookup {
        Lookup::Settled { provider_reference } => Ok(Some(Known::Settled { provider_reference })),
        Lookup::Declined { code, message } => Ok(Some(Known::Failed { code, message })),
        Lookup::Pending { provider_reference } => Err(Memo::Pending(provider_reference).wait()),
        Lookup::NotFound => Ok(None),
        Lookup::Unknown { reason } => Err(Verdict::Retry { reason }),
    }
}
