//! Accounts, newest first.

use chrono::{DateTime, Utc};
use events::account::Role;
use events::ids::AccountId;
use sqlx::AnyConnection;

use super::one;
use super::statement::Statement;
use crate::accounts::Account;
use crate::store::StoreError;

/// An account's place in the list.
pub type AccountPlace = (DateTime<Utc>, AccountId);

pub async fn account(conn: &mut AnyConnection, id: AccountId) -> Result<Option<Account>, StoreError> {
    one(conn, id).await
}

/// Up to `limit` accounts that come after `after`, newest first: all, or those with a role.
pub async fn accounts(
    conn: &mut AnyConnection,
    role: Option<Role>,
    after: Option<AccountPlace>,
    limit: i64,
) -> Result<Vec<Account>, StoreError> {
    list(role, after, limit).rows(conn).await
}

pub(super) fn list(role: Option<Role>, after: Option<AccountPlace>, limit: i64) -> Statement {
    let mut statement = Statement::select::<Account>();
    statement.sql("1 = 1");
    if let Some(role) = role {
        // A JSON list of words, each in its quotes.
        statement
            .sql(" AND roles LIKE ")
            .text(format_args!("%\"{role}\"%"));
    }
    if let Some((registered_at, id)) = after {
        let registered_at = registered_at.timestamp_micros();
        statement
            .sql(" AND (registered_at, id) < (")
            .int(registered_at)
            .sql(", ")
            .text(id)
            .sql(")");
    }
    statement
        .sql(" ORDER BY registered_at DESC, id DESC LIMIT ")
        .int(limit);
    statement
}
