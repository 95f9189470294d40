//! What a person bought, sold and offers: sums by key, and the lines behind them, newest first.

use events::envelope::Position;
use events::ids::AccountId;
use sqlx::AnyConnection;

use super::statement::Statement;
use crate::products::Product;
use crate::store::StoreError;
use crate::trade_entries::{Side, TradeEntry};
use crate::trades::Trades;
use crate::unsold::Unsold;

/// One row per currency, in the order of the currencies.
pub async fn trades(conn: &mut AnyConnection, account: AccountId) -> Result<Vec<Trades>, StoreError> {
    let mut statement = Statement::select::<Trades>();
    statement.sql("account = ").text(account);
    statement.sql(" ORDER BY currency");
    statement.rows(conn).await
}

/// One row per currency, in the order of the currencies.
pub async fn unsold(conn: &mut AnyConnection, seller: AccountId) -> Result<Vec<Unsold>, StoreError> {
    let mut statement = Statement::select::<Unsold>();
    statement.sql("seller = ").text(seller);
    statement.sql(" ORDER BY currency");
    statement.rows(conn).await
}

/// Up to `limit` lines from before a line of an event.
pub async fn entries(
    conn: &mut AnyConnection,
    account: AccountId,
    side: Side,
    before: Option<(Position, u64)>,
    limit: i64,
) -> Result<Vec<TradeEntry>, StoreError> {
    let mut statement = Statement::select::<TradeEntry>();
    statement.sql("account = ").text(account);
    statement.sql(" AND side = ").text(side.as_str());
    if let Some((position, line)) = before {
        statement.sql(" AND (position, line) < (").count(position);
        statement.sql(", ").count(line).sql(")");
    }
    statement
        .sql(" ORDER BY position DESC, line DESC LIMIT ")
        .int(limit);
    statement.rows(conn).await
}

/// A product's place among its owner's.
pub type OwnedPlace = (chrono::DateTime<chrono::Utc>, events::ids::ProductId);

/// Up to `limit` products of an owner: on sale with units to buy, or off sale. The latest added first.
pub async fn owned(
    conn: &mut AnyConnection,
    owner: AccountId,
    on_sale: bool,
    after: Option<OwnedPlace>,
    limit: i64,
) -> Result<Vec<Product>, StoreError> {
    let mut statement = Statement::select::<Product>();
    statement.sql("seller = ").text(owner);
    statement.sql(if on_sale {
        " AND status = 'active' AND available > 0"
    } else {
        " AND status = 'archived'"
    });
    if let Some((added_at, id)) = after {
        statement
            .sql(" AND (added_at, id) < (")
            .int(added_at.timestamp_micros());
        statement.sql(", ").text(id).sql(")");
    }
    statement
        .sql(" ORDER BY added_at DESC, id DESC LIMIT ")
        .int(limit);
    statement.rows(conn).await
}
