//! How many products on sale have each value of each facet: of the whole catalogue, and of each category itself. Kept beside
//! the products' rows and in their transaction, so that the facets of an unfiltered list, or of a category's, are read and
//! not counted. Facets of narrower lists are `query::facets`' to count.

use events::ids::CategoryId;
use sqlx::AnyConnection;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::price_bands::{bands, is_met};
use crate::products::{Product, ProductStatus};
use crate::record::{Binds, Change, Key, Record, RowError};
use crate::store::StoreError;
use crate::sums::{self, Sum};
use crate::table::{Table, int, text};
use crate::variant_options;

/// The column `facet` of categories; a value is a category's id, or empty.
pub const CATEGORY: &str = "category";
/// Of sellers; a value is an account's id, or empty for the shop itself.
pub const SELLER: &str = "seller";
/// What begins that of a price band, before the currency; a value is the band's beginning in minor units.
pub const PRICE: &str = "price:";
/// What begins that of an option, before its name; a value is as [`variant_options::folded`] has it.
pub const OPTION: &str = "option:";
/// What all names of options come before: `;` is the character after `:`.
pub const AFTER_OPTIONS: &str = "option;";
/// The column `scope` of the whole catalogue; of a category it is its id.
pub const EVERYTHING: &str = "";

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FacetKey {
    pub scope: String,
    pub facet: String,
    pub value: String,
}

impl FacetKey {
    fn new(scope: &str, facet: String, value: String) -> Self {
        // As a column can hold them: a row must be found under the key that it was written with.
        let held = |text: String| text.replace('\0', "\u{FFFD}");
        Self {
            scope: scope.to_owned(),
            facet: held(facet),
            value: held(value),
        }
    }
}

impl Key for FacetKey {
    fn bind(&self, binds: &mut Binds) {
        binds.text(&self.scope).text(&self.facet).text(&self.value);
    }
}

/// A row of `facet_counts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCount {
    pub key: FacetKey,
    /// On sale with this value.
    pub products: i64,
    /// Of these, those that can be bought; of an option's value, in a variant that has it.
    pub in_stock: i64,
}

/// Brings the counts up to date with these changes of products.
pub async fn save(
    conn: &mut AnyConnection,
    generation: u64,
    changes: &[Change<Product>],
) -> Result<(), StoreError> {
    // Most changes are of stock that goes on being there: they count nothing anew.
    let moved: Vec<_> = changes
        .iter()
        .filter(|change| !counts_alike(change))
        .cloned()
        .collect();
    sums::save(conn, generation, &moved, counts).await
}

fn counts_alike(change: &Change<Product>) -> bool {
    let (Some(old), Some(new)) = (&change.old, &change.new) else {
        return false;
    };
    old.document.category == new.document.category
        && old.document.seller == new.document.seller
        && old.currency() == new.currency()
        && old.price_span() == new.price_span()
        && variant_options::are_alike(old, new)
}

/// What a product adds; nothing unless it is on sale.
fn counts(product: &Product) -> Vec<FacetCount> {
    if product.document.status != ProductStatus::Active {
        return Vec::new();
    }
    let values = values(product);
    let category = product.document.category.map(|id: CategoryId| id.to_string());
    let scopes = [Some(EVERYTHING), category.as_deref()];
    let of_scope = |scope: &str| {
        let count = |(facet, value, in_stock): &(String, String, bool)| FacetCount {
            key: FacetKey::new(scope, facet.clone(), value.clone()),
            products: 1,
            in_stock: i64::from(*in_stock),
        };
        values.iter().map(count).collect::<Vec<_>>()
    };
    scopes.into_iter().flatten().flat_map(of_scope).collect()
}

/// Facet, value, and whether it can be bought so; each pair once.
fn values(product: &Product) -> Vec<(String, String, bool)> {
    let document = &product.document;
    let in_stock = product.available() > 0;
    let category = document.category.map(|id| id.to_string()).unwrap_or_default();
    let seller = document.seller.map(|id| id.to_string()).unwrap_or_default();
    let mut values = vec![
        (CATEGORY.to_owned(), category, in_stock),
        (SELLER.to_owned(), seller, in_stock),
    ];
    if let (Some(currency), Some((cheapest, dearest))) = (product.currency(), product.price_span()) {
        let met = bands().filter(|band| is_met(*band, cheapest, dearest));
        values.extend(met.map(|(min, _)| (format!("{PRICE}{currency}"), min.to_string(), in_stock)));
    }
    let options = variant_options::of_product(product).into_iter();
    values.extend(options.map(|option| {
        let facet = format!("{OPTION}{}", option.name);
        (facet, option.value_key, option.in_stock)
    }));
    values
}

impl Sum for FacetCount {
    fn none(key: FacetKey) -> Self {
        Self {
            key,
            products: 0,
            in_stock: 0,
        }
    }

    fn add(&mut self, other: &Self, sign: i64) {
        self.products = self.products.wrapping_add(other.products.wrapping_mul(sign));
        self.in_stock = self.in_stock.wrapping_add(other.in_stock.wrapping_mul(sign));
    }

    fn is_nothing(&self) -> bool {
        self.products == 0 && self.in_stock == 0
    }
}

impl Record for FacetCount {
    type Key = FacetKey;

    const TABLE: Table = Table {
        name: "facet_counts",
        columns: &[
            // A category's id; empty for everything.
            text("scope"),
            // `category`, `seller`, `price:GBP` or `option:size`.
            text("facet"),
            text("value"),
            int("products"),
            int("in_stock"),
        ],
        key: 3,
        indexes: &[],
    };

    fn key(&self) -> FacetKey {
        self.key.clone()
    }

    fn bind(&self, binds: &mut Binds) {
        self.key.bind(binds);
        binds.int(self.products).int(self.in_stock);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            key: FacetKey {
                scope: row.try_get("scope")?,
                facet: row.try_get("facet")?,
                value: row.try_get("value")?,
            },
            products: row.try_get("products")?,
            in_stock: row.try_get("in_stock")?,
        })
    }
}
