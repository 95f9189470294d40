//! One product as a file has it: to bring in, and taken out.

use std::collections::BTreeMap;

use events::ids::{CategoryId, Sku};
use events::money::Money;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::CategoryPath;

/// A product to bring in. What is empty says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Where in the file; none if it's drawn from many rows.
    pub rows: Vec<u64>,
    pub name: String,
    pub description: String,
    pub category: Option<CategoryPath>,
    /// Such as its author. Those that aren't named stay as they are.
    pub attributes: BTreeMap<String, String>,
    pub variants: Vec<Variant>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    pub sku: Sku,
    pub options: BTreeMap<String, String>,
    pub price: Money,
    /// Units on the shelf; `None` if the file says nothing of them.
    pub quantity: Option<u32>,
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
            "attributes": self.attributes,
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
            "quantity": self.quantity.unwrap_or(0),
        })
    }
}

/// A product that was taken out. It has no id: in another shop it gets another one. What ties the rows of one product
/// together in CSV is its first SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedProduct {
    pub name: String,
    pub description: String,
    /// Such as `garden/lights`, by the slugs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// In the order of the SKUs.
    pub variants: Vec<ExportedVariant>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedVariant {
    pub sku: Sku,
    pub options: BTreeMap<String, String>,
    pub price: Money,
    /// What can be bought: units promised to orders belong to those.
    pub quantity: u64,
}
