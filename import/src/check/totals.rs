//! What the file's lines come to: in all, per day, per country and per SKU; and what of it the rules reject.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use events::money::Currency;

use super::decimal::Decimal;
use super::lines::FileLine;
use crate::options::Dataset;

/// Longer is no SKU (`events::ids::Sku`).
const SKU_MAX_CHARS: usize = 64;

/// Six figures of sales. Amounts are in millionths of the currency's unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub revenue: i128,
    pub units: i128,
    pub orders: i128,
    pub cancelled_amount: i128,
    pub cancelled_units: i128,
    pub cancellations: i128,
}

/// What sales are summed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Day,
    Country,
    Product,
}

impl Group {
    pub const ALL: [Self; 3] = [Self::Day, Self::Country, Self::Product];

    /// As the query's parameter has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Country => "country",
            Self::Product => "product",
        }
    }

    pub fn plural(self) -> &'static str {
        match self {
            Self::Day => "days",
            Self::Country => "countries",
            Self::Product => "products",
        }
    }
}

/// Sums by day, country or SKU.
pub type Grouped = BTreeMap<String, Totals>;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileTotals {
    /// All of it, as it stands there.
    pub file: Totals,
    /// What the rules keep out.
    pub rejected: Totals,
    /// The rest: what the shop should report.
    pub expected: Totals,
    pub by_day: Grouped,
    pub by_country: Grouped,
    pub by_product: Grouped,
    pub lines: u64,
    /// Lines whose quantity or price is no number, so that no total can count them.
    pub uncountable: u64,
    /// Lines in another currency than the one that is checked.
    pub other_currency: u64,
}

impl FileTotals {
    pub fn grouped(&self, group: Group) -> &Grouped {
        match group {
            Group::Day => &self.by_day,
            Group::Country => &self.by_country,
            Group::Product => &self.by_product,
        }
    }
}

/// What makes one order or credit note: an invoice of two countries is two.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Document<'l> {
    is_credit: bool,
    reference: &'l str,
    country: &'l str,
    customer: &'l str,
}

impl<'l> Document<'l> {
    fn of(line: &'l FileLine, dataset: Dataset) -> Self {
        let invoice = dataset == Dataset::OnlineRetail;
        Self {
            is_credit: line.is_credit,
            reference: &line.reference,
            country: if invoice { &line.country } else { "" },
            customer: if invoice { &line.customer } else { "" },
        }
    }
}

/// Sums the lines up.
pub fn sum(lines: &[FileLine], dataset: Dataset, currency: Currency) -> FileTotals {
    let mut totals = FileTotals::default();
    let spoiled = spoiled(lines, dataset, currency);
    // The day of a document is that of its first line that counts.
    let mut days: HashMap<Document, &str> = HashMap::new();
    let mut all: BTreeSet<(bool, &str, &str, &str)> = BTreeSet::new();
    let mut counted: BTreeSet<(bool, &str, &str, &str, &str)> = BTreeSet::new();
    for line in lines {
        totals.lines += 1;
        if !line.currency.is_empty() && line.currency != currency.code() {
            totals.other_currency += 1;
            continue;
        }
        let document = Document::of(line, dataset);
        let key = (
            document.is_credit,
            document.reference,
            document.country,
            document.customer,
        );
        let amounts = amounts(line);
        if amounts.is_none() {
            totals.uncountable += 1;
        }
        let amounts = amounts.unwrap_or_default();
        let is_new = all.insert(key);
        totals.file.add(&amounts);
        totals.file.add_document(line.is_credit, is_new);
        if !is_acceptable(line, currency) || spoiled.contains(&document) {
            totals.rejected.add(&amounts);
            continue;
        }
        let day = *days.entry(document).or_insert(&line.day);
        let first_of_document = counted.insert((key.0, key.1, key.2, key.3, ""));
        let first_of_product = counted.insert((key.0, key.1, key.2, key.3, &line.sku));
        let put = |totals: &mut Totals, is_first| {
            totals.add(&amounts);
            totals.add_document(line.is_credit, is_first);
        };
        put(&mut totals.expected, first_of_document);
        put(
            totals.by_day.entry(day.to_owned()).or_default(),
            first_of_document,
        );
        put(
            totals.by_country.entry(line.country.clone()).or_default(),
            first_of_document,
        );
        put(
            totals.by_product.entry(line.sku.clone()).or_default(),
            first_of_product,
        );
    }
    totals.rejected.orders = totals.file.orders - totals.expected.orders;
    totals.rejected.cancellations = totals.file.cancellations - totals.expected.cancellations;
    totals
}

