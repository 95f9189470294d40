//! Use cases of orphans: a comparison of the ledgers reports one, staff give it back or acknowledge it.

use chrono::{DateTime, Utc};
use events::ids::{OrphanId, RefundId};
use events::orphan::OrphanFound;

use crate::orphan::{Orphan, OrphanCommand};
use crate::unit_of_work::{Decision, UnitOfWork};

/// Writes down what was found, once.
pub fn report_orphan(work: &mut UnitOfWork, found: &OrphanFound) -> Decision<()> {
    work.handle::<Orphan>(found.orphan_id, OrphanCommand::Report(found.clone()))
}

/// Asks for a charge to be given back whole.
pub fn refund_orphan(
    work: &mut UnitOfWork,
    orphan_id: OrphanId,
    refund_id: RefundId,
    reason: &str,
    at: DateTime<Utc>,
) -> Decision<()> {
    let reason = reason.to_owned();
    let request = OrphanCommand::RequestRefund {
        refund_id,
        reason,
        at,
    };
    work.handle::<Orphan>(orphan_id, request)
}

/// The provider has given it back.
pub fn settle_orphan_refund(
    work: &mut UnitOfWork,
    orphan_id: OrphanId,
    refund_id: RefundId,
    provider_reference: &str,
    at: DateTime<Utc>,
) -> Decision<()> {
    let refunded = OrphanCommand::RecordRefunded {
        refund_id,
        provider_reference: provider_reference.to_owned(),
        at,
    };
    work.handle::<Orphan>(orphan_id, refunded)
}

/// The provider won't give it back.
pub fn fail_orphan_refund(
    work: &mut UnitOfWork,
    orphan_id: OrphanId,
    refund_id: RefundId,
    code: &str,
    message: &str,
) -> Decision<()> {
    let (code, message) = (code.to_owned(), message.to_owned());
    let failed = OrphanCommand::RecordRefundFailed {
        refund_id,
        code,
        message,
    };
    work.handle::<Orphan>(orphan_id, failed)
}

/// Somebody has dealt with it otherwise.
pub fn acknowledge_orphan(
    work: &mut UnitOfWork,
    orphan_id: OrphanId,
    reason: &str,
    at: DateTime<Utc>,
) -> Decision<()> {
    let reason = reason.to_owned();
    work.handle::<Orphan>(orphan_id, OrphanCommand::Acknowledge { reason, at })
}
