//! The catalogue out of SQL, to fill Redis with: one consistent picture, in parts.

use events::ids::ProductId;

use crate::cache::Document;
use crate::generation;
use crate::products::Product;
use crate::query::Snapshot;
use crate::record::{Binds, Record};
use crate::store::{self, StoreError};
use crate::table::Of;
use crate::view_name::ViewName;

/// Products in a part: some 500 KiB, which Redis takes in a millisecond or two.
const PART_PRODUCTS: i64 = 500;

/// All products, in the order of their ids.
pub struct Source {
    snapshot: Snapshot,
    after: Option<ProductId>,
}

impl Source {
    pub fn of(snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            after: None,
        }
    }

    /// Which generation of the products' view is read here.
    pub async fn generation(&mut self) -> Result<Option<u64>, StoreError> {
        let serving = generation::serving(self.snapshot.conn(), ViewName::Products).await?;
        Ok(serving.map(|serving| serving.generation))
    }

    /// The next documents, without those that aren't to be seen; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<(ProductId, Document)>>, StoreError> {
        let mut binds = Binds::default();
        binds.text(self.after.map(|id| id.to_string()).unwrap_or_default());
        binds.int(PART_PRODUCTS);
        let (columns, table) = (
            Product::TABLE.column_list(),
            Of::Serving.table(Product::TABLE.name),
        );
        let statement = format!("SELECT {columns} FROM {table} WHERE id > $1 ORDER BY id LIMIT $2");
        let rows = store::fetch(self.snapshot.conn(), statement, binds).await?;
        let mut documents = Vec::with_capacity(rows.len());
        for row in &rows {
            let product = store::read::<Product>(row)?;
            self.after = Some(product.key());
            documents.extend(product.answer().map(|answer| (product.key(), answer)));
        }
        Ok((!rows.is_empty()).then_some(documents))
    }
}
