//! What can be asked of a product.

use events::ids::{CategoryId, Sku};
use events::money::Money;
use events::product::{ProductAdded, Variant};
use serde::{Deserialize, Serialize};

/// What people read of a product.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    pub name: String,
    pub description: String,
    pub category: Option<CategoryId>,
}

#[derive(Debug, Clone)]
pub enum ProductCommand {
    Add(ProductAdded),
    ChangeDetails(Details),
    AddVariant(Variant),
    ChangePrice { sku: Sku, price: Money },
    RemoveVariant { sku: Sku },
    Remove,
}
