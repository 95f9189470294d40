//! Sales per day, from orders that were paid and from whatever took them back.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use events::Event;
use events::credit_note::CreditNoteEvent;
use events::money::Money;
use events::order::{OrderEvent, SoldLine};
use read_models::sales::{Dimension, Sales, SalesKey};
use read_models::{NoEntries, ViewName};

use crate::projection::{Fact, Projection};

pub struct SalesPerDay;

/// What an event means to a report.
struct Movement<'e> {
    direction: Direction,
    country: &'e str,
    lines: &'e [SoldLine],
    total: Money,
    at: DateTime<Utc>,
}

#[derive(Clone, Copy)]
enum Direction {
    Sold,
    TakenBack,
}

impl Projection for SalesPerDay {
    const VIEW: ViewName = ViewName::Sales;
    type Row = Sales;
    type Entry = NoEntries;

    fn keys(event: &Event) -> Vec<SalesKey> {
        let Some(movement) = movement(event) else {
            return Vec::new();
        };
        let skus: BTreeSet<_> = movement.lines.iter().map(|line| &line.sku).collect();
        let products = skus.into_iter().cloned().map(Dimension::Product);
        [Dimension::All, Dimension::Country(movement.country.to_owned())]
            .into_iter()
            .chain(products)
            .map(|dimension| SalesKey {
                day: movement.at.date_naive(),
                currency: movement.total.currency(),
                dimension,
            })
            .collect()
    }

    fn apply(key: &SalesKey, row: Option<Sales>, fact: &Fact, _: &mut Vec<NoEntries>) -> Option<Sales> {
        let Some(movement) = movement(&fact.event) else {
            return row;
        };
        let mut sales = row.unwrap_or_else(|| Sales::none(key.clone()));
        let (units, amount_minor) = sum(&movement, &key.dimension);
        match movement.direction {
            Direction::Sold => {
                sales.orders += 1;
                sales.units += units;
                sales.revenue_minor += amount_minor;
            }
            Direction::TakenBack => {
                sales.cancellations += 1;
                sales.cancelled_units += units;
                sales.cancelled_minor += amount_minor;
            }
        }
        Some(sales)
    }
}

/// Units and money of the lines that belong to a dimension's value.
fn sum(movement: &Movement<'_>, dimension: &Dimension) -> (i64, i64) {
    let mut units = 0;
    let mut amount_minor = 0;
    for line in movement.lines {
        if matches!(dimension, Dimension::Product(sku) if *sku != line.sku) {
            continue;
        }
        units += i64::from(line.quantity);
        amount_minor += line.amount.amount_minor();
    }
    match dimension {
        Dimension::All | Dimension::Country(_) => (units, movement.total.amount_minor()),
        Dimension::Product(_) => (units, amount_minor),
    }
}

fn movement(event: &Event) -> Option<Movement<'_>> {
    match event {
        Event::Order(OrderEvent::OrderPaid(e)) => Some(Movement {
            direction: Direction::Sold,
            country: &e.country,
            lines: &e.lines,
            total: e.total,
            at: e.paid_at,
        }),
        // An order that wasn't paid had never been counted.
        Event::Order(OrderEvent::OrderCancelled(e)) if !e.reversed.is_empty() => Some(Movement {
            direction: Direction::TakenBack,
            country: &e.country,
            lines: &e.reversed,
            total: e.reversed_total,
            at: e.cancelled_at,
        }),
        Event::Order(OrderEvent::OrderReturned(e)) => Some(Movement {
            direction: Direction::TakenBack,
            country: &e.country,
            lines: &e.lines,
            total: e.total,
            at: e.returned_at,
        }),
        Event::CreditNote(CreditNoteEvent::CreditNoteIssued(e)) => Some(Movement {
            direction: Direction::TakenBack,
            country: &e.country,
            lines: &e.lines,
            total: e.total,
            at: e.issued_at,
        }),
        _ => None,
    }
}
