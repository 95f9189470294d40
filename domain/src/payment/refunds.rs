//! Money that goes back: asked for, and what became of it. What no provider charged goes back at once.

use events::ids::RefundId;
use events::ledger::JournalEntry;
use events::money::Money;
use events::payment::{PaymentEvent, PaymentMethod, RefundFailed, RefundSettled, SaleTakenBack, SellerShare};

use super::requested::RefundStatus;
use super::sale::{self, Portion};
use super::{PaymentError, Requested, Returned, Status};

pub(super) fn request_refund(
    payment: &Requested,
    refund_id: RefundId,
    amount: Money,
    reason: String,
    returned: Option<&Returned>,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    if payment.refunds.contains_key(&refund_id) {
        return Ok(vec![]);
    }
    if payment.status != Status::Settled {
        return Err(PaymentError::NotSettled);
    }
    if amount.currency() != payment.amount.currency() || !amount.is_positive() {
        return Err(PaymentError::Amount { amount });
    }
    let refundable = payment.refundable();
    if amount.amount_minor() > refundable.amount_minor() {
        return Err(PaymentError::RefundTooHigh {
            wanted: amount,
            refundable,
        });
    }
    let mut events = vec![payment.refund_requested(refund_id, amount, reason)];
    if !matches!(payment.method, PaymentMethod::Card { .. }) {
        events.extend(refund_settled(payment, refund_id, amount, None, returned));
    }
    Ok(events)
}

pub(super) fn record_refund_settled(
    payment: &Requested,
    refund_id: RefundId,
    provider_reference: Option<String>,
    returned: Option<&Returned>,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let refund = payment
        .refunds
        .get(&refund_id)
        .ok_or(PaymentError::UnknownRefund)?;
    if refund.status != RefundStatus::Requested {
        return Ok(vec![]);
    }
    Ok(refund_settled(
        payment,
        refund_id,
        refund.amount,
        provider_reference,
        returned,
    ))
}

fn refund_settled(
    payment: &Requested,
    refund_id: RefundId,
    amount: Money,
    provider_reference: Option<String>,
    returned: Option<&Returned>,
) -> Vec<PaymentEvent> {
    let portions = payment.refund_portions(amount, returned);
    let entry = if portions.is_empty() {
        JournalEntry::transfer(payment.destination(), payment.source(), amount)
    } else {
        sale::entry(payment.source(), amount, &portions).reversed()
    };
    let settled = RefundSettled {
        payment_id: payment.id,
        purpose: payment.purpose,
        customer: payment.customer,
        refund_id,
        amount,
        provider_reference,
        entry,
    };
    let share = |portion: &Portion| SellerShare {
        seller: portion.seller,
        lines: returned
            .and_then(|returned| returned.get(&portion.seller))
            .cloned()
            .unwrap_or_default(),
        amount: portion.gross,
    };
    let taken_back = payment
        .sale
        .as_ref()
        .filter(|_| !portions.is_empty())
        .map(|sale| SaleTakenBack {
            payment_id: payment.id,
            order_id: sale.order_id,
            refund_id,
            shares: portions.iter().map(share).collect(),
        });
    taken_back
        .map(PaymentEvent::from)
        .into_iter()
        .chain([settled.into()])
        .collect()
}

pub(super) fn record_refund_failed(
    payment: &Requested,
    refund_id: RefundId,
    code: String,
    message: String,
) -> Result<Option<PaymentEvent>, PaymentError> {
    let refund = payment
        .refunds
        .get(&refund_id)
        .ok_or(PaymentError::UnknownRefund)?;
    let open = refund.status == RefundStatus::Requested;
    Ok(open.then(|| {
        RefundFailed {
            payment_id: payment.id,
            purpose: payment.purpose,
            customer: payment.customer,
            refund_id,
            code,
            message,
        }
        .into()
    }))
}
