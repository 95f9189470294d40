//! What can be asked of a product.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use events::ids::{AccountId, CategoryId, OrderId, Sku};
use events::money::Money;
use events::product::{ProductAdded, Variant};
use serde::{Deserialize, Serialize};

use super::images::ImageCommand;

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
    ChangePrice {
        sku: Sku,
        price: Money,
    },
    /// Of each of these variants, all its options. What is the same stays; the others change together, so that
    /// two variants can swap theirs.
    ChangeOptions(BTreeMap<Sku, BTreeMap<String, String>>),
    /// All of them. Does nothing if they are these.
    ChangeAttributes(BTreeMap<String, String>),
    RemoveVariant {
        sku: Sku,
    },
    /// Before anything else happens to it: there is one unit of one variant.
    DeclareOneOfAKind,
    /// Takes it off sale. Does nothing if it is.
    Archive,
    /// Puts it on sale again. Does nothing if it is.
    Activate,
    /// The buyer of a one-of-a-kind becomes its owner, or gives it back.
    MoveOwnership {
        to: AccountId,
        order_id: OrderId,
        at: DateTime<Utc>,
    },
    /// About one of its images.
    Image(ImageCommand),
    Remove,
}
