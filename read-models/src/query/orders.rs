//! Orders, newest first.

use chrono::{DateTime, Utc};
use events::ids::{AccountId, OrderId};
use sqlx::AnyConnection;

use super::one;
use super::statement::Statement;
use crate::orders::{Order, OrderStatus};
use crate::store::StoreError;

/// Which orders to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrderFilter {
    pub customer: Option<AccountId>,
    pub status: Option<OrderStatus>,
    /// Placed at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Placed before this time.
    pub to: Option<DateTime<Utc>>,
}

/// An order's place in the list.
pub type OrderPlace = (DateTime<Utc>, OrderId);

pub async fn order(conn: &mut AnyConnection, id: OrderId) -> Result<Option<Order>, StoreError> {
    one(conn, id).await
}

/// Up to `limit` orders that come after `after`, newest first.
pub async fn orders(
    conn: &mut AnyConnection,
    filter: OrderFilter,
    after: Option<OrderPlace>,
    limit: i64,
) -> Result<Vec<Order>, StoreError> {
    list(filter, after, limit).rows(conn).await
}

pub(super) fn list(filter: OrderFilter, after: Option<OrderPlace>, limit: i64) -> Statement {
    let mut statement = Statement::select::<Order>();
    statement.sql("1 = 1");
    if let Some(customer) = filter.customer {
        statement.sql(" AND customer = ").text(customer);
    }
    if let Some(status) = filter.status {
        statement.sql(" AND status = ").text(status.as_str());
    }
    if let Some(from) = filter.from {
        statement.sql(" AND placed_at >= ").int(from.timestamp_micros());
    }
    if let Some(to) = filter.to {
        statement.sql(" AND placed_at < ").int(to.timestamp_micros());
    }
    if let Some((placed_at, id)) = after {
        let placed_at = placed_at.timestamp_micros();
        statement
            .sql(" AND (placed_at, id) < (")
            .int(placed_at)
            .sql(", ")
            .text(id)
            .sql(")");
    }
    statement
        .sql(" ORDER BY placed_at DESC, id DESC LIMIT ")
        .int(limit);
    statement
}
