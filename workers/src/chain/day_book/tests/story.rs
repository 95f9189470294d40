//! What the tests tell: days, figures, and the events of a branch.

use std::collections::BTreeMap;

use chrono::NaiveTime;
use events::branch::ReportCause;
use events::credit_note::CreditNoteIssued;
use events::envelope::{Actor, EventMeta};
use events::ids::{AccountId, CreditNoteId, EventId, OrderId, PaymentId, ProductId, RefundId};
use events::ledger::JournalEntry;
use events::order::{OrderPaid, SoldLine};
use events::payment::RefundSettled;
use events::product::{ProductAdded, Variant, VariantPriceChanged};
use events::stock::StockAdjusted;
use uuid::Uuid;

use super::super::*;

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn pence(minor: i64) -> Money {
    Money::new(minor, Currency::GBP)
}

pub fn figures(revenue: i64, loss: i64, orders: u64, units: u64) -> DayFigures {
    DayFigures {
        revenue: pence(revenue),
        loss: pence(loss),
        orders,
        units,
        categories: if revenue == 0 && loss == 0 && units == 0 {
            vec![]
        } else {
            vec![uncategorised(revenue, loss, units)]
        },
    }
}

pub fn uncategorised(revenue: i64, loss: i64, units: u64) -> CategoryFigures {
    CategoryFigures {
        slug: String::new(),
        revenue: pence(revenue),
        loss: pence(loss),
        units,
    }
}

pub fn recorded(position: Position, at: DateTime<Utc>) -> RecordedEvent {
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
pub struct Shop {
    pub book: DayBook,
    pub slugs: Slugs,
    pub position: Position,
}

impl Shop {
    pub fn opened_on(morning: &str) -> Self {
        let calendar = Calendar {
            zone: chrono_tz::Europe::London,
            report_at: NaiveTime::from_hms_opt(23, 55, 0).unwrap(),
        };
        let mut book = DayBook::new(calendar, Currency::GBP);
        book.open(at(morning));
        Self {
            book,
            slugs: Slugs::new(),
            position: 10,
        }
    }

    pub fn sees(&mut self, time: &str, event: impl Into<Event>, others: &[Told]) {
        self.position += 1;
        self.book.apply(
            &recorded(self.position, at(time)),
            &event.into(),
            others,
            &self.slugs,
        );
    }

    pub fn sells(&mut self, time: &str, minor: i64, units: u32) {
        self.sees(time, paid(time, pence(minor), units), &[]);
    }

    pub fn refunds(&mut self, time: &str, minor: i64, of_sale_at: Option<&str>) {
        let sale = of_sale_at.map(|sold_at| (1, paid(sold_at, pence(500), 1)));
        let others: Vec<_> = sale.into_iter().collect();
        self.sees(
            time,
            refunded(Purpose::Order(OrderId::default()), pence(minor)),
            &others,
        );
    }

    /// What is due, and then is prepared.
    pub fn reports(&mut self, now: &str) -> Vec<(String, DayFigures)> {
        let due = self.book.due(at(now));
        for ((day, _), figures) in &due {
            let prepared = DailyReportPrepared {
                day: *day,
                revision: 1,
                figures: figures.clone(),
                cause: ReportCause::Sales,
                prepared_at: at(now),
            };
            self.sees(now, OutgoingReportEvent::from(prepared), &[]);
        }
        due.into_iter()
            .map(|((day, _), figures)| (day.to_string(), figures))
            .collect()
    }
}

pub fn paid(time: &str, total: Money, units: u32) -> Event {
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

pub fn refunded(purpose: Purpose, amount: Money) -> Event {
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

pub fn credited(time: &str, minor: i64) -> Event {
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

pub fn adjusted(delta: i64) -> Event {
    let adjusted = StockAdjusted {
        sku: Sku::new("MUG").unwrap(),
        product_id: ProductId::default(),
        delta,
        reason: String::new(),
    };
    Event::Stock(adjusted.into())
}

/// A product whose price was 1.00 at position 1, and is 3.00 from position 1,000 on.
pub fn product(seller: Option<AccountId>) -> Vec<Told> {
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

pub fn line(day: &str, figures: DayFigures) -> (String, DayFigures) {
    (day.to_owned(), figures)
}
