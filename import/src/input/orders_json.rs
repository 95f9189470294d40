//! Orders and credit notes of the past from NDJSON or JSON, in the shape of the API's own bodies: with
//! `placed_at` an order, with `issued_at` a credit note. The customer is named by username, and registered if
//! need be, or by the id of an account.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use events::ids::AccountId;
use events::money::Currency;
use serde::Deserialize;
use serde_json::Value;

use super::orders_csv::add_customer;
use super::{Input, Item, Sink, Survey};
use crate::error::ImportError;
use crate::records::{Sale, SaleCustomer, SaleKind, SaleLine};
use bulk::Rejection;
use bulk::field;
use bulk::json_items::{self, for_each_item};
use bulk::json_price::JsonPrice;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaleJson {
    placed_at: Option<String>,
    issued_at: Option<String>,
    reference: String,
    customer: Option<CustomerJson>,
    country: String,
    contact: Option<Value>,
    #[serde(default, deserialize_with = "json_items::filled")]
    reason: Option<String>,
    lines: Vec<LineJson>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineJson {
    sku: String,
    quantity: i64,
    unit_price: JsonPrice,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CustomerJson {
    /// As the API has it.
    Account(AccountId),
    Named(NamedCustomer),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedCustomer {
    #[serde(alias = "reference")]
    username: String,
    email: Option<String>,
}

/// An order as the file has it, and the email that its customer goes by there.
struct Read {
    sale: Sale,
    customer_email: Option<String>,
}

pub fn survey(input: &Input) -> Result<Survey, ImportError> {
    let mut survey = Survey::default();
    for_each_item(&input.source, input.format, |row, text| {
        match text.and_then(|text| sale(row, text, input.currency)) {
            Err(_) => survey.rows += 1,
            Ok(read) => {
                survey.rows += read.sale.lines.len() as u64;
                if let Some(SaleCustomer::Username(username)) = &read.sale.customer {
                    add_customer(
                        &mut survey,
                        username,
                        read.customer_email.as_deref().unwrap_or(""),
                    );
                }
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(survey)
}

pub fn read(input: &Input, sink: &mut Sink) -> Result<(), ImportError> {
    let mut references = BTreeSet::new();
    for_each_item(&input.source, input.format, |row, text| {
        let sale = match text.and_then(|text| sale(row, text, input.currency)) {
            Ok(read) => read.sale,
            Err(rejection) => return sink(Item::Rejected(rejection)),
        };
        if references.insert((sale.kind, sale.reference.clone())) {
            return sink(Item::Sale(sale));
        }
        sale.lines.iter().try_for_each(|_| {
            let reason = "it was there before in this file";
            let twice = Rejection::new(row, "reference", &sale.reference, "reference_twice", reason);
            sink(Item::Rejected(twice))
        })
    })?;
    Ok(())
}

fn sale(row: u64, text: &str, currency: Currency) -> Result<Read, Rejection> {
    let json: SaleJson = json_items::parse(row, text)?;
    let (kind, time_field, time) = match (&json.placed_at, &json.issued_at) {
        (Some(time), None) => (SaleKind::Order, "placed_at", time),
        (None, Some(time)) => (SaleKind::CreditNote, "issued_at", time),
        _ => {
            let reason = "an order has placed_at, a credit note issued_at, and nothing both";
            return Err(Rejection::new(row, "placed_at", "", "time_missing", reason));
        }
    };
    let at = field::time(time).map_err(|error| Rejection::of_field(row, time_field, time, error))?;
    let reference = field::present(
        json.reference.trim(),
        "reference_missing",
        "an order needs its number, so that it isn't recorded twice",
    )
    .map_err(|error| Rejection::of_field(row, "reference", "", error))?;
    let country = field::present(json.country.trim(), "country_missing", "a sale has a country")
        .map_err(|error| Rejection::of_field(row, "country", "", error))?;
    if json.lines.is_empty() {
        return Err(Rejection::new(
            row,
            "lines",
            "[]",
            "lines_missing",
            "a sale has at least one line",
        ));
    }
    let (customer, customer_email) = match json.customer {
        None => (None, None),
        Some(CustomerJson::Account(account)) => (Some(SaleCustomer::Account(account)), None),
        Some(CustomerJson::Named(named)) => {
            let username = named.username.to_lowercase();
            (Some(SaleCustomer::Username(username)), named.email)
        }
    };
    let lines = json.lines.into_iter().enumerate();
    let sale = Sale {
        kind,
        reference,
        at,
        customer,
        country,
        contact: json.contact,
        reason: json.reason,
        lines: lines
            .map(|(index, json)| line(row, index, &json, currency))
            .collect::<Result<_, _>>()?,
    };
    Ok(Read { sale, customer_email })
}

fn line(row: u64, index: usize, json: &LineJson, currency: Currency) -> Result<SaleLine, Rejection> {
    let at = |name: &str| format!("lines[{index}].{name}");
    Ok(SaleLine {
        row,
        sku: field::sku(&json.sku).map_err(|error| Rejection::of_field(row, &at("sku"), &json.sku, error))?,
        quantity: field::sold_quantity(&json.quantity.to_string())
            .map_err(|error| Rejection::of_field(row, &at("quantity"), &json.quantity.to_string(), error))?,
        unit_price: json
            .unit_price
            .read(currency)
            .map_err(|error| Rejection::of_field(row, &at("unit_price"), json.unit_price.text(), error))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{Dataset, Format};
    use bulk::Source;

    fn read_all(text: &str) -> (Survey, Vec<Item>) {
        let input = Input {
            source: Source::of_bytes(text.as_bytes()),
            dataset: Dataset::Orders,
            format: Format::Ndjson,
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

    const LINES: &str = r#""lines":[{"sku":"A","quantity":2,"unit_price":1.50},{"sku":"A","quantity":1,"unit_price":{"amount":"1.25","currency":"GBP"}}]"#;

    #[test]
    fn orders_and_credit_notes_name_their_customer_in_either_way() {
        let account = AccountId::generate();
        let (survey, items) = read_all(&format!(
            "{{\"placed_at\":\"2011-01-01T10:00:00Z\",\"reference\":\"1\",\"country\":\"France\",\
             \"customer\":{{\"reference\":\"Ann\",\"email\":\"ann@example.org\"}},{LINES}}}\n\
             {{\"issued_at\":\"2011-01-02\",\"reference\":\"1\",\"country\":\"France\",\
             \"customer\":\"{account}\",\"reason\":\"broken\",{LINES}}}\n"
        ));
        assert_eq!(survey.customers["ann"].as_deref(), Some("ann@example.org"));
        let [Item::Sale(order), Item::Sale(note)] = &items[..] else {
            panic!("{items:?}");
        };
        assert_eq!(order.customer, Some(SaleCustomer::Username("ann".to_owned())));
        assert_eq!(order.lines[1].unit_price.to_decimal(), "1.25");
        assert_eq!(
            note.kind,
            SaleKind::CreditNote,
            "the same reference may be of an order and a credit note"
        );
        assert_eq!(note.customer, Some(SaleCustomer::Account(account)));
    }

    #[test]
    fn a_wrong_order_names_its_field() {
        let head = r#""reference":"1","country":"France""#;
        let lines = [
            format!("{{{head},{LINES}}}"),
            format!(r#"{{"placed_at":"2011-01-01",{head},"lines":[]}}"#),
            format!(
                r#"{{"placed_at":"2011-01-01",{head},"lines":[{{"sku":"A","quantity":-1,"unit_price":1}}]}}"#
            ),
            format!(r#"{{"placed_at":"2011-01-01",{head},"lines":[{{"sku":"A","quantity":1}}]}}"#),
            format!(r#"{{"placed_at":"soon",{head},{LINES}}}"#),
            format!(r#"{{"placed_at":"2011-01-01","reference":" ","country":"France",{LINES}}}"#),
            format!(r#"{{"placed_at":"2011-01-01",{head},{LINES}}}"#),
            format!(r#"{{"placed_at":"2011-01-01",{head},{LINES}}}"#),
        ];
        let (_, items) = read_all(&lines.join("\n"));
        let seen: Vec<(u64, &str, &str)> = items
            .iter()
            .filter_map(|item| match item {
                Item::Rejected(r) => Some((r.row, r.field.as_str(), r.code.as_ref())),
                Item::Sale(_) | Item::Product(_) => None,
            })
            .collect();
        let expected = [
            (1, "placed_at", "time_missing"),
            (2, "lines", "lines_missing"),
            (3, "lines[0].quantity", "quantity_negative"),
            (4, "lines[0].unit_price", "field_missing"),
            (5, "placed_at", "time_invalid"),
            (6, "reference", "reference_missing"),
            (8, "reference", "reference_twice"),
            (8, "reference", "reference_twice"),
        ];
        assert_eq!(seen, expected);
    }
}
