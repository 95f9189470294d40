//! What each order and credit note means to the reports, from the orders' events and the credit notes'. The sums over
//! them are kept by the rows themselves (`read_models::sums`).
//!
//! A sale counts on the day it was paid, in the category and for the seller that its product had when it was ordered; a
//! cancellation or return on its own day, under the same headings. Money given back without goods is no part of this, as
//! it is none of the sales report.

use chrono::{DateTime, Utc};
use events::Event;
use events::credit_note::CreditNoteEvent;
use events::money::Money;
use events::order::{OrderEvent, SoldLine};
use read_models::sales_records::{MovedLine, Movement, Origin, SaleId, SalesRecord};
use read_models::{NoEntries, ViewName};

use crate::projection::{Fact, Projection};

pub struct SalesRecords;

impl Projection for SalesRecords {
    const VIEW: ViewName = ViewName::SalesFigures;
    type Row = SalesRecord;
    type Entry = NoEntries;

    fn keys(event: &Event) -> Vec<SaleId> {
        let id = match event {
            Event::Order(OrderEvent::OrderPlaced(e)) => Some(SaleId::Order(e.order_id)),
            Event::Order(OrderEvent::OrderPaid(e)) => Some(SaleId::Order(e.order_id)),
            // What wasn't paid had never been counted.
            Event::Order(OrderEvent::OrderCancelled(e)) if !e.reversed.is_empty() => {
                Some(SaleId::Order(e.order_id))
            }
            Event::Order(OrderEvent::OrderReturned(e)) => Some(SaleId::Order(e.order_id)),
            Event::CreditNote(CreditNoteEvent::CreditNoteIssued(e)) => {
                Some(SaleId::CreditNote(e.credit_note_id))
            }
            _ => None,
        };
        Vec::from_iter(id)
    }

    fn apply(
        id: &SaleId,
        row: Option<SalesRecord>,
        fact: &Fact,
        _: &mut Vec<NoEntries>,
    ) -> Option<SalesRecord> {
        let mut record = row.unwrap_or_else(|| SalesRecord::new(*id));
        match &fact.event {
            Event::Order(OrderEvent::OrderPlaced(e)) => {
                record.buyer = e.customer;
                for line in &e.lines {
                    let (category, seller) = (line.category, line.seller);
                    record.belongs(line.product_id, Origin { category, seller });
                }
            }
            Event::Order(OrderEvent::OrderPaid(e)) => {
                let sold = movement(false, &e.country, &e.lines, e.total, e.paid_at);
                record.movements.push(sold);
            }
            Event::Order(OrderEvent::OrderCancelled(e)) => {
                let (lines, total) = (&e.reversed, e.reversed_total);
                let back = movement(true, &e.country, lines, total, e.cancelled_at);
                record.movements.push(back);
            }
            Event::Order(OrderEvent::OrderReturned(e)) => {
                let back = movement(true, &e.country, &e.lines, e.total, e.returned_at);
                record.movements.push(back);
            }
            Event::CreditNote(CreditNoteEvent::CreditNoteIssued(e)) => {
                record.buyer = e.customer;
                for origin in &e.origins {
                    let (category, seller) = (origin.category, origin.seller);
                    record.belongs(origin.product_id, Origin { category, seller });
                }
                let back = movement(true, &e.country, &e.lines, e.total, e.issued_at);
                record.movements.push(back);
            }
            _ => {}
        }
        Some(record)
    }
}

fn movement(
    taken_back: bool,
    country: &str,
    lines: &[SoldLine],
    total: Money,
    at: DateTime<Utc>,
) -> Movement {
    let moved = lines.iter().map(|line| MovedLine {
        product: line.product_id,
        units: i64::from(line.quantity),
        amount_minor: line.amount.amount_minor(),
    });
    Movement {
        taken_back,
        day: at.date_naive(),
        country: country.to_owned(),
        currency: total.currency(),
        lines: moved.collect(),
    }
}
