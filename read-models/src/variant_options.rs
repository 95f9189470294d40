//! The options of every variant on sale, a row each: by these a list is narrowed (`option.size=L`). And those of every
//! product, each once: by these facets are counted. Each with whether it can be bought so: `in_stock` beside an option means the
//! stock of a variant that has it. Kept beside the products' rows and in their transaction.

use std::collections::{BTreeMap, BTreeSet};

use events::envelope::Position;
use events::ids::Sku;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::products::{Product, ProductStatus};
use crate::record::{self, Binds, Change, Record, RowError};
use crate::store::{self, StoreError};
use crate::table::{Table, int, text};

/// A row of `variant_options`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VariantOption {
    pub sku: Sku,
    /// As [`folded`] has it: an option is named once.
    pub name: String,
    /// As [`folded`] has it.
    pub value_key: String,
    /// As the seller wrote it.
    pub value: String,
    /// The product's.
    pub number: Position,
    /// Whether there are units of this variant to buy.
    pub in_stock: bool,
}

/// A row of `product_options`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProductOption {
    /// The product's.
    pub number: Position,
    /// As [`folded`] has it.
    pub name: String,
    /// As [`folded`] has it.
    pub value_key: String,
    /// As the seller wrote it, of one of the variants.
    pub value: String,
    /// Whether there are units to buy of any variant that has it.
    pub in_stock: bool,
}

/// The form in which names and values of options are compared: people take `Size: l` and `size: L` for the same.
pub fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

/// What a product's variants can be found by; nothing unless it is on sale.
fn options(product: Option<&Product>) -> BTreeSet<VariantOption> {
    let Some(product) = product.filter(|product| product.document.status == ProductStatus::Active) else {
        return BTreeSet::new();
    };
    let mut found = BTreeMap::new();
    for variant in &product.document.variants {
        for (name, value) in &variant.options {
            let option = VariantOption {
                sku: variant.sku.clone(),
                name: folded(name),
                value_key: folded(value),
                value: value.clone(),
                number: product.number,
                in_stock: variant.available > 0,
            };
            found.entry(option.key()).or_insert(option);
        }
    }
    found.into_values().collect()
}

/// The same over all variants.
fn over_all(options: &BTreeSet<VariantOption>) -> BTreeSet<ProductOption> {
    let mut found = BTreeMap::<_, ProductOption>::new();
    for option in options {
        let option = ProductOption {
            number: option.number,
            name: option.name.clone(),
            value_key: option.value_key.clone(),
            value: option.value.clone(),
            in_stock: option.in_stock,
        };
        let in_stock = option.in_stock;
        found.entry(option.key()).or_insert(option).in_stock |= in_stock;
    }
    found.into_values().collect()
}

/// What a product comes in, each value once; nothing unless it is on sale.
pub fn of_product(product: &Product) -> BTreeSet<ProductOption> {
    over_all(&options(Some(product)))
}

/// Whether nothing that a variant is found by has changed: most changes are of stock that goes on being there.
pub fn are_alike(old: &Product, new: &Product) -> bool {
    let (before, after) = (&old.document, &new.document);
    old.number == new.number
        && before.status == after.status
        && before.variants.len() == after.variants.len()
        && before.variants.iter().zip(&after.variants).all(|(old, new)| {
            old.sku == new.sku && old.options == new.options && (old.available > 0) == (new.available > 0)
        })
}

/// Brings the options up to date with these changes of products.
pub async fn save(
    conn: &mut AnyConnection,
    generation: u64,
    changes: &[Change<Product>],
) -> Result<(), StoreError> {
    let (mut gone, mut kept) = (Vec::new(), Vec::new());
    let (mut gone_over_all, mut kept_over_all) = (Vec::new(), Vec::new());
    for Change { old, new } in changes {
        if let (Some(old), Some(new)) = (old, new)
            && are_alike(old, new)
        {
            continue;
        }
        let (before, after) = (options(old.as_ref()), options(new.as_ref()));
        let (all_before, all_after) = (over_all(&before), over_all(&after));
        gone.extend(keys_gone(&before, &after));
        kept.extend(after.difference(&before).cloned());
        gone_over_all.extend(keys_gone(&all_before, &all_after));
        kept_over_all.extend(all_after.difference(&all_before).cloned());
    }
    // First what goes: a SKU may leave one product and join another in the same batch.
    store::delete::<VariantOption>(conn, generation, &gone).await?;
    store::upsert(conn, generation, &kept).await?;
    store::delete::<ProductOption>(conn, generation, &gone_over_all).await?;
    store::upsert(conn, generation, &kept_over_all).await
}

/// The keys that no row has any more. Those of rows that only came in or out of stock are written over.
fn keys_gone<R: Record + Ord>(before: &BTreeSet<R>, after: &BTreeSet<R>) -> Vec<R::Key> {
    let left: BTreeSet<_> = after.iter().map(Record::key).collect();
    let keys = before.difference(after).map(Record::key);
    keys.filter(|key| !left.contains(key)).collect()
}

impl Record for VariantOption {
    type Key = (Sku, String);

    const TABLE: Table = Table {
        name: "variant_options",
        columns: &[
            text("sku"),
            text("name"),
            text("value_key"),
            text("value"),
            int("number"),
            // 0 or 1.
            int("in_stock"),
        ],
        key: 2,
        indexes: &[
            // Products by what they come in.
            "name, value_key, number, sku, in_stock",
            // What a product comes in.
            "number, name, value_key, sku, in_stock",
        ],
    };

    fn key(&self) -> Self::Key {
        (self.sku.clone(), self.name.clone())
    }

    fn bind(&self, binds: &mut Binds) {
        binds
            .shown(&self.sku)
            .text(&self.name)
            .text(&self.value_key)
            .text(&self.value)
            .count(self.number)
            .int(i64::from(self.in_stock));
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            sku: record::sku(row, "sku")?,
            name: row.try_get("name")?,
            value_key: row.try_get("value_key")?,
            value: row.try_get("value")?,
            number: record::count(row, "number")?,
            in_stock: row.try_get::<i64, _>("in_stock")? != 0,
        })
    }
}

impl Record for ProductOption {
    type Key = (Position, (String, String));

    const TABLE: Table = Table {
        name: "product_options",
        columns: &[
            int("number"),
            text("name"),
            text("value_key"),
            text("value"),
            // 0 or 1.
            int("in_stock"),
        ],
        key: 3,
        // How a value is written by the oldest product that has it.
        indexes: &["name, value_key, number, value"],
    };

    fn key(&self) -> Self::Key {
        (self.number, (self.name.clone(), self.value_key.clone()))
    }

    fn bind(&self, binds: &mut Binds) {
        binds
            .count(self.number)
            .text(&self.name)
            .text(&self.value_key)
            .text(&self.value)
            .int(i64::from(self.in_stock));
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            number: record::count(row, "number")?,
            name: row.try_get("name")?,
            value_key: row.try_get("value_key")?,
            value: row.try_get("value")?,
            in_stock: row.try_get::<i64, _>("in_stock")? != 0,
        })
    }
}
