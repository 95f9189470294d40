//! The check on small files, on generated ones, and on the real file if it's there.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use events::money::Currency;
use proptest::prelude::*;

use super::compare::compare;
use super::totals::Totals;
use super::*;
use crate::input::{Input, Item};
use crate::options::Format;
use crate::records::{SaleKind, SaleLine};
use bulk::Source;

/// From the crate's folder.
const REAL_FILE: &str = "../../shared/data/online-retail/invoices-2010-12-to-2011-06.csv.gz";
const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

fn input(source: Source, dataset: Dataset, format: Format) -> Input {
    Input {
        source,
        dataset,
        format,
        currency: Currency::GBP,
    }
}

fn totals_of(input: &Input) -> FileTotals {
    totals::sum(&lines::read(input).unwrap(), input.dataset, input.currency)
}

/// What the import would send, summed up.
fn imported(input: &Input) -> Totals {
    let survey = input.survey().unwrap();
    let mut totals = Totals::default();
    let mut sink = |item: Item| {
        if let Item::Sale(sale) = item {
            let amount = |line: &SaleLine| {
                i128::from(line.quantity) * i128::from(line.unit_price.amount_minor()) * 10_000
            };
            let units: i128 = sale.lines.iter().map(|line| i128::from(line.quantity)).sum();
            let amount: i128 = sale.lines.iter().map(amount).sum();
            match sale.kind {
                SaleKind::Order => {
                    totals.orders += 1;
                    totals.units += units;
                    totals.revenue += amount;
                }
                SaleKind::CreditNote => {
                    totals.cancellations += 1;
                    totals.cancelled_units += units;
                    totals.cancelled_amount += amount;
                }
            }
        }
        ControlFlow::Continue(())
    };
    input.read(&survey, &mut sink).unwrap();
    totals
}

/// A report that says exactly what the file says.
fn faithful(file: &FileTotals) -> Vec<(Group, SalesReport)> {
    let report = |group| SalesReport {
        total: file.expected,
        grouped: file.grouped(group).clone(),
    };
    Group::ALL.map(|group| (group, report(group))).into()
}

#[test]
fn a_penny_of_difference_is_found_everywhere_it_is() {
    let rows = "1,A,,2,2011-01-01 10:00,1.50,7,France\nC2,A,,-1,2011-01-02 10:00,1.50,7,France\n";
    let source = Source::of_bytes(format!("{HEADER}{rows}").as_bytes());
    let file = totals_of(&input(source, Dataset::OnlineRetail, Format::Csv));
    let mut reported = faithful(&file);
    assert!(compare(&file, &reported, Currency::GBP).agrees());
    reported[0].1.total.revenue += 10_000;
    reported[0].1.grouped.get_mut("2011-01-01").unwrap().revenue += 10_000;
    reported[1].1.grouped.insert(
        "Spain".to_owned(),
        Totals {
            orders: 1,
            ..Totals::default()
        },
    );
    let report = compare(&file, &reported, Currency::GBP);
    assert!(!report.agrees());
    assert_eq!(report.figures[0].difference, "0.01");
    assert_eq!((report.groups[0].agreeing, report.groups[0].total), (1, 2));
    assert_eq!(report.groups[1].differences[0].key, "Spain");
    assert!(report.groups[2].differences.is_empty());
    let printed = report.to_string();
    assert!(
        printed.contains("  2011-01-01: revenue expected 3.00, reported 3.01"),
        "{printed}"
    );
    assert!(printed.ends_with("DIFFERS FROM THE FILE"), "{printed}");
}

