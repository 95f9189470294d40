//! A wishlist with what the catalogue says of its products now, the latest added first.

use events::envelope::Position;
use events::ids::AccountId;
use sqlx::AnyConnection;

use super::statement::Statement;
use crate::products::{Product, ProductDocument};
use crate::store::{self, StoreError};
use crate::table::Of;
use crate::wishlists::WishlistItem;

/// A product that somebody wishes for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    pub item: WishlistItem,
    /// None if it isn't there any more.
    pub product: Option<ProductDocument>,
}

/// Up to `limit` items of the account that were added before the position `before`.
pub async fn wishes(
    conn: &mut AnyConnection,
    account: AccountId,
    before: Option<Position>,
    limit: i64,
) -> Result<Vec<Wish>, StoreError> {
    let items: Vec<WishlistItem> = list(account, before, limit).rows(conn).await?;
    let ids: Vec<_> = items.iter().map(|item| item.product_id).collect();
    let mut products = store::load::<Product>(conn, Of::Serving, &ids).await?;
    let wish = |item: WishlistItem| Wish {
        product: products.remove(&item.product_id).map(|product| product.document),
        item,
    };
    Ok(items.into_iter().map(wish).collect())
}

pub(super) fn list(account: AccountId, before: Option<Position>, limit: i64) -> Statement {
    let mut statement = Statement::select::<WishlistItem>();
    statement.sql("account = ").text(account);
    if let Some(before) = before {
        statement.sql(" AND position < ").count(before);
    }
    statement.sql(" ORDER BY position DESC LIMIT ").int(limit);
    statement
}
