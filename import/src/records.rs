//! What goes to the server, whatever file it came from, and the bodies that carry it.
//!
//! How a file's rows become these is `input`'s; what the server says to them is `upload`'s.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use events::ids::{AccountId, CategoryId, Sku};
use events::money::Money;
use serde_json::{Value, json};

/// A place in the category tree, from the top, by the names given in the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CategoryPath(Vec<String>);

impl CategoryPath {
    /// Reads `garden/lights`; `None` if a step is empty or has no letter or digit.
    pub fn parse(text: &str) -> Option<Self> {
        let steps: Vec<String> = text.split('/').map(|step| step.trim().to_owned()).collect();
        steps
            .iter()
            .all(|step| !slug(step).is_empty())
            .then_some(Self(steps))
    }

    /// Every path from the top down to this, with this last.
    pub fn ancestry(&self) -> impl Iterator<Item = Self> {
        (1..=self.0.len()).map(|depth| Self(self.0[..depth].to_vec()))
    }

    pub fn parent(&self) -> Option<Self> {
        let above = &self.0[..self.0.len() - 1]; // proof: `parse` gives at least one step
        (!above.is_empty()).then(|| Self(above.to_vec()))
    }

    /// The last step as the file has it.
    pub fn name(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// The last step's slug.
    pub fn slug(&self) -> String {
        slug(self.name())
    }

    /// All the steps in one slug, for when the last step's alone belongs to another branch.
    pub fn long_slug(&self) -> String {
        self.0.iter().map(|step| slug(step)).collect::<Vec<_>>().join("-")
    }

    /// The slugs of all steps: what makes two paths the same.
    pub fn key(&self) -> String {
        self.0.iter().map(|step| slug(step)).collect::<Vec<_>>().join("/")
    }
}

/// Lower case letters and digits of ASCII, with single hyphens for everything between.
fn slug(text: &str) -> String {
    let lowered = text.to_ascii_lowercase();
    lowered
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Where in the file; none if it's drawn from many rows.
    pub rows: Vec<u64>,
    pub name: String,
    pub description: String,
    pub category: Option<CategoryPath>,
    pub variants: Vec<Variant>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    pub sku: Sku,
    pub options: BTreeMap<String, String>,
    pub price: Money,
    /// Units on the shelf from the start.
    pub quantity: u32,
}

impl Product {
    /// As messages name it: its first SKU.
    pub fn label(&self) -> &str {
        self.variants.first().map_or("", |variant| variant.sku.as_str())
    }

    /// Of `POST /api/products`.
    pub fn body(&self, category: Option<CategoryId>) -> Value {
        let variants: Vec<Value> = self.variants.iter().map(Variant::body).collect();
        let mut body = json!({
            "name": self.name,
            "description": self.description,
            "variants": variants,
        });
        if let Some(category) = category {
            body["category"] = json!(category);
        }
        body
    }
}

impl Variant {
    fn body(&self) -> Value {
        json!({
            "sku": self.sku,
            "options": self.options,
            "price": self.price,
            "quantity": self.quantity,
        })
    }
}

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
    fn a_category_path_has_slugs_and_ancestors() {
        let path = CategoryPath::parse("Home & Garden / T-Lights").unwrap();
        assert_eq!(path.slug(), "t-lights");
        assert_eq!(path.long_slug(), "home-garden-t-lights");
        assert_eq!(path.key(), "home-garden/t-lights");
        assert_eq!(path.name(), "T-Lights");
        let names: Vec<String> = path.ancestry().map(|step| step.key()).collect();
        assert_eq!(names, ["home-garden", "home-garden/t-lights"]);
        assert_eq!(path.parent().unwrap().parent(), None);
        assert_eq!(CategoryPath::parse("a//b"), None);
        assert_eq!(CategoryPath::parse("&"), None);
    }

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
