//! A cart with what the catalogue says of its items now.

use std::collections::BTreeMap;

use events::ids::{AccountId, ProductId};
use sqlx::AnyConnection;

use super::one;
use super::statement::Statement;
use crate::carts::Cart;
use crate::products::{Product, ProductDocument};
use crate::store::StoreError;

/// A cart, and those of its products that there are.
#[derive(Debug, Clone, PartialEq)]
pub struct PricedCart {
    pub cart: Cart,
    pub products: BTreeMap<ProductId, ProductDocument>,
}

/// The account's cart; none if it's empty.
pub async fn cart(conn: &mut AnyConnection, account: AccountId) -> Result<Option<PricedCart>, StoreError> {
    let Some(cart) = one::<Cart>(conn, account).await? else {
        return Ok(None);
    };
    let products = products_in(&cart).rows::<Product>(conn).await?;
    let by_id = |product: Product| (product.document.id, product.document);
    Ok(Some(PricedCart {
        cart,
        products: products.into_iter().map(by_id).collect(),
    }))
}

/// The documents of the products that the cart's SKUs are of; the cart has at least one item.
pub(super) fn products_in(cart: &Cart) -> Statement {
    let mut statement = Statement::select::<Product>();
    statement.sql("id IN (");
    for (number, item) in cart.items.iter().enumerate() {
        statement
            .sql(if number > 0 { ", " } else { "" })
            .text(item.product_id);
    }
    statement.sql(")");
    statement
}
