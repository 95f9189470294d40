//! Facts about a person's wishlist. It holds products; names, prices and stock are the catalogue's.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::{AccountId, ProductId};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WishlistItemAdded {
    pub account_id: AccountId,
    pub product_id: ProductId,
    pub added_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WishlistItemRemoved {
    pub account_id: AccountId,
    pub product_id: ProductId,
}

events! {
    /// What happens to a wishlist.
    WishlistEvent {
        WishlistItemAdded = 1,
        WishlistItemRemoved = 1,
    }
}
