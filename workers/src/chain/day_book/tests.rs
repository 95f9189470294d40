//! Figures out of events, and which days are due.

use std::collections::BTreeMap;

use chrono::NaiveTime;
use events::chain::{DailyReportDelivered, DailyReportRequested};
use events::credit_note::CreditNoteIssued;
use events::envelope::{Actor, EventMeta};
use events::ids::{AccountId, CreditNoteId, EventId, OrderId, PaymentId, ProductId, RefundId};
use events::ledger::JournalEntry;
use events::order::{OrderPaid, SoldLine};
use events::payment::RefundSettled;
use events::product::{ProductAdded, Variant, VariantPriceChanged};
use events::stock::StockAdjusted;
use uuid::Uuid;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn pence(minor: i64) -> Money {
    Money::new(minor, Currency::GBP)
}

fn figures(revenue: i64, loss: i64, orders: u64, units: u64) -> DayFigures {
    DayFigures {
        revenue: pence(revenue),
        loss: pence(loss),
        orders,
        units,
    }
}

fn recorded(position: Position, at: DateTime<Utc>) -> RecordedEvent {
    RecordedEvent {
        position,
        stream: StreamId::new("order", "x"),
        version: 1,
        event_type: String::new(),
        schema_version: 1,
        payload: String::new(),
        meta: EventMeta {
            event_id: EventId::default(),
            recorded_at: at,
            actor: Actor::System,
            correlation_id: Uuid::nil(),
            causation_id: None,
            trace_parent: None,
        },
    }
}

/// A shop in London that reports at 23:55, and what it has seen.
struct Shop {
    book: DayBook,
    position: Position,
}

impl Shop {
    fn opened_on(morning: &str) -> Self {
        let calendar = Calendar {
            zone: chrono_tz::Europe::London,
            report_at: NaiveTime::from_hms_opt(23, 55, 0).unwrap(),
        };
        let mut book = DayBook::new(calendar, Currency::GBP);
        book.open(at(morning));
        Self { book, position: 10 }
    }

    fn sees(&mut self, time: &str, event: impl Into<Event>, others: &[Told]) {
        self.position += 1;
        self.book
            .apply(&recorded(self.position, at(time)), &event.into(), others);
    }

    fn sells(&mut self, time: &str, minor: i64, units: u32) {
        self.sees(time, paid(time, pence(minor), units), &[]);
    }

    fn refunds(&mut self, time: &str, minor: i64, of_sale_at: Option<&str>) {
        let sale = of_sale_at.map(|sold_at| (1, paid(sold_at, pence(500), 1)));
        let others: Vec<_> = sale.into_iter().collect();
        self.sees(
            time,
            refunded(Purpose::Order(OrderId::default()), pence(minor)),
            &others,
        );
    }

    /// What is due, and then is prepared.
    fn reports(&mut self, now: &str) -> Vec<(String, DayFigures)> {
        let due = self.book.due(at(now));
        for ((day, _), figures) in &due {
            let prepared = DailyReportPrepared {
                day: *day,
                revision: 1,
                figures: figures.clone(),
                prepared_at: at(now),
            };
            self.sees(now, OutgoingReportEvent::from(prepared), &[]);
        }
        due.into_iter()
            .map(|((day, _), figures)| (day.to_string(), figures))
            .collect()
    }
}

fn paid(time: &str, total: Money, units: u32) -> Event {
    let line = SoldLine {
        sku: Sku::new("MUG").unwrap(),
        product_id: ProductId::default(),
        quantity: units,
        amount: total,
    };
    let paid = OrderPaid {
        order_id: OrderId::default(),
        customer: None,
        payment_id: PaymentId::default(),
        country: "GB".to_owned(),
        lines: vec![line],
        total,
        paid_at: at(time),
    };
    Event::Order(paid.into())
}

fn refunded(purpose: Purpose, amount: Money) -> Event {
    let settled = RefundSettled {
        payment_id: PaymentId::default(),
        purpose,
        customer: None,
        refund_id: RefundId::default(),
        amount,
        provider_reference: None,
        entry: JournalEntry(vec![]),
    };
    Event::Payment(settled.into())
}

