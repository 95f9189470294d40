//! What happened to one product or order, in the order in which it happened.

use events::envelope::Position;
use events::ids::{OrderId, ProductId, Sku};
use sqlx::AnyConnection;

use super::statement::Statement;
use crate::order_history::OrderEntry;
use crate::product_history::ProductEntry;
use crate::record::Record;
use crate::store::StoreError;

/// Up to `limit` entries of an order's history after the position `after`.
pub async fn of_order(
    conn: &mut AnyConnection,
    id: OrderId,
    after: Position,
    limit: i64,
) -> Result<Vec<OrderEntry>, StoreError> {
    list::<OrderEntry>("order_id", &id.to_string(), after, limit)
        .rows(conn)
        .await
}

/// Up to `limit` entries of a product's history after the position `after`; of one SKU alone, if it is given.
pub async fn of_product(
    conn: &mut AnyConnection,
    id: ProductId,
    sku: Option<&Sku>,
    after: Position,
    limit: i64,
) -> Result<Vec<ProductEntry>, StoreError> {
    product_list(id, sku, after, limit).rows(conn).await
}

pub(super) fn product_list(id: ProductId, sku: Option<&Sku>, after: Position, limit: i64) -> Statement {
    let Some(sku) = sku else {
        return list::<ProductEntry>("product_id", &id.to_string(), after, limit);
    };
    let mut statement = Statement::select::<ProductEntry>();
    statement
        .sql("product_id = ")
        .text(id)
        .sql(" AND sku = ")
        .text(sku);
    statement.sql(" AND position > ").count(after);
    statement.sql(" ORDER BY position LIMIT ").int(limit);
    statement
}

pub(super) fn list<R: Record>(key: &'static str, id: &str, after: Position, limit: i64) -> Statement {
    let mut statement = Statement::select::<R>();
    statement.sql(key).sql(" = ").text(id);
    statement.sql(" AND position > ").count(after);
    statement.sql(" ORDER BY position LIMIT ").int(limit);
    statement
}
