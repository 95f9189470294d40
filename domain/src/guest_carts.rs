//! Use cases of carts without an account: filling one, and what becomes of it when its owner logs in or registers.

use chrono::{DateTime, Utc};
use events::account::Role;
use events::cart::CartItemSet;
use events::guest_cart::{GuestCartItemSet, GuestCartStarted};
use events::ids::{AccountId, GuestCartId, Sku};

use crate::account::Account;
use crate::cart::{Cart, CartCommand, ITEMS_MAX, QUANTITY_MAX};
use crate::checkout::on_sale;
use crate::guest_cart::{GuestCart, GuestCartCommand, Presented};
use crate::unit_of_work::{Decision, UnitOfWork};

/// A guest with a token, at a moment.
#[derive(Debug, Clone)]
pub struct Guest {
    pub cart_id: GuestCartId,
    pub presented: Presented,
}

/// Somebody without a cart puts the first thing into one.
pub fn start(work: &mut UnitOfWork, started: &GuestCartStarted, sku: &Sku, quantity: u32) -> Decision<()> {
    let guest = Guest {
        cart_id: started.cart_id,
        presented: Presented {
            token_hash: started.token_hash.clone(),
            at: started.started_at,
        },
    };
    work.handle::<GuestCart>(started.cart_id, GuestCartCommand::Start(started.clone()))?;
    set_item(work, &guest, sku, quantity)
}

/// Puts a SKU into the guest's cart, or changes how many of it.
pub fn set_item(work: &mut UnitOfWork, guest: &Guest, sku: &Sku, quantity: u32) -> Decision<()> {
    let (product_id, _) = on_sale(work, sku)?;
    let set = GuestCartItemSet {
        cart_id: guest.cart_id,
        sku: sku.clone(),
        product_id,
        quantity,
    };
    let presented = guest.presented.clone();
    work.handle::<GuestCart>(guest.cart_id, GuestCartCommand::SetItem { presented, set })
}

pub fn remove_item(work: &mut UnitOfWork, guest: &Guest, sku: &Sku) -> Decision<()> {
    let (presented, sku) = (guest.presented.clone(), sku.clone());
    work.handle::<GuestCart>(guest.cart_id, GuestCartCommand::RemoveItem { presented, sku })
}

/// Puts what is in the guest's cart into the account's, and spends the token: whether it did. Nothing happens if the token
/// opens no cart, since nobody is kept from logging in by an old token; or if the account is none that buys.
///
/// Quantities of the same SKU are added up, to [`QUANTITY_MAX`] at most. What the account's cart has no room for, with its
/// [`ITEMS_MAX`] SKUs, stays behind.
pub fn merge(work: &mut UnitOfWork, guest: &Guest, account_id: AccountId) -> Decision<bool> {
    let cart = work.read::<GuestCart>(guest.cart_id)?;
    let buys = work
        .read::<Account>(account_id)?
        .roles()
        .contains(&Role::Customer);
    if !buys || !cart.is_opened_by(&guest.presented) {
        return Ok(false);
    }
    for (sku, item) in cart.items() {
        let own = work.read::<Cart>(account_id)?;
        let held = own.items().get(sku).copied();
        if held.is_none() && own.items().len() >= ITEMS_MAX {
            continue;
        }
        let quantity = held.unwrap_or(0).saturating_add(item.quantity).min(QUANTITY_MAX);
        let set = CartItemSet {
            account_id,
            sku: sku.clone(),
            product_id: item.product_id,
            quantity,
        };
        work.handle::<Cart>(account_id, CartCommand::SetItem(set))?;
    }
    let presented = guest.presented.clone();
    work.handle::<GuestCart>(
        guest.cart_id,
        GuestCartCommand::Merge {
            presented,
            account_id,
        },
    )?;
    Ok(true)
}

/// Gives up a cart that nobody came back for.
pub fn expire(work: &mut UnitOfWork, cart_id: GuestCartId, at: DateTime<Utc>) -> Decision<()> {
    work.handle::<GuestCart>(cart_id, GuestCartCommand::Expire { at })
}