fn credited(time: &str, minor: i64) -> Event {
    let issued = CreditNoteIssued {
        credit_note_id: CreditNoteId::default(),
        customer: None,
        country: "GB".to_owned(),
        lines: vec![],
        origins: vec![],
        total: pence(minor),
        entry: JournalEntry(vec![]),
        reason: String::new(),
        reference: None,
        issued_at: at(time),
    };
    Event::CreditNote(issued.into())
}

fn adjusted(delta: i64) -> Event {
    let adjusted = StockAdjusted {
        sku: Sku::new("MUG").unwrap(),
        product_id: ProductId::default(),
        delta,
        reason: String::new(),
    };
    Event::Stock(adjusted.into())
}

/// A product whose price was 1.00 at position 1, and is 3.00 from position 1,000 on.
fn product(seller: Option<AccountId>) -> Vec<Told> {
    let sku = Sku::new("MUG").unwrap();
    let variant = Variant {
        sku: sku.clone(),
        options: BTreeMap::new(),
        price: pence(100),
    };
    let added = ProductAdded {
        product_id: ProductId::default(),
        seller,
        name: String::new(),
        description: String::new(),
        category: None,
        variants: vec![variant],
        added_at: at("2026-01-01T00:00:00Z"),
    };
    let dearer = VariantPriceChanged {
        product_id: ProductId::default(),
        sku,
        price: pence(300),
    };
    vec![
        (1, Event::Product(added.into())),
        (1_000, Event::Product(dearer.into())),
    ]
}

fn line(day: &str, figures: DayFigures) -> (String, DayFigures) {
    (day.to_owned(), figures)
}

#[test]
fn a_sale_counts_on_the_day_of_its_payment_by_the_branchs_clock() {
    let mut shop = Shop::opened_on("2026-07-01T08:00:00Z");
    shop.sells("2026-07-01T10:00:00Z", 500, 2);
    // Half past midnight in London.
    shop.sells("2026-07-01T23:30:00Z", 70, 1);
    let found = shop.reports("2026-07-03T08:00:00Z");
    let expected = [
        line("2026-07-01", figures(500, 0, 1, 2)),
        line("2026-07-02", figures(70, 0, 1, 1)),
    ];
    assert_eq!(found, expected);
    assert_eq!(shop.reports("2026-07-03T08:00:01Z"), []);
}

#[test]
fn a_refund_counts_on_the_day_of_the_sale_and_corrects_it() {
    let mut shop = Shop::opened_on("2026-01-01T08:00:00Z");
    shop.sells("2026-01-01T10:00:00Z", 500, 1);
    shop.reports("2026-01-02T08:00:00Z");
    shop.refunds("2026-01-02T09:00:00Z", 200, Some("2026-01-01T10:00:00Z"));
    assert_eq!(
        shop.reports("2026-01-02T09:00:01Z"),
        [line("2026-01-01", figures(500, 200, 1, 1))]
    );
    // A charge that came after its order was cancelled goes back, and was never earned.
    shop.refunds("2026-01-02T09:00:00Z", 500, None);
    assert_eq!(shop.reports("2026-01-02T09:00:02Z"), []);
}

#[test]
fn credit_notes_and_what_is_written_off_count_on_their_own_day() {
    let mut shop = Shop::opened_on("2026-01-01T08:00:00Z");
    shop.sees("2026-01-01T09:00:00Z", credited("2026-01-01T09:00:00Z", 50), &[]);
    shop.sees("2026-01-01T09:00:00Z", adjusted(-2), &product(None));
    // What a count finds, and what is a seller's, is none of the shop's losses.
    shop.sees("2026-01-01T09:00:00Z", adjusted(5), &[]);
    shop.sees(
        "2026-01-01T09:00:00Z",
        adjusted(-2),
        &product(Some(AccountId::default())),
    );
    assert_eq!(
        shop.reports("2026-01-02T08:00:00Z"),
        [line("2026-01-01", figures(0, 250, 0, 0))]
    );
}

