//! What an event asks of the outside world: a pure function of the event and of which orders are history.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use events::Event;
use events::account::AccountEvent;
use events::chain::OutgoingReportEvent;
use events::envelope::RecordedEvent;
use events::guest_cart::GuestCartEvent;
use events::ids::{AttemptId, OrderId, PaymentId};
use events::order::{OrderEvent, OrderPlaced};
use events::orphan::OrphanEvent;
use events::payment::{PaymentEvent, PaymentMethod, PaymentSettled, RefundRequested};
use events::wallet::WalletEvent;

use super::images;
use crate::intents::{Effect, Lane, NewIntent, OrderNotice, OrphanRefund, Payout, Refund, SettledCharge};

/// What comes of one event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Planned {
    pub intents: Vec<NewIntent>,
    /// For the reconciliation.
    pub settled: Option<SettledCharge>,
}

/// The types that ask for something; all others are passed over unread.
const CONCERNING: &[(&str, Lane)] = &[
    ("ImageAdded", Lane::Images),
    ("ImageRejected", Lane::Timers),
    ("ImageRemoved", Lane::Timers),
    ("ProductRemoved", Lane::Timers),
    ("OrderPlaced", Lane::Email),
    ("OrderShipped", Lane::Email),
    ("OrderCancelled", Lane::Email),
    ("OrphanRefundRequested", Lane::Settlement),
    ("PasswordResetRequested", Lane::Email),
    ("EmailVerificationRequested", Lane::Email),
    ("GuestCartStarted", Lane::Timers),
    ("PaymentRequested", Lane::Settlement),
    ("PaymentRetried", Lane::Settlement),
    ("PaymentSettled", Lane::Settlement),
    ("RefundRequested", Lane::Settlement),
    ("WithdrawalRequested", Lane::Settlement),
    ("DailyReportPrepared", Lane::Chain),
];

pub(super) fn concerns_us(event_type: &str) -> bool {
    CONCERNING.iter().any(|(concerning, _)| *concerning == event_type)
}

/// Where an event of this type is parked that can't be read.
pub(super) fn lane_of(event_type: &str) -> Lane {
    CONCERNING
        .iter()
        .find(|(concerning, _)| *concerning == event_type)
        .map_or(Lane::Email, |(_, lane)| *lane)
}

/// What `event`, which stands in the log as `recorded`, asks for. `historical` are those of the orders concerned that
/// are sales of the past: nothing comes of them.
pub(super) fn plan(event: &Event, recorded: &RecordedEvent, historical: &HashSet<OrderId>) -> Planned {
    let effects = effects(event, recorded.meta.recorded_at, historical);
    let intent = |(effect, due_at)| NewIntent {
        effect,
        event_id: recorded.meta.event_id,
        position: recorded.position,
        correlation_id: recorded.meta.correlation_id,
        trace_parent: recorded.meta.trace_parent.clone(),
        due_at,
        parked: None,
    };
    Planned {
        intents: effects.into_iter().map(intent).collect(),
        settled: match event {
            Event::Payment(PaymentEvent::PaymentSettled(settled)) => settled_charge(settled),
            _ => None,
        },
    }
}

/// Effects with the time before which they aren't due.
type Due = (Effect, Option<DateTime<Utc>>);

