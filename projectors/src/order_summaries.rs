//! What an order's history says of each event, in words for people. What programs need stands in `order_details`.

use std::fmt::Write;

use events::Event;
use events::order::{CancelReason, OrderEvent, OrderPlaced, OrderReturned, OrderShipped};
use events::order_mail::{OrderEmail, OrderMailEvent};
use events::payment::{PaymentEvent, PaymentMethod};

/// One sentence without its full stop; empty for what no history tells of.
pub fn summary(event: &Event) -> String {
    match event {
        Event::Order(event) => of_order(event),
        Event::Payment(event) => of_payment(event),
        Event::OrderMail(OrderMailEvent::OrderEmailSent(e)) => {
            format!("Email sent: {}", email(e.email))
        }
        _ => String::new(),
    }
}

fn of_order(event: &OrderEvent) -> String {
    match event {
        OrderEvent::OrderPlaced(e) => placed(e),
        OrderEvent::OrderPaid(e) => format!("Paid in full, {}", e.total),
        OrderEvent::OrderShipped(e) => shipped(e),
        OrderEvent::OrderDelivered(_) => "Delivered".to_owned(),
        OrderEvent::OrderCancelled(e) => match e.reason {
            CancelReason::Customer => "Cancelled by the customer".to_owned(),
            CancelReason::Staff => "Cancelled by the shop".to_owned(),
            CancelReason::Unpaid => "Cancelled, since it was not paid in time".to_owned(),
        },
        OrderEvent::OrderReturned(e) => returned(e),
    }
}

fn placed(event: &OrderPlaced) -> String {
    let total = units(event.lines.iter().map(|line| line.quantity));
    let what = if event.historical {
        "Recorded as a sale of the past"
    } else {
        "Order placed"
    };
    format!("{what}: {total} for {}", event.total)
}

fn shipped(event: &OrderShipped) -> String {
    let mut text = "Shipped".to_owned();
    if let Some(carrier) = &event.carrier {
        // Writing into a string can't fail.
        let _ = write!(text, " with {carrier}");
    }
    if let Some(number) = &event.tracking_number {
        let _ = write!(text, ", tracking number {number}");
    }
    text
}

fn returned(event: &OrderReturned) -> String {
    let lines = event.lines.iter();
    let goods: Vec<_> = lines
        .map(|line| format!("{} x {}", line.quantity, line.sku))
        .collect();
    because(
        format!("Came back: {}, worth {}", goods.join(", "), event.total),
        &event.reason,
    )
}

fn of_payment(event: &PaymentEvent) -> String {
    match event {
        PaymentEvent::PaymentRequested(e) => {
            format!("Payment of {} asked for {}", e.amount, method(&e.method))
        }
        PaymentEvent::PaymentRetried(e) => {
            format!(
                "Payment of {} asked for once more {}",
                e.amount,
                method(&e.method)
            )
        }
        PaymentEvent::PaymentSettled(e) => format!("Payment of {} received", e.amount),
        PaymentEvent::PaymentDeclined(e) => because("Payment declined".to_owned(), &e.message),
        PaymentEvent::PaymentCancelled(_) => "Payment called off".to_owned(),
        PaymentEvent::RefundRequested(e) => because(format!("Refund of {} asked for", e.amount), &e.reason),
        PaymentEvent::RefundSettled(e) => format!("Refund of {} paid", e.amount),
        PaymentEvent::RefundFailed(e) => because("Refund failed".to_owned(), &e.message),
        // Between the shop and its sellers.
        PaymentEvent::SaleAgreed(_) | PaymentEvent::SaleTakenBack(_) => String::new(),
    }
}

/// How it is paid; what with stays behind.
fn method(method: &PaymentMethod) -> &'static str {
    match method {
        PaymentMethod::Card { .. } => "by card",
        PaymentMethod::Wallet => "out of the wallet",
        PaymentMethod::External { .. } => "elsewhere",
    }
}

fn email(email: OrderEmail) -> &'static str {
    match email {
        OrderEmail::Confirmation => "order confirmation",
        OrderEmail::Shipped => "the parcel is on its way",
        OrderEmail::Cancelled => "the order is cancelled",
    }
}

fn units(quantities: impl Iterator<Item = u32>) -> String {
    match quantities.map(u64::from).sum::<u64>() {
        1 => "1 unit".to_owned(),
        units => format!("{units} units"),
    }
}

fn because(what: String, why: &str) -> String {
    if why.is_empty() {
        what
    } else {
        format!("{what}: {why}")
    }
}
