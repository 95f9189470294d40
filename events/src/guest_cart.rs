//! Facts about the cart of somebody who isn't logged in. It is found by a token of which only the hash stands here, and it
//! holds nothing personal.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::{AccountId, GuestCartId, ProductId, Sku};

/// Somebody without an account has begun to fill a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GuestCartStarted {
    pub cart_id: GuestCartId,
    /// SHA-256 of the token, in hex.
    pub token_hash: String,
    pub started_at: DateTime<Utc>,
    /// When it is given up unless its owner has logged in by then.
    pub expires_at: DateTime<Utc>,
}

/// The cart holds `quantity` of the SKU from now on, whatever it held before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GuestCartItemSet {
    pub cart_id: GuestCartId,
    pub sku: Sku,
    pub product_id: ProductId,
    pub quantity: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GuestCartItemRemoved {
    pub cart_id: GuestCartId,
    pub sku: Sku,
}

/// Its owner has logged in or registered: what was in it is in the account's cart, by the events of the same append. The
/// token is spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GuestCartMerged {
    pub cart_id: GuestCartId,
    pub account_id: AccountId,
    pub merged_at: DateTime<Utc>,
}

/// Nobody has come back for it in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GuestCartExpired {
    pub cart_id: GuestCartId,
    pub expired_at: DateTime<Utc>,
}

events! {
    /// What happens to a guest's cart.
    GuestCartEvent {
        GuestCartStarted = 1,
        GuestCartItemSet = 1,
        GuestCartItemRemoved = 1,
        GuestCartMerged = 1,
        GuestCartExpired = 1,
    }
}

impl GuestCartEvent {
    pub fn cart_id(&self) -> GuestCartId {
        match self {
            Self::GuestCartStarted(e) => e.cart_id,
            Self::GuestCartItemSet(e) => e.cart_id,
            Self::GuestCartItemRemoved(e) => e.cart_id,
            Self::GuestCartMerged(e) => e.cart_id,
            Self::GuestCartExpired(e) => e.cart_id,
        }
    }
}
