//! A view's rows as one hash, to show that a rebuild gives the same bytes.

use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row, ValueRef};

use crate::dialect::{Dialect, PRODUCTS_TEXT};
use crate::store::StoreError;
use crate::table::{Column, Kind, Of, int, text};
use crate::view_name::ViewName;

const TEXT_COLUMNS: [Column; 4] = [int("number"), text("name"), text("description"), text("skus")];

/// SHA-256, in hex, over every row of every table of the view in the order of the keys. Which generation it
/// is doesn't enter.
pub async fn digest(conn: &mut AnyConnection, view: ViewName, of: Of) -> Result<String, StoreError> {
    let mut hash = Sha256::new();
    for table in view.tables() {
        feed(&mut hash, table.name);
        add_rows(&mut hash, conn, table.select_all(of), table.columns).await?;
    }
    if view.has_text() {
        feed(&mut hash, PRODUCTS_TEXT);
        let statement = Dialect::of(conn).select_texts(of);
        add_rows(&mut hash, conn, statement, &TEXT_COLUMNS).await?;
    }
    Ok(hex::encode(hash.finalize()))
}

async fn add_rows(
    hash: &mut Sha256,
    conn: &mut AnyConnection,
    statement: String,
    columns: &[Column],
) -> Result<(), StoreError> {
    let mut rows = sqlx::query(AssertSqlSafe(statement)).fetch(conn);
    while let Some(row) = rows.try_next().await? {
        for (index, column) in columns.iter().enumerate() {
            add_value(hash, &row, index, column.kind)?;
        }
    }
    Ok(())
}

fn add_value(hash: &mut Sha256, row: &AnyRow, index: usize, kind: Kind) -> Result<(), StoreError> {
    if row.try_get_raw(index)?.is_null() {
        hash.update([0]);
        return Ok(());
    }
    hash.update([1]);
    match kind {
        Kind::Text => feed(hash, row.try_get::<&str, _>(index)?),
        Kind::BigInt => hash.update(row.try_get::<i64, _>(index)?.to_be_bytes()),
    }
    Ok(())
}

/// The length first, so that two texts can't be taken for two others.
fn feed(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text);
}
