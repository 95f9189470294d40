//! The comparison, and how it's printed.

use std::collections::BTreeSet;
use std::fmt;

use events::money::Currency;

use super::decimal::Decimal;
use super::sales_report::SalesReport;
use super::totals::{FileTotals, Group, Grouped, Totals};

/// One figure from four sides, as printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    pub name: &'static str,
    /// What the file says.
    pub file: String,
    /// What of it the rules keep out.
    pub rejected: String,
    /// The file's without the rejected.
    pub expected: String,
    /// What the shop reports.
    pub report: String,
    /// The report's beyond the expected; zero if all is well.
    pub difference: String,
    pub agrees: bool,
}

/// A day, country or product whose figure isn't the file's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub key: String,
    pub figure: &'static str,
    pub expected: String,
    pub report: String,
}

/// The days, the countries or the products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupCheck {
    pub name: &'static str,
    pub agreeing: usize,
    pub total: usize,
    pub differences: Vec<Difference>,
}

/// See [`crate::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    pub currency: Currency,
    pub lines: u64,
    /// Lines whose quantity or price is no number; no total has them.
    pub uncountable: u64,
    /// Lines in another currency; no total has them.
    pub other_currency: u64,
    pub figures: Vec<Figure>,
    pub groups: Vec<GroupCheck>,
}

impl CheckReport {
    /// Whether every figure is the file's, in all and per day, country and product.
    pub fn agrees(&self) -> bool {
        let figures = self.figures.iter().all(|figure| figure.agrees);
        figures && self.groups.iter().all(|group| group.differences.is_empty())
    }
}

/// A figure's name, whether it's an amount, and where it is in the totals.
type FigureOf = (&'static str, bool, fn(&Totals) -> i128);

const FIGURES: [FigureOf; 6] = [
    ("revenue", true, |totals| totals.revenue),
    ("units", false, |totals| totals.units),
    ("orders", false, |totals| totals.orders),
    ("cancelled amount", true, |totals| totals.cancelled_amount),
    ("cancelled units", false, |totals| totals.cancelled_units),
    ("credit notes", false, |totals| totals.cancellations),
];

fn show(value: i128, is_amount: bool, currency: Currency) -> String {
    if is_amount {
        Decimal::of_millionths(value).show(currency.decimals())
    } else {
        value.to_string()
    }
}

pub fn compare(file: &FileTotals, reported: &[(Group, SalesReport)], currency: Currency) -> CheckReport {
    let total = reported
        .first()
        .map_or(Totals::default(), |(_, report)| report.total);
    let figures = FIGURES.map(|(name, is_amount, figure)| {
        let show = |value| show(value, is_amount, currency);
        let (expected, report) = (figure(&file.expected), figure(&total));
        Figure {
            name,
            file: show(figure(&file.file)),
            rejected: show(figure(&file.rejected)),
            expected: show(expected),
            report: show(report),
            difference: show(report - expected),
            agrees: report == expected,
        }
    });
    CheckReport {
        currency,
        lines: file.lines,
        uncountable: file.uncountable,
        other_currency: file.other_currency,
        figures: figures.into(),
        groups: reported
            .iter()
            .map(|(group, report)| compare_group(*group, file.grouped(*group), &report.grouped, currency))
            .collect(),
    }
}

fn compare_group(group: Group, expected: &Grouped, reported: &Grouped, currency: Currency) -> GroupCheck {
    let keys: BTreeSet<&String> = expected.keys().chain(reported.keys()).collect();
    let mut check = GroupCheck {
        name: group.plural(),
        agreeing: 0,
        total: keys.len(),
        differences: Vec::new(),
    };
    for key in keys {
        let of = |grouped: &Grouped| grouped.get(key).copied().unwrap_or_default();
        let (expected, report) = (of(expected), of(reported));
        check.agreeing += usize::from(expected == report);
        let differing = FIGURES
            .iter()
            .filter(|(_, _, figure)| figure(&expected) != figure(&report));
        check
            .differences
            .extend(differing.map(|&(name, is_amount, figure)| Difference {
                key: key.clone(),
                figure: name,
                expected: show(figure(&expected), is_amount, currency),
                report: show(figure(&report), is_amount, currency),
            }));
    }
    check
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} lines, amounts in {}", self.lines, self.currency)?;
        let columns = ["", "file", "rejected", "expected", "report", "difference"];
        write_row(f, columns)?;
        for figure in &self.figures {
            let Figure {
                name,
                file,
                rejected,
                expected,
                report,
                difference,
                ..
            } = figure;
            write_row(f, [name, file, rejected, expected, report, difference])?;
        }
        for group in &self.groups {
            writeln!(f, "{} of {} {} agree", group.agreeing, group.total, group.name)?;
            for difference in &group.differences {
                let Difference {
                    key,
                    figure,
                    expected,
                    report,
                } = difference;
                writeln!(f, "  {key}: {figure} expected {expected}, reported {report}")?;
            }
        }
        if self.uncountable > 0 {
            writeln!(
                f,
                "{} lines can't be counted: quantity or price is no number",
                self.uncountable
            )?;
        }
        if self.other_currency > 0 {
            writeln!(
                f,
                "{} lines in another currency aren't compared",
                self.other_currency
            )?;
        }
        let verdict = if self.agrees() {
            "everything agrees"
        } else {
            "THE REPORT DIFFERS FROM THE FILE"
        };
        write!(f, "{verdict}")
    }
}

fn write_row(f: &mut fmt::Formatter<'_>, [name, cells @ ..]: [&str; 6]) -> fmt::Result {
    write!(f, "{name:<18}")?;
    for cell in cells {
        write!(f, "{cell:>16}")?;
    }
    writeln!(f)
}
