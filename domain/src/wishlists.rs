//! Use cases of wishlists.

use events::ids::{AccountId, ProductId};
use events::wishlist::WishlistItemAdded;

use crate::product::{Product, ProductError};
use crate::unit_of_work::{Decision, UnitOfWork};
use crate::wishlist::{Wishlist, WishlistCommand};

/// Puts a product that is in the catalogue on somebody's wishlist.
pub fn add_wishlist_item(work: &mut UnitOfWork, added: &WishlistItemAdded) -> Decision<()> {
    if !work.read::<Product>(added.product_id)?.is_listed() {
        return Err(ProductError::NotFound.into());
    }
    work.handle::<Wishlist>(added.account_id, WishlistCommand::Add(added.clone()))
}

/// Takes a product off it, also if it has left the catalogue by now.
pub fn remove_wishlist_item(
    work: &mut UnitOfWork,
    account_id: AccountId,
    product_id: ProductId,
) -> Decision<()> {
    let remove = WishlistCommand::Remove {
        account_id,
        product_id,
    };
    work.handle::<Wishlist>(account_id, remove)
}
