//! Facts about the category tree.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::CategoryId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CategoryCreated {
    pub category_id: CategoryId,
    pub parent: Option<CategoryId>,
    pub name: String,
    /// The name in a URL: lower-case letters, digits and dashes; unique in the shop.
    pub slug: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CategoryRenamed {
    pub category_id: CategoryId,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CategoryMoved {
    pub category_id: CategoryId,
    pub parent: Option<CategoryId>,
}

/// It takes no new products and no longer shows; what is in it stays reachable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CategoryArchived {
    pub category_id: CategoryId,
}

events! {
    /// What happens to a category.
    CategoryEvent {
        CategoryCreated = 1,
        CategoryRenamed = 1,
        CategoryMoved = 1,
        CategoryArchived = 1,
    }
}
