//! An orphan: found once, then given back or acknowledged, and not both.

use events::ids::{OrphanId, RefundId};
use events::orphan::{
    OrphanAcknowledged, OrphanEvent, OrphanFound, OrphanKind, OrphanReason, OrphanRefundFailed,
    OrphanRefundRequested, OrphanRefunded,
};
use uuid::Uuid;

use super::{Orphan, OrphanCommand, OrphanError, REASON_MAX_CHARS, orphan_id};
use crate::RefusalKind::{Conflict, Invalid, NotFound};
use crate::given::{Then, at, given, pence};

const REFUND: RefundId = RefundId(Uuid::from_u128(1));
const OTHER: RefundId = RefundId(Uuid::from_u128(2));

fn id() -> OrphanId {
    orphan_id("pi_1")
}

fn found(kind: OrphanKind) -> OrphanFound {
    OrphanFound {
        orphan_id: id(),
        kind,
        reason: OrphanReason::UnknownPayment,
        provider_reference: "pi_1".to_owned(),
        payment_id: None,
        amount: pence(12_34),
        moved_at: at(0),
        found_at: at(1),
    }
}

fn charge() -> OrphanEvent {
    found(OrphanKind::Charge).into()
}

fn requested(refund_id: RefundId) -> OrphanEvent {
    OrphanRefundRequested {
        orphan_id: id(),
        refund_id,
        provider_reference: "pi_1".to_owned(),
        amount: pence(12_34),
        reason: "nobody ordered".to_owned(),
        requested_at: at(2),
    }
    .into()
}

fn refunded() -> OrphanEvent {
    OrphanRefunded {
        orphan_id: id(),
        refund_id: REFUND,
        amount: pence(12_34),
        provider_reference: "re_1".to_owned(),
        refunded_at: at(3),
    }
    .into()
}

fn failed() -> OrphanEvent {
    OrphanRefundFailed {
        orphan_id: id(),
        refund_id: REFUND,
        code: "disputed".to_owned(),
        message: "No.".to_owned(),
    }
    .into()
}

fn acknowledged() -> OrphanEvent {
    OrphanAcknowledged {
        orphan_id: id(),
        reason: "sent by hand".to_owned(),
        acknowledged_at: at(2),
    }
    .into()
}

fn refund(refund_id: RefundId) -> OrphanCommand {
    OrphanCommand::RequestRefund {
        refund_id,
        reason: "nobody ordered".to_owned(),
        at: at(2),
    }
}

fn record_refunded(refund_id: RefundId) -> OrphanCommand {
    OrphanCommand::RecordRefunded {
        refund_id,
        provider_reference: "re_1".to_owned(),
        at: at(3),
    }
}

fn record_failed() -> OrphanCommand {
    OrphanCommand::RecordRefundFailed {
        refund_id: REFUND,
        code: "disputed".to_owned(),
        message: "No.".to_owned(),
    }
}

fn acknowledge(reason: &str) -> OrphanCommand {
    OrphanCommand::Acknowledge {
        reason: reason.to_owned(),
        at: at(2),
    }
}

#[test]
fn it_is_found_once() {
    let report = || OrphanCommand::Report(found(OrphanKind::Charge));
    given::<Orphan>(vec![])
        .when(report())
        .then_expect_events(vec![charge()]);
    given::<Orphan>(vec![charge()]).when(report()).then_nothing();
    given::<Orphan>(vec![charge(), acknowledged()])
        .when(report())
        .then_nothing();
    assert_eq!(orphan_id("pi_1"), id());
    assert_ne!(orphan_id("pi_2"), id());
}

#[test]
fn a_charge_is_given_back_once() {
    given::<Orphan>(vec![charge()])
        .when(refund(REFUND))
        .then_expect_events(vec![requested(REFUND)]);
    let under_way = || vec![charge(), requested(REFUND)];
    given::<Orphan>(under_way()).when(refund(OTHER)).then_nothing();
    given::<Orphan>(under_way())
        .when(record_refunded(REFUND))
        .then_expect_events(vec![refunded()]);
    given::<Orphan>(under_way())
        .when(record_refunded(OTHER))
        .then_nothing();
    let done = || vec![charge(), requested(REFUND), refunded()];
    given::<Orphan>(done())
        .when(record_refunded(REFUND))
        .then_nothing();
    given::<Orphan>(done()).when(refund(OTHER)).then_nothing();
    given::<Orphan>(done()).when(record_failed()).then_nothing();
}

#[test]
fn a_refund_that_failed_may_be_tried_again() {
    given::<Orphan>(vec![charge(), requested(REFUND)])
        .when(record_failed())
        .then_expect_events(vec![failed()]);
    given::<Orphan>(vec![charge(), requested(REFUND), failed()])
        .when(refund(OTHER))
        .then_expect_events(vec![requested(OTHER)]);
}

#[test]
fn only_charges_are_given_back() {
    for kind in [OrphanKind::Refund, OrphanKind::Payout] {
        given::<Orphan>(vec![found(kind).into()])
            .when(refund(REFUND))
            .then_refused(
                OrphanError::NotRefundable { kind },
                (Conflict, "orphan_not_refundable", None),
            );
        given::<Orphan>(vec![found(kind).into()])
            .when(acknowledge("sent by hand"))
            .then_expect_events(vec![acknowledged()]);
    }
}

#[test]
fn what_is_acknowledged_is_not_given_back_nor_the_other_way_round() {
    given::<Orphan>(vec![charge()])
        .when(acknowledge("sent by hand"))
        .then_expect_events(vec![acknowledged()]);
    given::<Orphan>(vec![charge(), acknowledged()])
        .when(acknowledge("again"))
        .then_nothing();
    given::<Orphan>(vec![charge(), acknowledged()])
        .when(refund(REFUND))
        .then_refused(OrphanError::Acknowledged, (Conflict, "orphan_acknowledged", None));
    given::<Orphan>(vec![charge(), requested(REFUND)])
        .when(acknowledge("sent by hand"))
        .then_refused(OrphanError::Refunded, (Conflict, "orphan_refunded", None));
}

#[test]
fn what_was_never_found_is_not_there_and_a_reason_is_needed() {
    given::<Orphan>(vec![])
        .when(refund(REFUND))
        .then_refused(OrphanError::NotFound, (NotFound, "orphan_not_found", None));
    given::<Orphan>(vec![])
        .when(acknowledge("why"))
        .then_refused(OrphanError::NotFound, (NotFound, "orphan_not_found", None));
    for reason in [" ".to_owned(), "x".repeat(REASON_MAX_CHARS + 1)] {
        let max_chars = REASON_MAX_CHARS;
        given::<Orphan>(vec![charge()])
            .when(acknowledge(&reason))
            .then_refused(
                OrphanError::Reason { max_chars },
                (Invalid, "reason_invalid", Some("reason")),
            );
    }
}
