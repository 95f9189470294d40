//! What each day has come to, as the log tells it, and which days are due to be reported.
//!
//! **Revenue** counts on the day on which an order was paid. **Loss** is what takes from it: a refund, with or without goods,
//! counts on the day of the sale that it takes back, whenever it is, so that each day says in the end what its sales were
//! worth; a credit note for goods without a known order, and units written off the shelves (at their price of that moment,
//! and not those of sellers), count on their own day. What a count finds again is no income.
//!
//! Both are told by category as well: as it was when the product was sold (`parts`).
//!
//! It is a fold of the log in memory, which is kept now and then (`kept`) so that a start goes on from there; what it needs
//! from other streams it is handed. Reading the log and issuing commands is the reporter's.

mod kept;
mod parts;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, Utc};
use cqrs_es::Aggregate;
use domain::daily_report::CATEGORIES_MAX;
use domain::order::Order;
use domain::product::Product;
use events::Event;
use events::branch::{CategoryFigures, DayFigures};
use events::chain::{DailyReportPrepared, OutgoingReportEvent};
use events::credit_note::CreditNoteEvent;
use events::envelope::{Position, RecordedEvent, StreamId};
use events::ids::Sku;
use events::money::{Currency, Money};
use events::order::OrderEvent;
use events::payment::{PaymentEvent, Purpose};
use events::product::ProductEvent;
use events::stock::StockEvent;

use super::calendar::Calendar;

pub(super) use kept::KeptBook;
use parts::Part;
pub(super) use parts::{Slugs, categories_of};

/// A day in one currency.
pub(super) type DayKey = (NaiveDate, Currency);

/// The types that a day's figures are made of, and those of the reports themselves; all others are passed over unread.
const CONCERNING: [&str; 7] = [
    "OrderPaid",
    "RefundSettled",
    "CreditNoteIssued",
    "StockAdjusted",
    "DailyReportRequested",
    "DailyReportPrepared",
    "DailyReportDelivered",
];

pub(super) fn concerns_us(event_type: &str) -> bool {
    CONCERNING.contains(&event_type)
}

/// The stream that tells what this event means for a day: the order of a sale or a refund, the product of what was written
/// off.
pub(super) fn other_stream(event: &Event) -> Option<StreamId> {
    match event {
        Event::Order(OrderEvent::OrderPaid(paid)) => Some(StreamId::new(Order::TYPE, paid.order_id)),
        Event::Payment(PaymentEvent::RefundSettled(settled)) => match settled.purpose {
            Purpose::Order(order_id) => Some(StreamId::new(Order::TYPE, order_id)),
            Purpose::Deposit(_) => None,
        },
        Event::Stock(StockEvent::StockAdjusted(adjusted)) if adjusted.delta < 0 => {
            Some(StreamId::new(Product::TYPE, adjusted.product_id))
        }
        _ => None,
    }
}

/// An event of another stream, with its place in the log.
pub(super) type Told = (Position, Event);

/// See the module.
#[derive(Debug)]
pub(super) struct DayBook {
    calendar: Calendar,
    /// The shop's currency, in which a day without sales is reported as well.
    currency: Currency,
    /// The first day of which the log tells: from then on, days without sales are reported, too.
    opened: Option<NaiveDate>,
    figures: BTreeMap<DayKey, DayFigures>,
    reports: BTreeMap<DayKey, DailyReportPrepared>,
    requested: BTreeSet<NaiveDate>,
    delivered_at: Option<DateTime<Utc>>,
}

impl DayBook {
    pub fn new(calendar: Calendar, currency: Currency) -> Self {
        Self {
            calendar,
            currency,
            opened: None,
            figures: BTreeMap::new(),
            reports: BTreeMap::new(),
            requested: BTreeSet::new(),
            delivered_at: None,
        }
    }

    /// When headquarters last took a report.
    pub fn delivered_at(&self) -> Option<DateTime<Utc>> {
        self.delivered_at
    }

    /// The log's first event was recorded at this time.
    pub fn open(&mut self, at: DateTime<Utc>) {
        self.opened.get_or_insert(self.calendar.day_of(at));
    }

