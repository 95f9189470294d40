//! Payments, newest first.

use chrono::{DateTime, Utc};
use events::ids::{AccountId, PaymentId};
use sqlx::AnyConnection;

use super::one;
use super::statement::Statement;
use crate::payments::{Payment, PaymentStatus};
use crate::store::StoreError;

/// Which payments to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PaymentFilter {
    pub customer: Option<AccountId>,
    pub status: Option<PaymentStatus>,
}

/// A payment's place in the list.
pub type PaymentPlace = (DateTime<Utc>, PaymentId);

pub async fn payment(conn: &mut AnyConnection, id: PaymentId) -> Result<Option<Payment>, StoreError> {
    one(conn, id).await
}

/// Up to `limit` payments that come after `after`, newest first.
pub async fn payments(
    conn: &mut AnyConnection,
    filter: PaymentFilter,
    after: Option<PaymentPlace>,
    limit: i64,
) -> Result<Vec<Payment>, StoreError> {
    list(filter, after, limit).rows(conn).await
}

pub(super) fn list(filter: PaymentFilter, after: Option<PaymentPlace>, limit: i64) -> Statement {
    let mut statement = Statement::select::<Payment>();
    statement.sql("1 = 1");
    if let Some(customer) = filter.customer {
        statement.sql(" AND customer = ").text(customer);
    }
    if let Some(status) = filter.status {
        statement.sql(" AND status = ").text(status.as_str());
    }
    if let Some((created_at, id)) = after {
        let created_at = created_at.timestamp_micros();
        statement
            .sql(" AND (created_at, id) < (")
            .int(created_at)
            .sql(", ")
            .text(id)
            .sql(")");
    }
    statement
        .sql(" ORDER BY created_at DESC, id DESC LIMIT ")
        .int(limit);
    statement
}
