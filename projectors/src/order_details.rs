//! What an order's history tells of each event. Sealed contacts and card tokens stay behind.

use chrono::{DateTime, Utc};
use events::Event;
use events::order::{OrderEvent, SoldLine};
use events::order_mail::OrderMailEvent;
use events::payment::PaymentEvent;
use serde_json::{Value, json};

use crate::payments::kind;

/// When it happened, if the event says so, and what there is to tell. Nothing for another stream's event.
pub fn details(event: &Event) -> Option<(Option<DateTime<Utc>>, Value)> {
    match event {
        Event::Order(event) => Some(of_order(event)),
        Event::OrderMail(OrderMailEvent::OrderEmailSent(e)) => {
            Some((Some(e.sent_at), json!({"email": e.email})))
        }
        Event::Payment(event) => Some(of_payment(event)),
        _ => None,
    }
}

fn of_order(event: &OrderEvent) -> (Option<DateTime<Utc>>, Value) {
    let (at, details) = match event {
        OrderEvent::OrderPlaced(e) => {
            let units: u64 = e.lines.iter().map(|line| u64::from(line.quantity)).sum();
            let details = json!({
                "total": e.total,
                "lines": e.lines.len(),
                "units": units,
                "country": e.country,
                "reference": e.reference,
                "historical": e.historical,
            });
            (e.placed_at, details)
        }
        OrderEvent::OrderPaid(e) => (e.paid_at, json!({"payment_id": e.payment_id, "total": e.total})),
        OrderEvent::OrderShipped(e) => {
            let details = json!({"carrier": e.carrier, "tracking_number": e.tracking_number});
            (e.shipped_at, details)
        }
        OrderEvent::OrderDelivered(e) => (e.delivered_at, json!({})),
        OrderEvent::OrderCancelled(e) => {
            let details = json!({"reason": e.reason, "reversed_total": e.reversed_total});
            (e.cancelled_at, details)
        }
        OrderEvent::OrderReturned(e) => {
            let details = json!({
                "lines": sold(&e.lines),
                "total": e.total,
                "refund_id": e.refund_id,
                "reason": e.reason,
            });
            (e.returned_at, details)
        }
    };
    (Some(at), details)
}

fn of_payment(event: &PaymentEvent) -> (Option<DateTime<Utc>>, Value) {
    match event {
        PaymentEvent::PaymentRequested(e) => {
            let details = json!({"payment_id": e.payment_id, "amount": e.amount, "method": kind(&e.method)});
            (Some(e.requested_at), details)
        }
        PaymentEvent::SaleAgreed(_) | PaymentEvent::SaleTakenBack(_) => (None, json!({})),
        PaymentEvent::PaymentRetried(e) => {
            let details = json!({"payment_id": e.payment_id, "amount": e.amount, "method": kind(&e.method)});
            (None, details)
        }
        PaymentEvent::PaymentSettled(e) => {
            let details = json!({
                "payment_id": e.payment_id,
                "amount": e.amount,
                "provider_reference": e.provider_reference,
            });
            (Some(e.settled_at), details)
        }
        PaymentEvent::PaymentDeclined(e) => {
            let details = json!({"payment_id": e.payment_id, "code": e.code, "message": e.message});
            (None, details)
        }
        PaymentEvent::PaymentCancelled(e) => (None, json!({"payment_id": e.payment_id})),
        PaymentEvent::RefundRequested(e) => {
            let details = json!({"refund_id": e.refund_id, "amount": e.amount, "reason": e.reason});
            (None, details)
        }
        PaymentEvent::RefundSettled(e) => (None, json!({"refund_id": e.refund_id, "amount": e.amount})),
        PaymentEvent::RefundFailed(e) => {
            let details = json!({"refund_id": e.refund_id, "code": e.code, "message": e.message});
            (None, details)
        }
    }
}

fn sold(lines: &[SoldLine]) -> Vec<Value> {
    lines
        .iter()
        .map(|line| json!({"sku": line.sku, "quantity": line.quantity, "amount": line.amount}))
        .collect()
}
