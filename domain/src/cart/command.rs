//! What can be asked of a cart.

use events::cart::CartItemSet;
use events::ids::{AccountId, OrderId, Sku};

#[derive(Debug, Clone)]
pub enum CartCommand {
    SetItem(CartItemSet),
    /// Removing what isn't there changes nothing.
    RemoveItem {
        account_id: AccountId,
        sku: Sku,
    },
    CheckOut {
        account_id: AccountId,
        order_id: OrderId,
    },
}
