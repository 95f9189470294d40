//! Orphans, the last movement first.

use chrono::{DateTime, Utc};
use events::ids::OrphanId;
use sqlx::AnyConnection;

use super::one;
use super::statement::Statement;
use crate::orphans::{Orphan, OrphanStatus};
use crate::store::StoreError;

/// An orphan's place in the list.
pub type OrphanPlace = (DateTime<Utc>, OrphanId);

pub async fn orphan(conn: &mut AnyConnection, id: OrphanId) -> Result<Option<Orphan>, StoreError> {
    one(conn, id).await
}

/// Up to `limit` orphans that come after `after`, the last movement first.
pub async fn orphans(
    conn: &mut AnyConnection,
    status: Option<OrphanStatus>,
    after: Option<OrphanPlace>,
    limit: i64,
) -> Result<Vec<Orphan>, StoreError> {
    list(status, after, limit).rows(conn).await
}

pub(super) fn list(status: Option<OrphanStatus>, after: Option<OrphanPlace>, limit: i64) -> Statement {
    let mut statement = Statement::select::<Orphan>();
    statement.sql("1 = 1");
    if let Some(status) = status {
        statement.sql(" AND status = ").text(status.as_str());
    }
    if let Some((moved_at, id)) = after {
        let moved_at = moved_at.timestamp_micros();
        statement
            .sql(" AND (moved_at, id) < (")
            .int(moved_at)
            .sql(", ")
            .text(id)
            .sql(")");
    }
    statement
        .sql(" ORDER BY moved_at DESC, id DESC LIMIT ")
        .int(limit);
    statement
}
