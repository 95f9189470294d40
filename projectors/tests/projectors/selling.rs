//! Orders with their history, and sales per day, as pure functions over stories.

use chrono::NaiveDate;
use events::Event;
use events::credit_note::{CreditNoteEvent, CreditNoteIssued};
use events::ledger::JournalEntry;
use events::money::Currency;
use events::order::{OrderDelivered, OrderEvent, OrderShipped};
use events::payment::Purpose;
use projectors::orders::Orders;
use projectors::sales::SalesPerDay;
use read_models::orders::OrderStatus;
use read_models::sales::{Dimension, Sales, SalesKey};

use crate::story::*;

/// A day in seconds.
const DAY: i64 = 86_400;

fn key(day: &str, dimension: Dimension) -> SalesKey {
    SalesKey {
        day: day.parse::<NaiveDate>().unwrap(),
        currency: Currency::GBP,
        dimension,
    }
}

fn shipped() -> Event {
    Event::Order(OrderEvent::OrderShipped(OrderShipped {
        order_id: order(1),
        customer: Some(account(1)),
        carrier: Some("La Poste".to_owned()),
        tracking_number: Some("LP1".to_owned()),
        shipped_at: at(20),
    }))
}

fn delivered() -> Event {
    Event::Order(OrderEvent::OrderDelivered(OrderDelivered {
        order_id: order(1),
        customer: Some(account(1)),
        delivered_at: at(30),
    }))
}

#[test]
fn an_order_goes_its_way_and_is_returned_once_all_of_it_is_back() {
    let purpose = Purpose::Order(order(1));
    let story = [
        payment_requested(1, purpose, 1300),
        placed(1),
        payment_settled(1, purpose, 1300),
        paid(1, at(10)),
        shipped(),
        delivered(),
        returned(1, vec![sold(1, 1, 150)], at(40)),
        refund_settled(1, purpose, 150),
        returned(1, vec![sold(1, 1, 150), sold(2, 1, 1000)], at(50)),
    ];
    let status = |events: usize| {
        let (orders, _) = told::<Orders>(&story[..events]);
        orders.get(&order(1)).map(|order| order.document.status)
    };
    assert_eq!(status(1), None);
    assert_eq!(status(3), Some(OrderStatus::AwaitingPayment));
    assert_eq!(status(4), Some(OrderStatus::Paid));
    assert_eq!(status(5), Some(OrderStatus::Shipped));
    assert_eq!(
        status(8),
        Some(OrderStatus::Delivered),
        "one unit of three is back"
    );
    assert_eq!(status(9), Some(OrderStatus::Returned));

    let (orders, history) = told::<Orders>(&story);
    let order = &orders[&order(1)];
    let back: Vec<_> = order.document.lines.iter().map(|line| line.returned).collect();
    assert_eq!(back, [2, 1]);
    assert_eq!(order.document.refunded, gbp(150));
    assert_eq!(order.document.expires_at, None);
    assert_eq!(order.contact.0, "sealed 1");
    let types: Vec<_> = history.iter().map(|entry| entry.event.as_str()).collect();
    assert_eq!(
        types,
        [
            "PaymentRequested",
            "OrderPlaced",
            "PaymentSettled",
            "OrderPaid",
            "OrderShipped",
            "OrderDelivered",
            "OrderReturned",
            "RefundSettled",
            "OrderReturned"
        ]
    );
    assert_eq!(history[4].details["carrier"], "La Poste");
    let all = serde_json::to_string(&history).unwrap();
    assert!(!all.contains("tok_secret") && !all.contains("sealed"));
}

#[test]
fn a_deposit_is_no_business_of_an_order() {
    let deposit = payment_requested(1, Purpose::Deposit(account(1)), 500);
    let (orders, history) = told::<Orders>(&[deposit]);
    assert!(orders.is_empty() && history.is_empty());
}

#[test]
fn revenue_counts_on_the_day_of_payment_and_reversals_on_their_own() {
    // 2011-03-13 is the day of `at(0)`.
    let (first, second) = ("2011-03-13", "2011-03-14");
    let story = [
        placed(1),
        placed(2),
        paid(1, at(10)),
        paid(2, at(20)),
        cancelled(1, vec![sold(1, 2, 150), sold(2, 1, 1000)], at(DAY)),
        returned(2, vec![sold(1, 1, 150)], at(DAY)),
        // Never paid, so never counted.
        placed(3),
        cancelled(3, Vec::new(), at(DAY)),
    ];
    let (sales, _) = told::<SalesPerDay>(&story);
    let sold_on_first = |dimension, orders, units, revenue_minor| Sales {
        orders,
        units,
        revenue_minor,
        ..Sales::none(key(first, dimension))
    };
    for row in [
        sold_on_first(Dimension::All, 2, 6, 2600),
        sold_on_first(Dimension::Country("France".to_owned()), 2, 6, 2600),
        sold_on_first(Dimension::Product(sku(1, 'a')), 2, 4, 600),
        sold_on_first(Dimension::Product(sku(2, 'a')), 2, 2, 2000),
    ] {
        assert_eq!(sales[&row.key], row);
    }
    let back = &sales[&key(second, Dimension::All)];
    assert_eq!(
        (back.cancellations, back.cancelled_units, back.cancelled_minor),
        (2, 4, 1450)
    );
    assert_eq!((back.orders, back.revenue_minor), (0, 0));
    let mugs = &sales[&key(second, Dimension::Product(sku(1, 'a')))];
    assert_eq!((mugs.cancellations, mugs.cancelled_minor), (2, 450));
    assert_eq!(sales.len(), 8);
}

#[test]
fn a_credit_note_takes_back_what_no_order_is_known_for() {
    let note = Event::CreditNote(CreditNoteEvent::CreditNoteIssued(CreditNoteIssued {
        credit_note_id: credit_note(1),
        customer: None,
        country: "Spain".to_owned(),
        lines: vec![sold(1, 3, 100)],
        origins: Vec::new(),
        total: gbp(300),
        entry: JournalEntry(Vec::new()),
        reason: "damaged".to_owned(),
        reference: Some("C536379".to_owned()),
        issued_at: at(0),
    }));
    let (sales, _) = told::<SalesPerDay>(&[note]);
    let spain = &sales[&key("2011-03-13", Dimension::Country("Spain".to_owned()))];
    assert_eq!((spain.cancelled_units, spain.cancelled_minor), (3, 300));
}
