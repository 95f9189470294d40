//! Rows that are sums over another table's rows, kept beside them and in their transaction: a change of a row takes away
//! what it added before and adds what it adds now. So they depend on the rows alone, in whatever batches these came.

use std::collections::BTreeMap;

use sqlx::AnyConnection;

use crate::record::{Change, Record};
use crate::store::{self, StoreError};
use crate::table::Of;

/// A row of sums.
pub trait Sum: Record {
    /// The row that sums over nothing.
    fn none(key: Self::Key) -> Self;

    /// Adds the figures of `other` `sign` times. Must wrap around rather than fail, so that the order doesn't matter.
    fn add(&mut self, other: &Self, sign: i64);

    /// Whether it sums over nothing; there is no such row in the table.
    fn is_nothing(&self) -> bool;
}

/// Brings the sums up to date with these changes, of which each row adds what `parts` tells.
pub async fn save<R: Record, S: Sum>(
    conn: &mut AnyConnection,
    generation: u64,
    changes: &[Change<R>],
    parts: impl Fn(&R) -> Vec<S>,
) -> Result<(), StoreError> {
    let mut moved = BTreeMap::<S::Key, S>::new();
    for Change { old, new } in changes {
        for (row, sign) in [(old, -1), (new, 1)] {
            for part in row.iter().flat_map(&parts) {
                let key = part.key();
                let sum = moved.entry(key.clone()).or_insert_with(|| S::none(key));
                sum.add(&part, sign);
            }
        }
    }
    moved.retain(|_, change| !change.is_nothing());
    if moved.is_empty() {
        return Ok(());
    }
    let keys: Vec<_> = moved.keys().cloned().collect();
    let mut rows = store::load::<S>(conn, Of::Generation(generation), &keys).await?;
    let (mut kept, mut gone) = (vec![], vec![]);
    for (key, change) in moved {
        let mut row = rows.remove(&key).unwrap_or_else(|| S::none(key.clone()));
        row.add(&change, 1);
        if row.is_nothing() {
            gone.push(key);
        } else {
            kept.push(row);
        }
    }
    store::delete::<S>(conn, generation, &gone).await?;
    store::upsert(conn, generation, &kept).await
}
