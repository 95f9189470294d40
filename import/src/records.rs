//! What goes to the server, whatever file it came from, and the bodies that carry it.
//!
//! How a file's rows become these is `input`'s; what the server says to them is `upload`'s.

pub use bulk::{CategoryPath, Product, Variant};
use chrono::{DateTime, SecondsFormat, Utc};
use events::ids::{AccountId, Sku};
use events::money::Money;
use serde_json::{Value, json};

/// Somebody who bought, and who may claim the account by email later: there's no password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    pub username: String,
    pub email: Option<String>,
}

impl Customer {
    /// Of `POST /api/auth/register`.
    pub fn body(&self) -> Value {
        let mut body = json!({ "username": self.username });
        if let Some(email) = &self.email {
            body["email"] = json!(email);
        }
        body
    }
}

/// Whose sale it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaleCustomer {
    /// An account that the import registers, or finds.
    Username(String),
    /// An account that's there already.
    Account(AccountId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SaleKind {
    Order,
    CreditNote,
}

/// An order of the past, or a credit note.
#[derive(Debug, Clone, PartialEq)]
pub struct Sale {
    pub kind: SaleKind,
    /// Its number in the system it comes from.
    pub reference: String,
    pub at: DateTime<Utc>,
    pub customer: Option<SaleCustomer>,
    pub country: String,
    /// As the API's body has it: name, address, email.
    pub contact: Option<Value>,
    /// Of a credit note.
    pub reason: Option<String>,
    pub lines: Vec<SaleLine>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleLine {
    /// Where in the file.
    pub row: u64,
    pub sku: Sku,
    pub quantity: u32,
    pub unit_price: Money,
}

impl Sale {
    /// Of `POST /api/orders` or `POST /api/credit-notes`.
    pub fn body(&self, customer: Option<AccountId>) -> Value {
        let lines: Vec<Value> = self.lines.iter().map(SaleLine::body).collect();
        let at = self.at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let mut body = json!({
            "reference": self.reference,
            "country": self.country,
            "lines": lines,
        });
        let time_field = match self.kind {
            SaleKind::Order => "placed_at",
            SaleKind::CreditNote => "issued_at",
        };
        body[time_field] = json!(at);
        if let Some(customer) = customer {
            body["customer"] = json!(customer);
        }
        if let Some(contact) = &self.contact {
            body["contact"] = contact.clone();
        }
        if let Some(reason) = &self.reason {
            body["reason"] = json!(reason);
        }
        body
    }
}

impl SaleLine {
    fn body(&self) -> Value {
        json!({
            "sku": self.sku,
            "quantity": self.quantity,
            "unit_price": self.unit_price,
        })
    }
}

#[cfg(test)]
mod tests {
    use events::money::Currency;

    use super::*;

    #[test]
    fn a_sale_becomes_the_body_of_its_kind() {
        let mut sale = Sale {
            kind: SaleKind::Order,
            reference: "536365".to_owned(),
            at: "2010-12-01T08:26:00Z".parse().unwrap(),
            customer: None,
            country: "EIRE".to_owned(),
            contact: None,
            reason: None,
            lines: vec![SaleLine {
                row: 2,
                sku: Sku::new("85123A").unwrap(),
                quantity: 6,
                unit_price: Money::new(255, Currency::GBP),
            }],
        };
        let expected = json!({
            "placed_at": "2010-12-01T08:26:00Z",
            "reference": "536365",
            "country": "EIRE",
            "lines": [{"sku": "85123A", "quantity": 6,
                "unit_price": {"amount": "2.55", "currency": "GBP"}}],
        });
        assert_eq!(sale.body(None), expected);
        sale.kind = SaleKind::CreditNote;
        let customer = AccountId::generate();
        let body = sale.body(Some(customer));
        assert_eq!(body["issued_at"], "2010-12-01T08:26:00Z");
        assert_eq!(body["customer"], json!(customer));
        assert!(body.get("placed_at").is_none());
    }
}
