//! A wallet's balances, and its entries, newest first.

use events::envelope::Position;
use events::ids::AccountId;
use sqlx::AnyConnection;

use super::statement::Statement;
use crate::store::StoreError;
use crate::wallet_entries::WalletEntry;
use crate::wallets::Wallet;

/// One wallet per currency, in the order of the currencies.
pub async fn balances(conn: &mut AnyConnection, account: AccountId) -> Result<Vec<Wallet>, StoreError> {
    let mut statement = Statement::select::<Wallet>();
    statement.sql("account = ").text(account);
    statement.sql(" ORDER BY currency");
    statement.rows(conn).await
}

/// Up to `limit` entries of all currencies from before the position `before`, newest first.
pub async fn entries(
    conn: &mut AnyConnection,
    account: AccountId,
    before: Option<Position>,
    limit: i64,
) -> Result<Vec<WalletEntry>, StoreError> {
    list(account, before, limit).rows(conn).await
}

pub(super) fn list(account: AccountId, before: Option<Position>, limit: i64) -> Statement {
    let mut statement = Statement::select::<WalletEntry>();
    statement.sql("account = ").text(account);
    if let Some(before) = before {
        statement.sql(" AND position < ").count(before);
    }
    statement.sql(" ORDER BY position DESC LIMIT ").int(limit);
    statement
}