#[test]
fn units_are_written_off_at_the_price_of_their_moment() {
    let mut shop = Shop::opened_on("2026-01-01T08:00:00Z");
    shop.position = 1_000;
    shop.sees("2026-01-01T09:00:00Z", adjusted(-2), &product(None));
    assert_eq!(
        shop.reports("2026-01-02T08:00:00Z"),
        [line("2026-01-01", figures(0, 600, 0, 0))]
    );
}

#[test]
fn a_day_without_sales_is_reported_too_and_once() {
    let mut shop = Shop::opened_on("2026-01-01T08:00:00Z");
    let none = || figures(0, 0, 0, 0);
    let found = shop.reports("2026-01-03T08:00:00Z");
    assert_eq!(found, [line("2026-01-01", none()), line("2026-01-02", none())]);
    assert_eq!(shop.reports("2026-01-03T08:00:01Z"), []);
}

#[test]
fn today_is_due_at_its_time_and_what_comes_after_when_it_is_over() {
    let mut shop = Shop::opened_on("2026-01-01T08:00:00Z");
    shop.sells("2026-01-01T10:00:00Z", 500, 1);
    assert_eq!(shop.reports("2026-01-01T23:54:59Z"), []);
    let first = [line("2026-01-01", figures(500, 0, 1, 1))];
    assert_eq!(shop.reports("2026-01-01T23:55:00Z"), first);
    shop.sells("2026-01-01T23:57:00Z", 20, 1);
    assert_eq!(shop.reports("2026-01-01T23:57:01Z"), []);
    let whole = [line("2026-01-01", figures(520, 0, 2, 2))];
    assert_eq!(shop.reports("2026-01-02T00:00:00Z"), whole);
}

#[test]
fn a_day_that_is_asked_for_is_due_at_once_whether_or_not_it_has_changed() {
    let mut shop = Shop::opened_on("2026-01-01T08:00:00Z");
    let request = || {
        let requested = DailyReportRequested {
            day: day("2026-01-01"),
            requested_at: at("2026-01-01T12:00:00Z"),
        };
        OutgoingReportEvent::from(requested)
    };
    for _ in 0..2 {
        shop.sees("2026-01-01T12:00:00Z", request(), &[]);
        let found = shop.reports("2026-01-01T12:00:01Z");
        assert_eq!(found, [line("2026-01-01", figures(0, 0, 0, 0))]);
        assert_eq!(shop.reports("2026-01-01T12:00:02Z"), []);
    }
    // Nothing has changed since: at its time there is nothing new to tell.
    assert_eq!(shop.reports("2026-01-01T23:55:00Z"), []);
}

#[test]
fn each_currency_has_a_report_of_its_own() {
    let mut shop = Shop::opened_on("2026-01-01T08:00:00Z");
    let euros = Money::new(900, "EUR".parse().unwrap());
    shop.sees(
        "2026-01-01T10:00:00Z",
        paid("2026-01-01T10:00:00Z", euros, 1),
        &[],
    );
    let found = shop.book.due(at("2026-01-02T08:00:00Z"));
    let revenues: Vec<_> = found
        .iter()
        .map(|(_, figures)| figures.revenue.to_string())
        .collect();
    assert_eq!(revenues, ["9.00 EUR", "0.00 GBP"]);
}

#[test]
fn the_last_delivery_is_remembered() {
    let mut shop = Shop::opened_on("2026-01-01T08:00:00Z");
    assert_eq!(shop.book.delivered_at(), None);
    let delivered = DailyReportDelivered {
        day: day("2026-01-01"),
        currency: Currency::GBP,
        revision: 1,
        delivered_at: at("2026-01-02T00:00:05Z"),
    };
    shop.sees("2026-01-02T00:00:05Z", OutgoingReportEvent::from(delivered), &[]);
    assert_eq!(shop.book.delivered_at(), Some(at("2026-01-02T00:00:05Z")));
}
