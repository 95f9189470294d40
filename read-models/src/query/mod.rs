//! What is read for answers: single rows, and lists by keyset, each with one statement that every
//! database understands.
//!
//! Everything reads from a [`Snapshot`], so that rows and the position they reflect belong
//! together. Who may see what, and how it looks as JSON, is `query-api`'s business.

pub mod accounts;
pub mod analytics;
pub mod api_keys;
pub mod branches;
pub mod carts;
pub mod categories;
pub mod daily_reports;
pub mod dashboard;
pub mod exports;
pub mod facets;
pub mod history;
pub mod images;
pub mod orders;
pub mod orphans;
pub mod payments;
pub mod product_filter;
pub mod products;
pub mod reviews;
pub mod sales;
pub mod spans;
pub mod spelling;
pub mod suggestions;
pub mod wallets;
pub mod wishlists;

mod facet_sums;
mod snapshot;
mod statement;

#[cfg(test)]
mod facet_bound;
#[cfg(test)]
mod plans;

use sqlx::AnyConnection;

use crate::record::Record;
use crate::store::{self, StoreError};
use crate::table::Of;

pub use snapshot::Snapshot;

/// The rows with these keys, as far as they exist.
pub async fn many<R: Record>(
    conn: &mut AnyConnection,
    keys: &[R::Key],
) -> Result<std::collections::HashMap<R::Key, R>, StoreError> {
    store::load(conn, Of::Serving, keys).await
}

/// The row with this key.
async fn one<R: Record>(conn: &mut AnyConnection, key: R::Key) -> Result<Option<R>, StoreError> {
    let mut found = store::load::<R>(conn, Of::Serving, std::slice::from_ref(&key)).await?;
    Ok(found.remove(&key))
}
