//! The file's sale lines as plainly as can be, for the check: it shares neither the reading of the fields nor the
//! rules with the import, only the opening of the file.

use std::collections::HashMap;
use std::ops::ControlFlow;

use chrono::DateTime;
use csv::StringRecord;
use serde_json::Value;
use serde_json::value::RawValue;

use super::decimal::Decimal;
use crate::error::ImportError;
use crate::input::Input;
use crate::options::{Dataset, Format};
use bulk::BulkError;
use bulk::json_items::for_each_item;

/// One line of a sale.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileLine {
    /// Of a cancellation or credit note.
    pub is_credit: bool,
    pub reference: String,
    pub sku: String,
    pub customer: String,
    pub country: String,
    /// Such as 2010-12-01, in UTC; empty if there's none.
    pub day: String,
    /// As the file has it; a cancellation's is made positive. `None` if it's no whole number.
    pub quantity: Option<i128>,
    pub price: Option<Decimal>,
    /// Empty for the import's own.
    pub currency: String,
    /// Whether the row is as long as its header, and the like.
    pub is_whole: bool,
}

/// All of them, in the file's order. Held in memory: a million lines take about 300 MB.
pub fn read(input: &Input) -> Result<Vec<FileLine>, ImportError> {
    match (input.dataset, input.format) {
        (Dataset::Products, _) => Err(ImportError::NothingToCheck {
            dataset: input.dataset,
        }),
        (Dataset::OnlineRetail, Format::Csv) => csv_lines(input, invoice_line),
        (Dataset::Orders, Format::Csv) => csv_lines(input, order_line),
        (Dataset::Orders, _) => json_lines(input),
        (Dataset::OnlineRetail, _) => Err(ImportError::FormatUnsupported {
            dataset: input.dataset,
        }),
    }
}

/// A cell by its column's name; empty if there's none.
type Cell<'a> = dyn Fn(&str) -> &'a str + 'a;

fn csv_lines(input: &Input, line_of: impl Fn(&Cell) -> FileLine) -> Result<Vec<FileLine>, ImportError> {
    let failed = |cause| BulkError::Csv {
        file: input.source.name(),
        row: 0,
        cause,
    };
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(input.source.reader()?);
    let names = reader.byte_headers().map_err(failed)?.clone();
    let columns: HashMap<String, usize> = names
        .iter()
        .map(|name| String::from_utf8_lossy(name).trim().to_owned())
        .zip(0..)
        .collect();
    let mut lines = Vec::new();
    for record in reader.byte_records() {
        let raw = record.map_err(failed)?;
        let is_text = raw.iter().all(|cell| std::str::from_utf8(cell).is_ok());
        let record = StringRecord::from_byte_record_lossy(raw);
        let cell = |name: &str| {
            let cell = columns.get(name).and_then(|&column| record.get(column));
            cell.unwrap_or("").trim()
        };
        let mut line = line_of(&cell);
        line.is_whole = is_text && record.len() == names.len();
        lines.push(line);
    }
    Ok(lines)
}

fn invoice_line(cell: &Cell) -> FileLine {
    let is_credit = cell("InvoiceNo").starts_with('C');
    let quantity: Option<i128> = cell("Quantity").parse().ok();
    FileLine {
        is_credit,
        reference: cell("InvoiceNo").to_owned(),
        sku: cell("StockCode").to_owned(),
        customer: cell("CustomerID").to_owned(),
        country: cell("Country").to_owned(),
        day: day(cell("InvoiceDate")),
        quantity: if is_credit {
            quantity.map(|quantity| -quantity)
        } else {
            quantity
        },
        price: Decimal::parse(cell("UnitPrice")),
        currency: String::new(),
        is_whole: true,
    }
}

fn order_line(cell: &Cell) -> FileLine {
    FileLine {
        is_credit: cell("kind") == "credit_note",
        reference: cell("reference").to_owned(),
        sku: cell("sku").to_owned(),
        customer: cell("customer").to_lowercase(),
        country: cell("country").to_owned(),
        day: day(cell("placed_at")),
        quantity: cell("quantity").parse().ok(),
        price: Decimal::parse(cell("unit_price")),
        currency: cell("currency").to_owned(),
        is_whole: true,
    }
}

/// The UTC day of a time; a time without a zone is in UTC.
fn day(time: &str) -> String {
    if let Ok(time) = DateTime::parse_from_rfc3339(time) {
        return time.to_utc().format("%Y-%m-%d").to_string();
    }
    let day: String = time.chars().take(10).collect();
    let is_day = chrono::NaiveDate::parse_from_str(&day, "%Y-%m-%d").is_ok();
    if is_day { day } else { String::new() }
}

fn json_lines(input: &Input) -> Result<Vec<FileLine>, ImportError> {
    let mut lines = Vec::new();
    for_each_item(&input.source, input.format, |_, text| {
        let sale: Option<HashMap<String, Box<RawValue>>> =
            text.ok().and_then(|text| serde_json::from_str(text).ok());
        match sale {
            Some(sale) => lines.extend(json_sale(&sale)),
            None => lines.push(FileLine::default()),
        }
        ControlFlow::Continue(())
    })?;
    Ok(lines)
}

fn json_sale(sale: &HashMap<String, Box<RawValue>>) -> Vec<FileLine> {
    let member = |name: &str| sale.get(name).map_or("null", |raw| raw.get());
    let text = |name: &str| plain(member(name));
    let issued = text("issued_at");
    let time = if issued.is_empty() {
        text("placed_at")
    } else {
        issued.clone()
    };
    let customer: Value = serde_json::from_str(member("customer")).unwrap_or(Value::Null);
    let named = ["username", "reference"]
        .into_iter()
        .find_map(|name| customer[name].as_str());
    let head = FileLine {
        is_credit: !issued.is_empty(),
        reference: text("reference").trim().to_owned(),
        customer: named.or(customer.as_str()).unwrap_or("").to_lowercase(),
        country: text("country").trim().to_owned(),
        day: day(&time),
        is_whole: true,
        ..FileLine::default()
    };
    let lines: Vec<HashMap<String, Box<RawValue>>> =
        serde_json::from_str(member("lines")).unwrap_or_default();
    lines.iter().map(|line| json_line(&head, line)).collect()
}

fn json_line(head: &FileLine, line: &HashMap<String, Box<RawValue>>) -> FileLine {
    let member = |name: &str| line.get(name).map_or("null", |raw| raw.get());
    let price = member("unit_price");
    let full: HashMap<String, Box<RawValue>> = serde_json::from_str(price).unwrap_or_default();
    let amount = full.get("amount").map_or(price, |raw| raw.get());
    FileLine {
        sku: plain(member("sku")),
        quantity: member("quantity").parse().ok(),
        price: Decimal::parse(&plain(amount)),
        currency: full
            .get("currency")
            .map_or_else(String::new, |raw| plain(raw.get())),
        ..head.clone()
    }
}

/// A JSON text without its quotes; a number as it is; nothing for null.
fn plain(raw: &str) -> String {
    match raw {
        "null" => String::new(),
        _ => serde_json::from_str(raw).unwrap_or_else(|_| raw.to_owned()),
    }
}
