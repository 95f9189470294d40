//! API keys: one, to check it, and those of an account, the latest issued first.

use events::envelope::Position;
use events::ids::{AccountId, ApiKeyId};
use sqlx::AnyConnection;

use super::one;
use super::statement::Statement;
use crate::api_keys::ApiKey;
use crate::store::StoreError;

pub async fn api_key(conn: &mut AnyConnection, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
    one(conn, id).await
}

/// Up to `limit` keys of the account that were issued before the position `before`, revoked ones among them.
pub async fn api_keys(
    conn: &mut AnyConnection,
    account: AccountId,
    before: Option<Position>,
    limit: i64,
) -> Result<Vec<ApiKey>, StoreError> {
    list(account, before, limit).rows(conn).await
}

pub(super) fn list(account: AccountId, before: Option<Position>, limit: i64) -> Statement {
    let mut statement = Statement::select::<ApiKey>();
    statement.sql("account = ").text(account);
    if let Some(before) = before {
        statement.sql(" AND position < ").count(before);
    }
    statement.sql(" ORDER BY position DESC LIMIT ").int(limit);
    statement
}
