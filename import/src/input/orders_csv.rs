//! Orders and credit notes of the past from CSV: one row per line, grouped by `reference`. A customer is a username, or
//! the id of an account.
//!
//! An order comes in whole or not at all: a wrong row takes its order's other rows with it.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use events::ids::AccountId;

use super::{Input, Item, Sink, Survey, put_all};
use crate::error::ImportError;
use crate::records::{Sale, SaleCustomer, SaleKind, SaleLine};
use bulk::Rejection;
use bulk::csv_table::{Columns, CsvTable, Row};
use bulk::field::{self, FieldError};
use bulk::grouping::{self, Grouping};
use bulk::products::{same_or_first, spoiled};

const COLUMNS: Columns = Columns {
    required: &[
        "reference",
        "placed_at",
        "sku",
        "quantity",
        "unit_price",
        "country",
    ],
    optional: &["kind", "currency", "customer", "customer_email"],
    prefixes: &[],
};

/// One row: its line, and what it says of the order.
#[derive(Debug)]
struct OrderRow {
    kind: SaleKind,
    at: DateTime<Utc>,
    customer: String,
    country: String,
    line: SaleLine,
}

pub fn survey(input: &Input) -> Result<Survey, ImportError> {
    let mut survey = Survey::default();
    CsvTable::open(&input.source, COLUMNS)?.for_each(|row| {
        survey.rows += 1;
        let Ok(row) = row else {
            return ControlFlow::Continue(());
        };
        let reference = row.get("reference");
        if reference.is_empty() {
            return ControlFlow::Continue(());
        }
        grouping::count(&mut survey.group_sizes, reference);
        add_customer(&mut survey, row.get("customer"), row.get("customer_email"));
        ControlFlow::Continue(())
    })?;
    Ok(survey)
}

/// Remembers a customer who may have to be registered, with the first email that a row gives.
pub fn add_customer(survey: &mut Survey, username: &str, email: &str) {
    let is_account = username.parse::<AccountId>().is_ok();
    if username.is_empty() || is_account {
        return;
    }
    let username = username.to_lowercase();
    let known = survey.customers.entry(username).or_default();
    if known.is_none() && !email.is_empty() {
        *known = Some(email.to_owned());
    }
}

pub fn read(input: &Input, survey: &Survey, sink: &mut Sink) -> Result<(), ImportError> {
    let mut grouping = Grouping::new(&survey.group_sizes);
    CsvTable::open(&input.source, COLUMNS)?.for_each(|row| {
        let row = match row {
            Ok(row) => row,
            Err(rejection) => return sink(Item::Rejected(rejection)),
        };
        let reference = row.get("reference");
        if reference.is_empty() {
            let reason = "an order needs its number, so that it isn't recorded twice";
            return sink(Item::Rejected(row.reject(
                "reference",
                "reference_missing",
                reason,
            )));
        }
        match grouping.add(reference, (row.line, order_row(&row, input))) {
            Some(group) => put_all(sale(reference, group), sink),
            None => ControlFlow::Continue(()),
        }
    })?;
    Ok(())
}

fn order_row(row: &Row, input: &Input) -> Result<OrderRow, Rejection> {
    let at = |column: &'static str| move |error: FieldError| row.reject(column, error.code, error.reason);
    let kind = kind(row.get("kind")).map_err(at("kind"))?;
    let currency = field::currency(row.get("currency"), input.currency).map_err(at("currency"))?;
    let country = row.get("country");
    Ok(OrderRow {
        kind,
        at: field::time(row.get("placed_at")).map_err(at("placed_at"))?,
        customer: row.get("customer").to_lowercase(),
        country: field::present(country, "country_missing", "a sale has a country").map_err(at("country"))?,
        line: SaleLine {
            row: row.line,
            sku: field::sku(row.get("sku")).map_err(at("sku"))?,
            quantity: field::sold_quantity(row.get("quantity")).map_err(at("quantity"))?,
            unit_price: field::price(row.get("unit_price"), currency).map_err(at("unit_price"))?,
        },
    })
}

fn kind(text: &str) -> Result<SaleKind, FieldError> {
    match text {
        "" | "order" => Ok(SaleKind::Order),
        "credit_note" => Ok(SaleKind::CreditNote),
        _ => Err(FieldError::new("kind_invalid", "a kind is order or credit_note")),
    }
}

/// One order, or the rejections of all of its rows.
fn sale(reference: &str, group: Vec<(u64, Result<OrderRow, Rejection>)>) -> Vec<Item> {
    let lines: Vec<u64> = group.iter().map(|(line, _)| *line).collect();
    let mut rows = Vec::with_capacity(group.len());
    let mut rejections = Vec::new();
    for (_, read) in group {
        match read {
            Ok(row) => rows.push(row),
            Err(rejection) => rejections.push(rejection),
        }
    }
    if rejections.is_empty() {
        match join(reference, rows) {
            Ok(Some(sale)) => return vec![Item::Sale(sale)],
            Ok(None) => {}
            Err(rejection) => rejections.push(*rejection),
        }
    }
    let reason = "another row of this order is wrong";
    let rejections = spoiled(lines, rejections, "order_incomplete", reason);
    rejections.into_iter().map(Item::Rejected).collect()
}

