//! Attempts to get the money: made again after a decline, settled, declined, called off.

use chrono::{DateTime, Utc};
use events::ids::{AttemptId, RefundId};
use events::payment::{
    PaymentCancelled, PaymentDeclined, PaymentEvent, PaymentMethod, PaymentRetried, PaymentSettled,
};
use uuid::Uuid;

use super::{PaymentError, Requested, Status};

pub(super) fn retry(
    payment: &Requested,
    method: PaymentMethod,
    attempt_id: AttemptId,
) -> Result<PaymentEvent, PaymentError> {
    if payment.status != Status::Declined {
        return Err(PaymentError::NotDeclined);
    }
    let retried = PaymentRetried {
        payment_id: payment.id,
        purpose: payment.purpose,
        customer: payment.customer,
        amount: payment.amount,
        method,
        attempt_id,
    };
    Ok(retried.into())
}

pub(super) fn record_settled(
    payment: &Requested,
    attempt_id: Option<AttemptId>,
    provider_reference: Option<String>,
    at: DateTime<Utc>,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    if payment.attempt_id != attempt_id {
        return Err(PaymentError::UnknownAttempt);
    }
    if payment.status == Status::Settled {
        return Ok(vec![]);
    }
    let settled = PaymentSettled {
        payment_id: payment.id,
        purpose: payment.purpose,
        customer: payment.customer,
        amount: payment.amount,
        attempt_id,
        provider_reference: provider_reference.clone(),
        entry: payment.entry(),
        settled_at: at,
    };
    let mut events = vec![settled.into()];
    if payment.status == Status::Cancelled {
        // The order was cancelled while the charge was under way: give it back. The id follows from
        // the payment's, so that deciding this twice asks for one refund.
        let refund_id = RefundId(Uuid::new_v5(&payment.id.0, b"cancelled while processing"));
        let settled = Requested {
            provider_reference,
            ..payment.clone()
        };
        events.push(settled.refund_requested(refund_id, payment.amount, "cancelled".to_owned()));
    }
    Ok(events)
}

/// A late word about an earlier attempt, or about what is settled, changes nothing.
pub(super) fn record_declined(
    payment: &Requested,
    attempt_id: AttemptId,
    code: String,
    message: String,
) -> Option<PaymentEvent> {
    let in_flight = payment.status == Status::Processing && payment.attempt_id == Some(attempt_id);
    in_flight.then(|| {
        PaymentDeclined {
            payment_id: payment.id,
            purpose: payment.purpose,
            customer: payment.customer,
            attempt_id,
            code,
            message,
        }
        .into()
    })
}

pub(super) fn cancel(payment: &Requested) -> Option<PaymentEvent> {
    matches!(payment.status, Status::Processing | Status::Declined).then(|| {
        PaymentCancelled {
            payment_id: payment.id,
            purpose: payment.purpose,
            customer: payment.customer,
        }
        .into()
    })
}
