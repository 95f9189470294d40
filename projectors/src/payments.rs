//! Payments, from their own events.

use chrono::{DateTime, Utc};
use events::Event;
use events::ids::{AttemptId, PaymentId, RefundId};
use events::money::Money;
use events::payment::{PaymentEvent, PaymentMethod, PaymentRequested, RefundRequested};
use read_models::payments::{
    Attempt, AttemptStatus, MethodKind, Payment, PaymentDocument, PaymentStatus, Refund, RefundStatus,
    Refusal,
};
use read_models::{NoEntries, ViewName};

use crate::amounts::plus;
use crate::projection::{Fact, Projection};

/// Attempts that a payment shows, the newest: nobody reads more, and one who tries cards for ever doesn't make the
/// document grow for ever.
const ATTEMPTS_MAX: usize = 50;

pub struct Payments;

impl Projection for Payments {
    const VIEW: ViewName = ViewName::Payments;
    type Row = Payment;
    type Entry = NoEntries;

    fn keys(event: &Event) -> Vec<PaymentId> {
        let Event::Payment(event) = event else {
            return Vec::new();
        };
        vec![match event {
            PaymentEvent::PaymentRequested(e) => e.payment_id,
            PaymentEvent::PaymentRetried(e) => e.payment_id,
            PaymentEvent::PaymentSettled(e) => e.payment_id,
            PaymentEvent::PaymentDeclined(e) => e.payment_id,
            PaymentEvent::PaymentCancelled(e) => e.payment_id,
            PaymentEvent::RefundRequested(e) => e.payment_id,
            PaymentEvent::RefundSettled(e) => e.payment_id,
            PaymentEvent::RefundFailed(e) => e.payment_id,
            // Between the shop and its sellers.
            PaymentEvent::SaleAgreed(_) | PaymentEvent::SaleTakenBack(_) => return Vec::new(),
        }]
    }

    fn apply(_: &PaymentId, row: Option<Payment>, fact: &Fact, _: &mut Vec<NoEntries>) -> Option<Payment> {
        let Event::Payment(event) = &fact.event else {
            return row;
        };
        if let PaymentEvent::PaymentRequested(e) = event {
            return Some(Payment {
                document: requested(e, fact.version),
                position: fact.position,
            });
        }
        // A stream begins with the request; without it there is nothing to change.
        let mut payment = row?;
        change(&mut payment.document, event);
        follow(&mut payment.document.attempts, event, fact.recorded_at);
        payment.document.version = fact.version;
        payment.position = fact.position;
        Some(payment)
    }
}

fn requested(event: &PaymentRequested, version: u64) -> PaymentDocument {
    PaymentDocument {
        id: event.payment_id,
        purpose: event.purpose,
        customer: event.customer,
        amount: event.amount,
        method: kind(&event.method),
        status: PaymentStatus::Processing,
        provider_reference: None,
        decline: None,
        attempts: vec![begun(event.attempt_id, &event.method, event.requested_at)],
        refunded: Money::zero(event.amount.currency()),
        refunds: Vec::new(),
        created_at: event.requested_at,
        settled_at: None,
        version,
    }
}

fn change(payment: &mut PaymentDocument, event: &PaymentEvent) {
    match event {
        PaymentEvent::PaymentRequested(_) | PaymentEvent::SaleAgreed(_) | PaymentEvent::SaleTakenBack(_) => {}
        PaymentEvent::PaymentRetried(e) => {
            payment.status = PaymentStatus::Processing;
            payment.method = kind(&e.method);
            payment.decline = None;
        }
        PaymentEvent::PaymentSettled(e) => {
            payment.status = PaymentStatus::Settled;
            payment.decline = None;
            payment.provider_reference.clone_from(&e.provider_reference);
            payment.settled_at = Some(e.settled_at);
        }
        PaymentEvent::PaymentDeclined(e) => {
            payment.status = PaymentStatus::Declined;
            payment.decline = Some(refusal(&e.code, &e.message));
        }
        PaymentEvent::PaymentCancelled(_) => payment.status = PaymentStatus::Cancelled,
        PaymentEvent::RefundRequested(e) => payment.refunds.push(asked_back(e)),
        PaymentEvent::RefundSettled(e) => {
            payment.refunded = plus(payment.refunded, e.amount);
            let all = payment.refunded.amount_minor() >= payment.amount.amount_minor();
            payment.status = if all {
                PaymentStatus::Refunded
            } else {
                PaymentStatus::PartiallyRefunded
            };
            if let Some(refund) = find(&mut payment.refunds, e.refund_id) {
                refund.status = RefundStatus::Settled;
                refund.failure = None;
                refund.provider_reference.clone_from(&e.provider_reference);
            }
        }
        PaymentEvent::RefundFailed(e) => {
            if let Some(refund) = find(&mut payment.refunds, e.refund_id) {
                refund.status = RefundStatus::Failed;
                refund.failure = Some(refusal(&e.code, &e.message));
            }
        }
    }
}

/// What an event makes of the attempts.
fn follow(attempts: &mut Vec<Attempt>, event: &PaymentEvent, at: DateTime<Utc>) {
    match event {
        PaymentEvent::PaymentRetried(e) => {
            if attempts.len() >= ATTEMPTS_MAX {
                attempts.remove(0);
            }
            attempts.push(begun(Some(e.attempt_id), &e.method, at));
        }
        PaymentEvent::PaymentSettled(e) => {
            let attempt = attempts.iter_mut().rfind(|attempt| attempt.id == e.attempt_id);
            end(attempt, AttemptStatus::Settled, e.settled_at, None);
        }
        PaymentEvent::PaymentDeclined(e) => {
            let attempt = attempts
                .iter_mut()
                .rfind(|attempt| attempt.id == Some(e.attempt_id));
            let decline = refusal(&e.code, &e.message);
            end(attempt, AttemptStatus::Declined, at, Some(decline));
        }
        PaymentEvent::PaymentCancelled(_) => {
            let attempt = attempts
                .last_mut()
                .filter(|attempt| attempt.status == AttemptStatus::Processing);
            end(attempt, AttemptStatus::Cancelled, at, None);
        }
        _ => {}
    }
}

fn begun(id: Option<AttemptId>, method: &PaymentMethod, started_at: DateTime<Utc>) -> Attempt {
    Attempt {
        id,
        method: kind(method),
        status: AttemptStatus::Processing,
        started_at,
        ended_at: None,
        decline: None,
    }
}

fn end(attempt: Option<&mut Attempt>, status: AttemptStatus, at: DateTime<Utc>, decline: Option<Refusal>) {
    if let Some(attempt) = attempt {
        attempt.status = status;
        attempt.ended_at = Some(at);
        attempt.decline = decline;
    }
}

fn asked_back(event: &RefundRequested) -> Refund {
    Refund {
        id: event.refund_id,
        amount: event.amount,
        status: RefundStatus::Processing,
        reason: event.reason.clone(),
        provider_reference: None,
        failure: None,
    }
}

fn find(refunds: &mut [Refund], id: RefundId) -> Option<&mut Refund> {
    refunds.iter_mut().find(|refund| refund.id == id)
}

fn refusal(code: &str, message: &str) -> Refusal {
    Refusal {
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

/// How it is paid; what with stays behind.
pub(crate) fn kind(method: &PaymentMethod) -> MethodKind {
    match method {
        PaymentMethod::Card { .. } => MethodKind::Card,
        PaymentMethod::Wallet => MethodKind::Wallet,
        PaymentMethod::External { .. } => MethodKind::External,
    }
}