/// `None` if there are no rows; every row must say the same of the order.
fn join(reference: &str, rows: Vec<OrderRow>) -> Result<Option<Sale>, Box<Rejection>> {
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let (kind, at, country) = (first.kind, first.at, first.country.clone());
    let currency = first.line.unit_price.currency();
    let mut customer = String::new();
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let differs = |column: &str, value: &str| {
            let reason = format!("an earlier row of order {reference:?} has another {column}");
            Box::new(Rejection::new(
                row.line.row,
                column,
                value,
                "order_inconsistent",
                reason,
            ))
        };
        if row.kind != kind {
            return Err(differs("kind", ""));
        }
        if row.at != at {
            return Err(differs("placed_at", &row.at.to_rfc3339()));
        }
        if row.country != country {
            return Err(differs("country", &row.country));
        }
        if row.line.unit_price.currency() != currency {
            return Err(differs("currency", row.line.unit_price.currency().code()));
        }
        if !same_or_first(&mut customer, &row.customer) {
            return Err(differs("customer", &row.customer));
        }
        lines.push(row.line);
    }
    Ok(Some(Sale {
        kind,
        reference: reference.to_owned(),
        at,
        customer: (!customer.is_empty()).then(|| match customer.parse() {
            Ok(account) => SaleCustomer::Account(account),
            Err(_) => SaleCustomer::Username(customer),
        }),
        country,
        contact: None,
        reason: None,
        lines,
    }))
}

#[cfg(test)]
mod tests {
    use events::money::Currency;

    use super::*;
    use crate::options::{Dataset, Format};
    use bulk::Source;

    fn read_all(text: &str) -> (Survey, Vec<Item>) {
        let input = Input {
            source: Source::of_bytes(text.as_bytes()),
            dataset: Dataset::Orders,
            format: Format::Csv,
            currency: Currency::GBP,
        };
        let survey = input.survey().unwrap();
        let mut items = Vec::new();
        let mut sink = |item| {
            items.push(item);
            ControlFlow::Continue(())
        };
        input.read(&survey, &mut sink).unwrap();
        assert_eq!(items.iter().map(Item::rows).sum::<u64>(), survey.rows);
        (survey, items)
    }

    const HEADER: &str = "reference,kind,placed_at,sku,quantity,unit_price,customer,customer_email,country\n";

    #[test]
    fn rows_of_one_reference_become_one_order() {
        let (survey, items) = read_all(&format!(
            "{HEADER}1,,2011-01-01 10:00,A,2,1.50,Ann,,France\n\
             2,credit_note,2011-01-02,A,1,1.50,,,France\n\
             1,,2011-01-01 10:00,A,3,1.25,ann,ann@example.org,France\n"
        ));
        assert_eq!(survey.customers["ann"].as_deref(), Some("ann@example.org"));
        let [Item::Sale(note), Item::Sale(order)] = &items[..] else {
            panic!("{items:?}");
        };
        assert_eq!(note.kind, SaleKind::CreditNote);
        assert_eq!(order.customer, Some(SaleCustomer::Username("ann".to_owned())));
        let rows: Vec<(u64, u32)> = order.lines.iter().map(|line| (line.row, line.quantity)).collect();
        assert_eq!(rows, [(2, 2), (4, 3)], "two lines of one SKU stay two lines");
    }

    #[test]
    fn every_row_of_a_wrong_order_is_explained() {
        let (_, items) = read_all(&format!(
            "{HEADER}1,,2011-01-01,A,0,1.50,,,France\n\
             1,,2011-01-01,B,1,1.50,,,France\n\
             2,,2011-01-01,A,1,1.50,,,France\n\
             2,,2011-01-01,A,1,1.50,,,Spain\n\
             ,,2011-01-01,A,1,1.50,,,Spain\n\
             3,gift,2011-01-01,A,1,1.50,,,Spain\n\
             4,,yesterday,A,1,1.50,,,Spain\n"
        ));
        let seen: Vec<(u64, &str, &str)> = items
            .iter()
            .map(|item| match item {
                Item::Rejected(r) => (r.row, r.field.as_str(), r.code.as_ref()),
                other => panic!("{other:?} was accepted"),
            })
            .collect();
        let expected = [
            (2, "quantity", "quantity_zero"),
            (3, "", "order_incomplete"),
            (5, "country", "order_inconsistent"),
            (4, "", "order_incomplete"),
            (6, "reference", "reference_missing"),
            (7, "kind", "kind_invalid"),
            (8, "placed_at", "time_invalid"),
        ];
        assert_eq!(seen, expected);
    }
}
