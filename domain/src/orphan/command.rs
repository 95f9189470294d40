//! What can be asked of an orphan.

use chrono::{DateTime, Utc};
use events::ids::RefundId;
use events::orphan::OrphanFound;

#[derive(Debug, Clone)]
pub enum OrphanCommand {
    /// Writes down what was found. Finding it again changes nothing.
    Report(OrphanFound),
    /// Asks for a charge to be given back. While it is under way, and when it is done, this changes nothing.
    RequestRefund {
        refund_id: RefundId,
        reason: String,
        at: DateTime<Utc>,
    },
    /// The provider has given it back.
    RecordRefunded {
        refund_id: RefundId,
        provider_reference: String,
        at: DateTime<Utc>,
    },
    /// The provider has refused to.
    RecordRefundFailed {
        refund_id: RefundId,
        code: String,
        message: String,
    },
    /// Takes it off the list of what is to be done. Twice changes nothing.
    Acknowledge { reason: String, at: DateTime<Utc> },
}
