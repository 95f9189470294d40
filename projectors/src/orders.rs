//! Orders and their history, from the orders' events and from those of their payments and emails.

use events::Event;
use events::ids::OrderId;
use events::money::Money;
use events::order::{OrderEvent, OrderPlaced, SoldLine};
use events::order_mail::OrderMailEvent;
use events::payment::{PaymentEvent, Purpose};
use read_models::ViewName;
use read_models::order_history::OrderEntry;
use read_models::orders::{Order, OrderDocument, OrderStatus, OrderedLine};

use crate::amounts::plus;
use crate::order_details::details;
use crate::order_summaries::summary;
use crate::projection::{Fact, Projection};

pub struct Orders;

impl Projection for Orders {
    const VIEW: ViewName = ViewName::Orders;
    type Row = Order;
    type Entry = OrderEntry;

    fn keys(event: &Event) -> Vec<OrderId> {
        let order = match event {
            Event::Order(event) => Some(order_of(event)),
            Event::OrderMail(OrderMailEvent::OrderEmailSent(e)) => Some(e.order_id),
            Event::Payment(event) => match purpose(event) {
                Some(Purpose::Order(order)) => Some(order),
                Some(Purpose::Deposit(_)) | None => None,
            },
            _ => None,
        };
        Vec::from_iter(order)
    }

    fn apply(id: &OrderId, row: Option<Order>, fact: &Fact, entries: &mut Vec<OrderEntry>) -> Option<Order> {
        if let Some((at, details)) = details(&fact.event) {
            entries.push(OrderEntry {
                order_id: *id,
                position: fact.position,
                at: at.unwrap_or(fact.recorded_at),
                event: fact.event_type().to_owned(),
                actor: fact.actor,
                summary: summary(&fact.event),
                details,
            });
        }
        match &fact.event {
            Event::Order(OrderEvent::OrderPlaced(e)) => Some(Order {
                document: placed(e, fact.version),
                contact: e.contact.clone(),
                position: fact.position,
            }),
            Event::Order(event) => {
                // A stream begins with the placing; without it there is nothing to change.
                let mut order = row?;
                change(&mut order.document, event);
                order.document.version = fact.version;
                order.position = fact.position;
                Some(order)
            }
            Event::Payment(PaymentEvent::RefundSettled(e)) => {
                let mut order = row?;
                order.document.refunded = plus(order.document.refunded, e.amount);
                order.position = fact.position;
                Some(order)
            }
            _ => row,
        }
    }
}

fn placed(event: &OrderPlaced, version: u64) -> OrderDocument {
    let lines = event.lines.iter().map(|line| OrderedLine {
        sku: line.sku.clone(),
        product_id: line.product_id,
        name: line.name.clone(),
        category: line.category,
        seller: line.seller,
        quantity: line.quantity,
        returned: 0,
        unit_price: line.unit_price,
    });
    OrderDocument {
        id: event.order_id,
        customer: event.customer,
        status: OrderStatus::AwaitingPayment,
        lines: lines.collect(),
        total: event.total,
        refunded: Money::zero(event.total.currency()),
        country: event.country.clone(),
        payment_id: event.payment_id,
        placed_at: event.placed_at,
        expires_at: event.expires_at,
        paid_at: None,
        shipped_at: None,
        carrier: None,
        tracking_number: None,
        delivered_at: None,
        cancelled_at: None,
        cancel_reason: None,
        returned_at: None,
        reference: event.reference.clone(),
        historical: event.historical,
        version,
    }
}

fn change(order: &mut OrderDocument, event: &OrderEvent) {
    match event {
        OrderEvent::OrderPlaced(_) => {}
        OrderEvent::OrderPaid(e) => {
            order.status = OrderStatus::Paid;
            order.paid_at = Some(e.paid_at);
            order.expires_at = None;
        }
        OrderEvent::OrderShipped(e) => {
            order.status = OrderStatus::Shipped;
            order.shipped_at = Some(e.shipped_at);
            order.carrier.clone_from(&e.carrier);
            order.tracking_number.clone_from(&e.tracking_number);
        }
        OrderEvent::OrderDelivered(e) => {
            order.status = OrderStatus::Delivered;
            order.delivered_at = Some(e.delivered_at);
        }
        OrderEvent::OrderCancelled(e) => {
            order.status = OrderStatus::Cancelled;
            order.cancelled_at = Some(e.cancelled_at);
            order.cancel_reason = Some(e.reason);
            order.expires_at = None;
        }
        OrderEvent::OrderReturned(e) => {
            take_back(&mut order.lines, &e.lines);
            order.returned_at = Some(e.returned_at);
            if order.lines.iter().all(|line| line.returned >= line.quantity) {
                order.status = OrderStatus::Returned;
            }
        }
    }
}

/// Notes what came back. A SKU may stand in several lines; they fill up one after the other.
fn take_back(lines: &mut [OrderedLine], returned: &[SoldLine]) {
    for back in returned {
        let mut left = back.quantity;
        for line in lines.iter_mut().filter(|line| line.sku == back.sku) {
            let taken = left.min(line.quantity.saturating_sub(line.returned));
            line.returned += taken;
            left -= taken;
        }
    }
}

fn order_of(event: &OrderEvent) -> OrderId {
    match event {
        OrderEvent::OrderPlaced(e) => e.order_id,
        OrderEvent::OrderPaid(e) => e.order_id,
        OrderEvent::OrderShipped(e) => e.order_id,
        OrderEvent::OrderDelivered(e) => e.order_id,
        OrderEvent::OrderCancelled(e) => e.order_id,
        OrderEvent::OrderReturned(e) => e.order_id,
    }
}

fn purpose(event: &PaymentEvent) -> Option<Purpose> {
    Some(match event {
        PaymentEvent::PaymentRequested(e) => e.purpose,
        PaymentEvent::PaymentRetried(e) => e.purpose,
        PaymentEvent::PaymentSettled(e) => e.purpose,
        PaymentEvent::PaymentDeclined(e) => e.purpose,
        PaymentEvent::PaymentCancelled(e) => e.purpose,
        PaymentEvent::RefundRequested(e) => e.purpose,
        PaymentEvent::RefundSettled(e) => e.purpose,
        PaymentEvent::RefundFailed(e) => e.purpose,
        // Between the shop and its sellers.
        PaymentEvent::SaleAgreed(_) | PaymentEvent::SaleTakenBack(_) => return None,
    })
}
