//! What happened to one product or order, in the order in which it happened.

use events::envelope::Position;
use events::ids::{OrderId, ProductId};
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

/// Up to `limit` entries of a product's history after the position `after`.
pub async fn of_product(
    conn: &mut AnyConnection,
    id: ProductId,
    after: Position,
    limit: i64,
) -> Result<Vec<ProductEntry>, StoreError> {
    list::<ProductEntry>("product_id", &id.to_string(), after, limit)
        .rows(conn)
        .await
}

pub(super) fn list<R: Record>(key: &'static str, id: &str, after: Position, limit: i64) -> Statement {
    let mut statement = Statement::select::<R>();
    statement.sql(key).sql(" = ").text(id);
    statement.sql(" AND position > ").count(after);
    statement.sql(" ORDER BY position LIMIT ").int(limit);
    statement
}
