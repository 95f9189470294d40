//! Products for an export: in the order of their SKUs, which is the same in every shop that has them, whatever their ids.

use events::ids::{AccountId, Sku};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::statement::Statement;
use crate::products::ProductDocument;
use crate::record::{self, RowError};
use crate::store::StoreError;

/// A SKU that is on sale, and its product: the same one for each of its SKUs.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    pub sku: Sku,
    pub product: ProductDocument,
}

/// Up to `limit` SKUs after `after`; of one seller, or of all.
pub async fn page(
    conn: &mut AnyConnection,
    seller: Option<AccountId>,
    after: Option<&Sku>,
    limit: i64,
) -> Result<Vec<Exported>, StoreError> {
    list(seller, after, limit)
        .rows_with(conn, "product_variants", read)
        .await
}

pub(super) fn list(seller: Option<AccountId>, after: Option<&Sku>, limit: i64) -> Statement {
    let mut statement = Statement::new(
        "SELECT product_variants.sku AS sku, products.doc AS doc FROM product_variants \
         JOIN products ON products.id = product_variants.product_id WHERE product_variants.sku > ",
    );
    // Nothing comes before the empty text, and no SKU is empty.
    statement.text(after.map_or("", Sku::as_str));
    if let Some(seller) = seller {
        statement.sql(" AND products.seller = ").text(seller);
    }
    statement.sql(" ORDER BY product_variants.sku LIMIT ").int(limit);
    statement
}

fn read(row: &AnyRow) -> Result<Exported, RowError> {
    Ok(Exported {
        sku: record::sku(row, "sku")?,
        product: record::json(row, "doc")?,
    })
}
