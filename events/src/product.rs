//! Facts about products and their variants. How many there are is stock's to tell.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::{AccountId, CategoryId, OrderId, ProductId, Sku};
use crate::image::{ImageAdded, ImageDescribed, ImageMoved, ImageProcessed, ImageRejected, ImageRemoved};
use crate::money::Money;

/// One form in which a product is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Variant {
    pub sku: Sku,
    /// Such as `size: M`, `colour: red`; empty when the product comes in one form.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    pub price: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductAdded {
    pub product_id: ProductId,
    /// Whose it is; the shop's own if missing.
    pub seller: Option<AccountId>,
    pub name: String,
    pub description: String,
    pub category: Option<CategoryId>,
    /// At least one.
    pub variants: Vec<Variant>,
    pub added_at: DateTime<Utc>,
}

/// There is one unit of it and no other: who buys it becomes the owner of the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OneOfAKindDeclared {
    pub product_id: ProductId,
}

/// Its owner has taken it off sale, and can put it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductArchived {
    pub product_id: ProductId,
}

/// It is on sale again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductActivated {
    pub product_id: ProductId,
}

/// It was sold, or a sale was taken back: it belongs to another, and is off sale until they list it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnershipMoved {
    pub product_id: ProductId,
    pub from: AccountId,
    pub to: AccountId,
    pub order_id: OrderId,
    pub moved_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductDetailsChanged {
    pub product_id: ProductId,
    pub name: String,
    pub description: String,
    pub category: Option<CategoryId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VariantAdded {
    pub product_id: ProductId,
    pub variant: Variant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VariantPriceChanged {
    pub product_id: ProductId,
    pub sku: Sku,
    pub price: Money,
}

/// What tells the variant from the others is another from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VariantOptionsChanged {
    pub product_id: ProductId,
    pub sku: Sku,
    pub options: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VariantRemoved {
    pub product_id: ProductId,
    pub sku: Sku,
}

/// What else there is to tell of it, such as a book's `author` and `isbn`: all of it, not only what is new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductAttributesChanged {
    pub product_id: ProductId,
    pub attributes: BTreeMap<String, String>,
}

/// It can no longer be found or bought; orders that hold it keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductRemoved {
    pub product_id: ProductId,
}

events! {
    /// What happens to a product.
    ProductEvent {
        ProductAdded = 1,
        ProductDetailsChanged = 1,
        VariantAdded = 1,
        VariantPriceChanged = 1,
        VariantRemoved = 1,
        ProductRemoved = 1,
        OneOfAKindDeclared = 1,
        ProductArchived = 1,
        ProductActivated = 1,
        OwnershipMoved = 1,
        VariantOptionsChanged = 1,
        ProductAttributesChanged = 1,
        ImageAdded = 1,
        ImageProcessed = 1,
        ImageRejected = 1,
        ImageDescribed = 1,
        ImageMoved = 1,
        ImageRemoved = 1,
    }
}
