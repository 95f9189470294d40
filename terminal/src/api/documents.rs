//! What the shop answers, as far as it is shown. Unknown fields are passed over: a newer shop may say more.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::Deserialize;

/// `{"amount": "12.50", "currency": "GBP"}`: shown, never calculated with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Money {
    pub amount: String,
    pub currency: String,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { amount, currency } = self;
        match currency.as_str() {
            "GBP" => write!(f, "£{amount}"),
            "EUR" => write!(f, "€{amount}"),
            "USD" => write!(f, "${amount}"),
            _ => write!(f, "{amount} {currency}"),
        }
    }
}

/// A page of a list.
#[derive(Debug, Clone, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next_cursor: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Product {
    pub id: String,
    pub name: String,
    pub description: String,
    pub variants: Vec<Variant>,
    pub average_rating: Option<f64>,
    #[serde(default)]
    pub review_count: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Variant {
    pub sku: String,
    pub options: BTreeMap<String, String>,
    pub price: Money,
    pub available: i64,
}

impl Variant {
    /// Such as `blue, L`; empty if there is nothing to choose.
    pub fn choice(&self) -> String {
        let options: Vec<_> = self.options.values().map(String::as_str).collect();
        options.join(", ")
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Cart {
    pub items: Vec<CartItem>,
    pub total: Money,
}

#[derive(Debug, Clone, Deserialize)]
pub struct CartItem {
    pub sku: String,
    /// Missing when the product is gone.
    pub name: Option<String>,
    pub quantity: u32,
    pub unit_price: Option<Money>,
    pub subtotal: Option<Money>,
    pub available: i64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Order {
    pub id: String,
    pub status: String,
    pub lines: Vec<OrderLine>,
    pub total: Money,
    pub refunded: Money,
    pub country: String,
    pub placed_at: DateTime<Utc>,
    pub paid_at: Option<DateTime<Utc>>,
    pub shipped_at: Option<DateTime<Utc>>,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub cancelled_at: Option<DateTime<Utc>>,
    pub cancel_reason: Option<String>,
    pub returned_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct OrderLine {
    pub sku: String,
    pub name: String,
    pub quantity: u32,
    pub returned: u32,
    pub unit_price: Money,
}

/// What came of placing an order.
#[derive(Debug, Clone, Deserialize)]
pub struct Placed {
    pub order_id: String,
    pub total: Money,
    pub paid: bool,
}

#[derive(Deserialize)]
pub struct Session {
    pub access_token: String,
    pub refresh_token: String,
}

/// An error answer (RFC 9457).
#[derive(Debug, Default, Deserialize)]
pub struct Problem {
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub title: String,
    pub detail: Option<String>,
    #[serde(default)]
    pub errors: Vec<FieldError>,
}

#[derive(Debug, Deserialize)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

impl fmt::Display for Problem {
    /// For people, in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = self.detail.as_deref().unwrap_or(match self.code.as_str() {
            "" => &self.title,
            code => code,
        });
        f.write_str(said)?;
        for FieldError { field, message } in &self.errors {
            if !said.contains(message.as_str()) {
                write!(f, "; {field}: {message}")?;
            }
        }
        Ok(())
    }
}
