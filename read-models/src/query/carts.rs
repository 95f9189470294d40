//! A cart with what the catalogue says of its items now.

use std::collections::BTreeMap;

use events::ids::{AccountId, GuestCartId, ProductId};
use sqlx::AnyConnection;

use super::one;
use super::statement::Statement;
use crate::carts::{Cart, CartItem};
use crate::guest_carts::GuestCart;
use crate::products::{Product, ProductDocument};
use crate::store::StoreError;

/// A cart, and those of its products that there are.
#[derive(Debug, Clone, PartialEq)]
pub struct PricedCart {
    pub items: Vec<CartItem>,
    pub products: BTreeMap<ProductId, ProductDocument>,
}

/// The account's cart; none if it's empty.
pub async fn cart(conn: &mut AnyConnection, account: AccountId) -> Result<Option<PricedCart>, StoreError> {
    let Some(cart) = one::<Cart>(conn, account).await? else {
        return Ok(None);
    };
    priced(conn, cart.items).await.map(Some)
}

/// The guest's cart that the token with this hash (SHA-256, in hex) opens; none if it opens none, or if it's empty.
pub async fn guest_cart(
    conn: &mut AnyConnection,
    id: GuestCartId,
    token_hash: &str,
) -> Result<Option<PricedCart>, StoreError> {
    let cart = one::<GuestCart>(conn, id).await?;
    let opened = cart.filter(|cart| cart.token_hash == token_hash && !cart.items.is_empty());
    let Some(cart) = opened else {
        return Ok(None);
    };
    priced(conn, cart.items).await.map(Some)
}

async fn priced(conn: &mut AnyConnection, items: Vec<CartItem>) -> Result<PricedCart, StoreError> {
    let products = products_in(&items).rows::<Product>(conn).await?;
    let by_id = |product: Product| (product.document.id, product.document);
    Ok(PricedCart {
        items,
        products: products.into_iter().map(by_id).collect(),
    })
}

/// The documents of the products that the items' SKUs are of; there is at least one item.
fn products_in(items: &[CartItem]) -> Statement {
    let mut statement = Statement::select::<Product>();
    statement.sql("id IN (");
    for (number, item) in items.iter().enumerate() {
        statement
            .sql(if number > 0 { ", " } else { "" })
            .text(item.product_id);
    }
    statement.sql(")");
    statement
}