fn effects(event: &Event, recorded_at: DateTime<Utc>, historical: &HashSet<OrderId>) -> Vec<Due> {
    match event {
        Event::Product(event) => images::of_product(event, recorded_at).into_iter().collect(),
        Event::Order(event) => of_order(event, historical),
        Event::Payment(event) => of_payment(event)
            .into_iter()
            .map(|effect| (effect, None))
            .collect(),
        Event::Orphan(OrphanEvent::OrphanRefundRequested(requested)) => {
            let refund = OrphanRefund {
                orphan_id: requested.orphan_id,
                refund_id: requested.refund_id,
                amount: requested.amount,
                provider_reference: requested.provider_reference.clone(),
            };
            vec![(Effect::RefundOrphan(refund), None)]
        }
        Event::Wallet(WalletEvent::WithdrawalRequested(requested)) => {
            let payout = Payout {
                account_id: requested.account_id,
                withdrawal_id: requested.withdrawal_id,
                amount: requested.amount,
                destination: requested.destination.clone(),
                requested_at: requested.requested_at,
            };
            vec![(Effect::Payout(payout), None)]
        }
        Event::OutgoingReport(OutgoingReportEvent::DailyReportPrepared(prepared)) => {
            let report = Effect::SendDailyReport {
                day: prepared.day,
                currency: prepared.figures.revenue.currency(),
                revision: prepared.revision,
            };
            vec![(report, None)]
        }
        Event::Account(AccountEvent::PasswordResetRequested(requested)) => {
            let (account_id, reset_id) = (requested.account_id, requested.reset_id);
            vec![(Effect::EmailPasswordReset { account_id, reset_id }, None)]
        }
        Event::Account(AccountEvent::EmailVerificationRequested(requested)) => {
            let effect = Effect::EmailVerification {
                account_id: requested.account_id,
                verification_id: requested.verification_id,
            };
            vec![(effect, None)]
        }
        Event::GuestCart(GuestCartEvent::GuestCartStarted(started)) => {
            let cart_id = started.cart_id;
            vec![(Effect::ExpireGuestCart { cart_id }, Some(started.expires_at))]
        }
        _ => vec![],
    }
}

fn of_order(event: &OrderEvent, historical: &HashSet<OrderId>) -> Vec<Due> {
    let notify = |order_id, notice| vec![(Effect::EmailOrder { order_id, notice }, None)];
    match event {
        OrderEvent::OrderPlaced(placed) if !placed.historical => of_new_order(placed),
        OrderEvent::OrderShipped(shipped) if !historical.contains(&shipped.order_id) => {
            notify(shipped.order_id, OrderNotice::Shipped)
        }
        OrderEvent::OrderCancelled(cancelled) if !historical.contains(&cancelled.order_id) => {
            notify(cancelled.order_id, OrderNotice::Cancelled)
        }
        _ => vec![],
    }
}

fn of_new_order(placed: &OrderPlaced) -> Vec<Due> {
    let order_id = placed.order_id;
    let confirmation = Effect::EmailOrder {
        order_id,
        notice: OrderNotice::Confirmation,
    };
    let timer = placed
        .expires_at
        .map(|at| (Effect::ExpireOrder { order_id }, Some(at)));
    std::iter::once((confirmation, None)).chain(timer).collect()
}

fn of_payment(event: &PaymentEvent) -> Option<Effect> {
    match event {
        PaymentEvent::PaymentRequested(requested) => {
            charge(&requested.method, requested.payment_id, requested.attempt_id?)
        }
        PaymentEvent::PaymentRetried(retried) => {
            charge(&retried.method, retried.payment_id, retried.attempt_id)
        }
        PaymentEvent::RefundRequested(requested) => refund(requested),
        _ => None,
    }
}

fn charge(method: &PaymentMethod, payment_id: PaymentId, attempt_id: AttemptId) -> Option<Effect> {
    matches!(method, PaymentMethod::Card { .. }).then_some(Effect::Charge {
        payment_id,
        attempt_id,
    })
}

/// Without a charge at the provider there is nothing to ask of it.
fn refund(requested: &RefundRequested) -> Option<Effect> {
    Some(Effect::Refund(Refund {
        payment_id: requested.payment_id,
        refund_id: requested.refund_id,
        amount: requested.amount,
        provider_reference: requested.provider_reference.clone()?,
    }))
}

fn settled_charge(settled: &PaymentSettled) -> Option<SettledCharge> {
    settled.attempt_id?; // only an attempt was charged at the provider
    Some(SettledCharge {
        provider_reference: settled.provider_reference.clone()?,
        payment_id: settled.payment_id,
        amount: settled.amount,
        settled_at: settled.settled_at,
    })
}