    /// Takes in an event; `others` are all events of its [`other_stream`], `slugs` are those of all [`categories_of`] both.
    pub fn apply(&mut self, recorded: &RecordedEvent, event: &Event, others: &[Told], slugs: &Slugs) {
        match event {
            Event::Order(OrderEvent::OrderPaid(paid)) => {
                let day = self.calendar.day_of(paid.paid_at);
                self.sold(day, paid.total, parts::of_sale(paid, others, slugs));
            }
            Event::Payment(PaymentEvent::RefundSettled(settled)) => {
                // What was never counted as paid isn't lost, such as a charge that came after its order was cancelled.
                if let Some(paid_at) = paid_at(others) {
                    let minor = settled.amount.amount_minor();
                    let parts = parts::of_refund(minor, settled.refund_id, others, slugs);
                    self.lost(self.calendar.day_of(paid_at), settled.amount, parts);
                }
            }
            Event::CreditNote(CreditNoteEvent::CreditNoteIssued(issued)) => {
                let parts = parts::of_credit_note(issued, slugs);
                self.lost(self.calendar.day_of(issued.issued_at), issued.total, parts);
            }
            Event::Stock(StockEvent::StockAdjusted(adjusted)) => {
                let Some(price) = own_price(others, &adjusted.sku, recorded.position) else {
                    return;
                };
                let units = adjusted.delta.min(0).unsigned_abs();
                let minor = i64::try_from(units)
                    .unwrap_or(i64::MAX)
                    .saturating_mul(price.amount_minor());
                let day = self.calendar.day_of(recorded.meta.recorded_at);
                let parts = parts::of_product(minor, others, recorded.position, slugs);
                self.lost(day, Money::new(minor, price.currency()), parts);
            }
            Event::OutgoingReport(event) => self.follow(event),
            _ => {}
        }
    }

    fn follow(&mut self, event: &OutgoingReportEvent) {
        match event {
            OutgoingReportEvent::DailyReportRequested(requested) => {
                self.requested.insert(requested.day);
            }
            OutgoingReportEvent::DailyReportPrepared(prepared) => {
                let currency = prepared.figures.revenue.currency();
                if currency == self.currency {
                    self.requested.remove(&prepared.day);
                }
                self.reports.insert((prepared.day, currency), prepared.clone());
            }
            OutgoingReportEvent::DailyReportDelivered(delivered) => {
                self.delivered_at = self.delivered_at.max(Some(delivered.delivered_at));
            }
        }
    }

    fn sold(&mut self, day: NaiveDate, amount: Money, parts: Vec<Part>) {
        let figures = self.of(day, amount.currency());
        figures.revenue = sum(figures.revenue, amount);
        figures.orders += 1;
        figures.units += parts.iter().map(|part| part.units).sum::<u64>();
        for part in parts {
            let (minor, units) = (part.minor, part.units);
            if let Some(category) = category(figures, part) {
                category.revenue = sum(category.revenue, Money::new(minor, amount.currency()));
                category.units += units;
            }
        }
    }

    fn lost(&mut self, day: NaiveDate, amount: Money, parts: Vec<Part>) {
        let figures = self.of(day, amount.currency());
        figures.loss = sum(figures.loss, amount);
        for part in parts {
            let minor = part.minor;
            if let Some(category) = category(figures, part) {
                category.loss = sum(category.loss, Money::new(minor, amount.currency()));
            }
        }
    }

    fn of(&mut self, day: NaiveDate, currency: Currency) -> &mut DayFigures {
        let key = (day, currency);
        self.figures.entry(key).or_insert_with(|| none(currency))
    }

    /// The days to be reported at `now`, with their figures: those that are over and were never reported, or not as they are
    /// now; today, once its time has come; and whatever somebody has asked for.
    pub fn due(&self, now: DateTime<Utc>) -> Vec<(DayKey, DayFigures)> {
        let today = self.calendar.day_of(now);
        let mut due = BTreeSet::new();
        for day in &self.requested {
            due.extend(self.keys_of(*day));
        }
        let over = self.figures.iter().filter(|((day, _), _)| *day < today);
        due.extend(
            over.filter(|entry| !self.is_reported(*entry))
                .map(|(key, _)| *key),
        );
        due.extend(self.days_without_sales(today));
        let report = self.calendar.report_of(today);
        if now >= report {
            // What is sold after that waits for the day's end.
            let late = |key: &DayKey| match (self.reports.get(key), self.figures.get(key)) {
                (Some(before), Some(figures)) => before.prepared_at < report && before.figures != *figures,
                (Some(_), None) => false,
                (None, _) => true,
            };
            due.extend(self.keys_of(today).into_iter().filter(late));
        }
        let figures = |key: DayKey| {
            let found = self.figures.get(&key).cloned();
            (key, found.unwrap_or_else(|| none(key.1)))
        };
        due.into_iter().map(figures).collect()
    }

