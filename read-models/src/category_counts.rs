//! How many products are on sale in each category itself, not counting what is below it: a category that moves takes
//! its own along without a row being written. Kept beside the products' rows and in their transaction.

use std::collections::BTreeMap;

use events::ids::CategoryId;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::products::{Product, ProductStatus};
use crate::record::{self, Binds, Change, Record, RowError};
use crate::store::{self, StoreError};
use crate::table::{Of, Table, int, text};

/// A row of `category_counts`; there is none where nothing is on sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CategoryCount {
    pub category: CategoryId,
    pub products: i64,
}

/// Where a product counts.
fn place(product: Option<&Product>) -> Option<CategoryId> {
    let document = &product?.document;
    document
        .category
        .filter(|_| document.status == ProductStatus::Active)
}

/// Brings the counts up to date with these changes of products.
pub async fn save(
    conn: &mut AnyConnection,
    generation: u64,
    changes: &[Change<Product>],
) -> Result<(), StoreError> {
    let mut moved = BTreeMap::<CategoryId, i64>::new();
    for Change { old, new } in changes {
        for (category, step) in [(place(old.as_ref()), -1), (place(new.as_ref()), 1)] {
            let Some(category) = category else { continue };
            *moved.entry(category).or_default() += step;
        }
    }
    moved.retain(|_, change| *change != 0);
    if moved.is_empty() {
        return Ok(());
    }
    let keys: Vec<_> = moved.keys().copied().collect();
    let rows = store::load::<CategoryCount>(conn, Of::Generation(generation), &keys).await?;
    let (mut kept, mut gone) = (vec![], vec![]);
    for (category, change) in moved {
        let products = change + rows.get(&category).map_or(0, |row| row.products);
        if products == 0 {
            gone.push(category);
        } else {
            kept.push(CategoryCount { category, products });
        }
    }
    store::delete::<CategoryCount>(conn, generation, &gone).await?;
    store::upsert(conn, generation, &kept).await
}

impl Record for CategoryCount {
    type Key = CategoryId;

    const TABLE: Table = Table {
        name: "category_counts",
        columns: &[text("category"), int("products")],
        key: 1,
        indexes: &[],
    };

    fn key(&self) -> CategoryId {
        self.category
    }

    fn bind(&self, binds: &mut Binds) {
        binds.shown(self.category).int(self.products);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            category: record::shown(row, "category")?,
            products: row.try_get("products")?,
        })
    }
}
