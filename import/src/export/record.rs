//! From the query API's documents to what the import reads.

use std::collections::BTreeMap;

use bulk::{ExportedProduct, ExportedVariant};
use chrono::{DateTime, Utc};
use events::ids::{AccountId, CategoryId, Sku};
use events::money::Money;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::categories::Categories;
use crate::error::ImportError;
use crate::options::ExportKind;

/// One product or order, in the import's shape.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Exported {
    Product(ExportedProduct),
    Order(ExportedOrder),
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExportedOrder {
    pub reference: String,
    pub placed_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<AccountId>,
    pub country: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Value>,
    pub lines: Vec<ExportedLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedLine {
    pub sku: Sku,
    pub quantity: u32,
    pub unit_price: Money,
}

/// A product as the API answers it; other members don't matter here.
#[derive(Deserialize)]
struct ProductAnswer {
    name: String,
    #[serde(default)]
    description: String,
    category: Option<CategoryId>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    variants: Vec<VariantAnswer>,
}

#[derive(Deserialize)]
struct VariantAnswer {
    sku: Sku,
    #[serde(default)]
    options: BTreeMap<String, String>,
    price: Money,
    available: u64,
}

#[derive(Deserialize)]
struct OrderAnswer {
    id: String,
    status: String,
    reference: Option<String>,
    placed_at: DateTime<Utc>,
    customer: Option<AccountId>,
    country: String,
    #[serde(default)]
    contact: Value,
    lines: Vec<ExportedLine>,
}

/// `None` for an order that is no sale.
pub fn read(
    kind: ExportKind,
    item: &Value,
    categories: &Categories,
) -> Result<Option<Exported>, ImportError> {
    let wrong = |error: serde_json::Error| ImportError::Answer {
        doing: format!("the export's query, about {}", item["id"]),
        reason: error.to_string(),
    };
    match kind {
        ExportKind::Products => {
            let answer = ProductAnswer::deserialize(item).map_err(wrong)?;
            Ok(Some(Exported::Product(product(answer, categories))))
        }
        ExportKind::Orders => {
            let answer = OrderAnswer::deserialize(item).map_err(wrong)?;
            Ok(order(answer).map(Exported::Order))
        }
    }
}

fn product(answer: ProductAnswer, categories: &Categories) -> ExportedProduct {
    let variant = |variant: VariantAnswer| ExportedVariant {
        sku: variant.sku,
        options: variant.options,
        price: variant.price,
        quantity: variant.available,
    };
    let mut variants: Vec<_> = answer.variants.into_iter().map(variant).collect();
    variants.sort_by(|a, b| a.sku.cmp(&b.sku));
    ExportedProduct {
        name: answer.name,
        description: answer.description,
        category: answer.category.and_then(|id| categories.path_of(id)),
        attributes: answer.attributes,
        variants,
    }
}

fn order(answer: OrderAnswer) -> Option<ExportedOrder> {
    if matches!(answer.status.as_str(), "awaiting_payment" | "cancelled") {
        return None;
    }
    Some(ExportedOrder {
        reference: answer.reference.unwrap_or(answer.id),
        placed_at: answer.placed_at,
        customer: answer.customer,
        country: answer.country,
        contact: contact(answer.contact),
        lines: answer.lines,
    })
}

/// Without what isn't known.
fn contact(contact: Value) -> Option<Value> {
    let Value::Object(mut members) = contact else {
        return None;
    };
    members.retain(|_, value| value.as_str().is_some_and(|text| !text.is_empty()));
    (!members.is_empty()).then_some(Value::Object(members))
}