    /// The shop's currency, and every other in which the day has figures.
    fn keys_of(&self, day: NaiveDate) -> BTreeSet<DayKey> {
        let with_figures = self.figures.keys().filter(|(other, _)| *other == day);
        with_figures.copied().chain([(day, self.currency)]).collect()
    }

    /// What was prepared last of each day.
    pub fn reports(&self) -> impl Iterator<Item = (DayKey, &DailyReportPrepared)> {
        self.reports.iter().map(|(key, report)| (*key, report))
    }

    fn is_reported(&self, (key, figures): (&DayKey, &DayFigures)) -> bool {
        let report = self.reports.get(key);
        report.is_some_and(|report| report.figures == *figures)
    }

    fn days_without_sales(&self, today: NaiveDate) -> Vec<DayKey> {
        let opened = self.opened.unwrap_or(today);
        let days = opened.iter_days().take_while(|day| *day < today);
        days.map(|day| (day, self.currency))
            .filter(|key| !self.figures.contains_key(key) && !self.reports.contains_key(key))
            .collect()
    }

    /// When something may become due although nothing happens.
    pub fn next_after(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.calendar.next_after(now).min(now + Days::new(1))
    }
}

/// The figures of the part's category, in the order of the slugs; of none, once there are as many as a report may have.
/// Nothing for a part of nothing.
fn category(figures: &mut DayFigures, part: Part) -> Option<&mut CategoryFigures> {
    if part.minor == 0 && part.units == 0 {
        return None;
    }
    let known =
        |slug: &str, told: &[CategoryFigures]| told.binary_search_by(|one| one.slug.as_str().cmp(slug));
    let full = figures.categories.len() + 1 >= CATEGORIES_MAX;
    let slug = match known(&part.slug, &figures.categories) {
        Err(_) if full => String::new(),
        _ => part.slug,
    };
    let zero = Money::zero(figures.revenue.currency());
    let index = known(&slug, &figures.categories).unwrap_or_else(|index| {
        let new = CategoryFigures {
            slug,
            revenue: zero,
            loss: zero,
            units: 0,
        };
        figures.categories.insert(index, new);
        index
    });
    figures.categories.get_mut(index)
}

fn none(currency: Currency) -> DayFigures {
    DayFigures {
        revenue: Money::zero(currency),
        loss: Money::zero(currency),
        orders: 0,
        units: 0,
        categories: vec![],
    }
}

/// Both are of one currency: figures are kept by currency.
fn sum(one: Money, other: Money) -> Money {
    let minor = one.amount_minor().saturating_add(other.amount_minor());
    Money::new(minor, one.currency())
}

fn paid_at(order: &[Told]) -> Option<DateTime<Utc>> {
    order.iter().find_map(|(_, event)| match event {
        Event::Order(OrderEvent::OrderPaid(paid)) => Some(paid.paid_at),
        _ => None,
    })
}

/// What a unit of the SKU cost just before this position; none if it is a seller's.
fn own_price(product: &[Told], sku: &Sku, before: Position) -> Option<Money> {
    let mut price = None;
    for (_, event) in product.iter().filter(|(position, _)| *position < before) {
        match event {
            Event::Product(ProductEvent::ProductAdded(added)) => {
                if added.seller.is_some() {
                    return None;
                }
                let variant = added.variants.iter().find(|variant| variant.sku == *sku);
                price = variant.map(|variant| variant.price);
            }
            Event::Product(ProductEvent::VariantAdded(added)) if added.variant.sku == *sku => {
                price = Some(added.variant.price);
            }
            Event::Product(ProductEvent::VariantPriceChanged(changed)) if changed.sku == *sku => {
                price = Some(changed.price);
            }
            _ => {}
        }
    }
    price
}

#[cfg(test)]
mod tests;
