//! What can be asked of a wishlist.

use events::ids::{AccountId, ProductId};
use events::wishlist::WishlistItemAdded;

#[derive(Debug, Clone)]
pub enum WishlistCommand {
    /// Adding what is on it changes nothing.
    Add(WishlistItemAdded),
    /// Removing what isn't on it changes nothing.
    Remove {
        account_id: AccountId,
        product_id: ProductId,
    },
}