#[test]
fn json_orders_are_counted_like_csv_orders() {
    let csv = "reference,kind,placed_at,sku,quantity,unit_price,currency,customer,country\n\
        1,,2011-01-01T23:30:00-01:00,A,2,1.50,,Ann,France\n\
        1,,2011-01-01T23:30:00-01:00,B,1,0.25,GBP,Ann,France\n\
        2,credit_note,2011-01-03,A,1,1.5,,,Spain\n\
        3,,2011-01-03,A,0,1.5,,,Spain\n";
    let json = r#"[
        {"reference":"1","placed_at":"2011-01-01T23:30:00-01:00","country":"France","customer":{"username":"Ann"},
         "lines":[{"sku":"A","quantity":2,"unit_price":1.50},
                  {"sku":"B","quantity":1,"unit_price":{"amount":"0.25","currency":"GBP"}}]},
        {"reference":"2","issued_at":"2011-01-03","country":"Spain","lines":[{"sku":"A","quantity":1,"unit_price":"1.5"}]},
        {"reference":"3","placed_at":"2011-01-03","country":"Spain","lines":[{"sku":"A","quantity":0,"unit_price":1.5}]}
    ]"#;
    let csv = input(Source::of_bytes(csv.as_bytes()), Dataset::Orders, Format::Csv);
    let json = input(Source::of_bytes(json.as_bytes()), Dataset::Orders, Format::Json);
    let totals = totals_of(&csv);
    assert_eq!(totals, totals_of(&json));
    assert_eq!(totals.expected, imported(&csv));
    assert_eq!(totals.expected, imported(&json));
    assert_eq!(totals.expected.revenue, 3_250_000);
    assert_eq!(
        totals.by_day.keys().next().map(String::as_str),
        Some("2011-01-02"),
        "the UTC day"
    );
    assert_eq!(totals.rejected.orders, 1);
}

#[test]
fn products_have_nothing_to_check() {
    let products = input(
        Source::of_bytes(b"sku,name,price\n"),
        Dataset::Products,
        Format::Csv,
    );
    let refused = lines::read(&products).unwrap_err();
    assert!(matches!(refused, ImportError::NothingToCheck { .. }));
}

/// The numbers were counted with another program (Python's csv and decimal).
#[test]
fn the_real_file_s_totals_are_the_known_ones_and_what_the_import_sends() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(REAL_FILE);
    if !path.exists() {
        println!("skipped: {} isn't there", path.display());
        return;
    }
    let input = input(Source::open(&path).unwrap(), Dataset::OnlineRetail, Format::Csv);
    let totals = totals_of(&input);
    assert_eq!(totals.lines, 240_007);
    let expected = Totals {
        revenue: 4_700_382_110_000,
        units: 2_468_252,
        orders: 9_786,
        cancelled_amount: 425_238_180_000,
        cancelled_units: 129_773,
        cancellations: 1_946,
    };
    assert_eq!(totals.expected, expected);
    assert_eq!(totals.file.revenue - totals.rejected.revenue, expected.revenue);
    assert_eq!(totals.rejected.revenue, 1_000, "one line at 0.001");
    assert_eq!(totals.by_day.len(), 163);
    assert_eq!(totals.by_country.len(), 38);
    assert_eq!(totals.by_product.len(), 3_541);
    assert_eq!(imported(&input), expected);
}

fn row() -> impl Strategy<Value = (u8, bool, u8, i32, u32, u8)> {
    (
        0..6_u8,
        any::<bool>(),
        0..4_u8,
        -20..50_i32,
        0..3_000_u32,
        0..3_u8,
    )
}

proptest! {
    /// From rows to records to totals nothing is lost or made: the import sends what a plain sum over the rows
    /// gives, and so does the check.
    #[test]
    fn what_is_sent_is_the_sum_of_the_good_rows(rows in prop::collection::vec(row(), 0..60)) {
        let mut text = HEADER.to_owned();
        let mut naive = Totals::default();
        for (invoice, is_credit, sku, quantity, price, country) in rows {
            let (mark, sign) = if is_credit { ("C", -1) } else { ("", 1) };
            let (pounds, pence) = (price / 100, price % 100);
            writeln!(
                text,
                "{mark}{invoice},S{sku},N,{quantity},2011-01-0{} 10:00,{pounds}.{pence:02},,Land {country}",
                invoice + 1
            )
            .unwrap();
            let units = i128::from(quantity * sign);
            if units <= 0 {
                continue;
            }
            let amount = units * i128::from(price) * 10_000;
            if is_credit {
                naive.cancelled_units += units;
                naive.cancelled_amount += amount;
            } else {
                naive.units += units;
                naive.revenue += amount;
            }
        }
        let input = input(Source::of_bytes(text.as_bytes()), Dataset::OnlineRetail, Format::Csv);
        let (file, sent) = (totals_of(&input), imported(&input));
        prop_assert_eq!(file.expected, sent);
        naive.orders = sent.orders;
        naive.cancellations = sent.cancellations;
        prop_assert_eq!(sent, naive);
        for group in [Group::Day, Group::Country] {
            let orders: i128 = file.grouped(group).values().map(|totals| totals.orders).sum();
            prop_assert_eq!(orders, sent.orders);
        }
        let by_product: i128 = file.by_product.values().map(|totals| totals.revenue).sum();
        prop_assert_eq!(by_product, sent.revenue);
    }
}
