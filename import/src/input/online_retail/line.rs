//! One invoice line: what its columns say, and the rules that reject it.

use chrono::{DateTime, Utc};
use events::ids::Sku;
use events::money::{Currency, Money};

use crate::records::SaleKind;
use bulk::Rejection;
use bulk::csv_table::{Columns, Row};
use bulk::field::{self, FieldError};

pub const INVOICE: &str = "InvoiceNo";

pub const COLUMNS: Columns = Columns {
    required: &[
        INVOICE,
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "UnitPrice",
        "CustomerID",
        "Country",
    ],
    optional: &[],
    prefixes: &[],
};

/// A line that can be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceLine {
    pub row: u64,
    pub kind: SaleKind,
    pub invoice: String,
    pub sku: Sku,
    pub description: String,
    /// Positive, also on a credit note.
    pub quantity: u32,
    pub at: DateTime<Utc>,
    pub unit_price: Money,
    /// The username of the account.
    pub customer: Option<String>,
    pub country: String,
}

pub fn read(row: &Row, currency: Currency) -> Result<InvoiceLine, Rejection> {
    let at = |column: &'static str| move |error: FieldError| row.reject(column, error.code, error.reason);
    let invoice = field::present(row.get(INVOICE), "reference_missing", "the line is of no invoice")
        .map_err(at(INVOICE))?;
    let kind = if invoice.starts_with('C') {
        SaleKind::CreditNote
    } else {
        SaleKind::Order
    };
    Ok(InvoiceLine {
        row: row.line,
        kind,
        invoice,
        sku: field::sku(row.get("StockCode")).map_err(at("StockCode"))?,
        description: row.get("Description").to_owned(),
        quantity: quantity(row.get("Quantity"), kind).map_err(at("Quantity"))?,
        at: field::time(row.get("InvoiceDate")).map_err(at("InvoiceDate"))?,
        unit_price: field::price(row.get("UnitPrice"), currency).map_err(at("UnitPrice"))?,
        customer: username_of(row.get("CustomerID")),
        country: field::present(row.get("Country"), "country_missing", "a sale has a country")
            .map_err(at("Country"))?,
    })
}

/// An order's quantity is above zero in the file, a cancellation's below.
fn quantity(text: &str, kind: SaleKind) -> Result<u32, FieldError> {
    let signed = field::integer(text)?;
    match (kind, signed) {
        (_, 0) => Err(FieldError::new(
            "quantity_zero",
            "a line is about at least one unit",
        )),
        (SaleKind::Order, ..0) => Err(FieldError::new(
            "negative_quantity_outside_cancellation",
            "units went out without a sale: a correction of the stock, not an order or a cancellation",
        )),
        (SaleKind::CreditNote, 1..) => Err(FieldError::new(
            "positive_quantity_in_cancellation",
            "a cancellation takes units back, so its quantity is below zero",
        )),
        (SaleKind::Order, 1..) => field::unsigned(signed),
        (SaleKind::CreditNote, ..0) => field::unsigned(signed.saturating_neg()),
    }
}

/// `customer-17850`; none if the line names no customer.
fn username_of(customer: &str) -> Option<String> {
    (!customer.is_empty()).then(|| format!("customer-{}", customer.to_lowercase()))
}

/// In a domain that RFC 2606 keeps free, so that no email can reach a stranger.
pub fn email_of(username: &str) -> String {
    format!("{username}@customers.example")
}
