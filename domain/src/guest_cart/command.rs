//! What can be asked of a guest's cart. A token comes as its SHA-256 in hex, never as itself.

use chrono::{DateTime, Utc};
use events::guest_cart::{GuestCartItemSet, GuestCartStarted};
use events::ids::{AccountId, Sku};

/// How somebody shows that the cart is theirs, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    pub token_hash: String,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub enum GuestCartCommand {
    Start(GuestCartStarted),
    SetItem {
        presented: Presented,
        set: GuestCartItemSet,
    },
    /// Removing what isn't there changes nothing.
    RemoveItem {
        presented: Presented,
        sku: Sku,
    },
    /// What was in it goes into the account's cart, which is the use case's to do.
    Merge {
        presented: Presented,
        account_id: AccountId,
    },
    /// Its time has come. Expiring what is over, or what has time left, changes nothing.
    Expire {
        at: DateTime<Utc>,
    },
}
