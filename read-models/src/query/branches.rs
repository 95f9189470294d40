//! Branches, the latest registered first.

use chrono::{DateTime, Utc};
use events::ids::BranchId;
use sqlx::AnyConnection;

use super::one;
use super::statement::Statement;
use crate::branches::Branch;
use crate::store::StoreError;

/// A branch's place in the list.
pub type BranchPlace = (DateTime<Utc>, BranchId);

pub async fn branch(conn: &mut AnyConnection, id: BranchId) -> Result<Option<Branch>, StoreError> {
    one(conn, id).await
}

/// Up to `limit` branches that come after `after`, newest first.
pub async fn branches(
    conn: &mut AnyConnection,
    after: Option<BranchPlace>,
    limit: i64,
) -> Result<Vec<Branch>, StoreError> {
    list(after, limit).rows(conn).await
}

pub(super) fn list(after: Option<BranchPlace>, limit: i64) -> Statement {
    let mut statement = Statement::select::<Branch>();
    statement.sql("1 = 1");
    if let Some((registered_at, id)) = after {
        statement
            .sql(" AND (registered_at, id) < (")
            .int(registered_at.timestamp_micros())
            .sql(", ")
            .text(id)
            .sql(")");
    }
    statement
        .sql(" ORDER BY registered_at DESC, id DESC LIMIT ")
        .int(limit);
    statement
}