impl Totals {
    fn add(&mut self, other: &Self) {
        self.revenue += other.revenue;
        self.units += other.units;
        self.cancelled_amount += other.cancelled_amount;
        self.cancelled_units += other.cancelled_units;
    }

    fn add_document(&mut self, is_credit: bool, is_new: bool) {
        let count = i128::from(is_new);
        if is_credit {
            self.cancellations += count;
        } else {
            self.orders += count;
        }
    }
}

/// What a line adds to the totals, whether it's accepted or not.
fn amounts(line: &FileLine) -> Option<Totals> {
    let (units, price) = (line.quantity?, line.price?);
    let amount = units.checked_mul(price.millionths())?;
    let mut totals = Totals::default();
    if line.is_credit {
        totals.cancelled_amount = amount;
        totals.cancelled_units = units;
    } else {
        totals.revenue = amount;
        totals.units = units;
    }
    Some(totals)
}

/// The rules, once more and in one place.
fn is_acceptable(line: &FileLine, currency: Currency) -> bool {
    let sku_is_good = !line.sku.is_empty()
        && line.sku.chars().count() <= SKU_MAX_CHARS
        && !line
            .sku
            .chars()
            .any(|c| c == '/' || c.is_control() || (c.is_whitespace() && c != ' '));
    let price_is_good = line
        .price
        .is_some_and(|price| price >= Decimal::default() && price.decimals() <= currency.decimals());
    let quantity_is_good = line
        .quantity
        .is_some_and(|quantity| quantity > 0 && quantity <= i128::from(u32::MAX));
    let head_is_good = !line.reference.is_empty() && !line.country.is_empty() && !line.day.is_empty();
    line.is_whole && sku_is_good && price_is_good && quantity_is_good && head_is_good
}

/// Orders that one of their own lines keeps out. Invoices lose the line alone.
fn spoiled(lines: &[FileLine], dataset: Dataset, currency: Currency) -> HashSet<Document<'_>> {
    let is_spoiling = |line: &&FileLine| dataset != Dataset::OnlineRetail && !is_acceptable(line, currency);
    lines
        .iter()
        .filter(is_spoiling)
        .map(|line| Document::of(line, dataset))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(reference: &str, sku: &str, quantity: i128, price: &str, country: &str) -> FileLine {
        FileLine {
            is_credit: reference.starts_with('C'),
            reference: reference.to_owned(),
            sku: sku.to_owned(),
            country: country.to_owned(),
            day: "2011-01-01".to_owned(),
            quantity: Some(quantity),
            price: Decimal::parse(price),
            is_whole: true,
            ..FileLine::default()
        }
    }

    #[test]
    fn what_is_rejected_and_what_is_expected_make_the_file() {
        let lines = [
            line("1", "A", 2, "1.50", "France"),
            line("1", "A", 1, "1.50", "France"),
            line("1", "B", 1, "0.001", "France"),
            line("1", "A", 1, "2", "Spain"),
            line("2", "A", -7, "0", "France"),
            line("C3", "A", 1, "1.50", "France"),
        ];
        let totals = sum(&lines, Dataset::OnlineRetail, Currency::GBP);
        assert_eq!(totals.file.revenue, 6_501_000);
        assert_eq!(totals.rejected.revenue, 1_000);
        assert_eq!(totals.expected.revenue, 6_500_000);
        assert_eq!(
            (totals.file.units, totals.rejected.units, totals.expected.units),
            (-2, -6, 4)
        );
        assert_eq!(
            (totals.file.orders, totals.rejected.orders, totals.expected.orders),
            (3, 1, 2)
        );
        assert_eq!(
            (totals.expected.cancellations, totals.expected.cancelled_amount),
            (1, 1_500_000)
        );
        assert_eq!(totals.by_country["Spain"].orders, 1);
        assert_eq!(totals.by_country["France"].orders, 1);
        assert_eq!(totals.by_product["A"].orders, 2);
        assert!(!totals.by_product.contains_key("B"));
    }

    #[test]
    fn a_wrong_line_keeps_its_whole_order_out_but_not_its_whole_invoice() {
        let lines = [line("1", "A", 2, "1", "France"), line("1", "B", 0, "1", "France")];
        let invoices = sum(&lines, Dataset::OnlineRetail, Currency::GBP);
        assert_eq!(invoices.expected.units, 2);
        let orders = sum(&lines, Dataset::Orders, Currency::GBP);
        assert_eq!(orders.expected, Totals::default());
        assert_eq!(orders.rejected.units, 2);
    }
}
