//! Products with their variants and stock, as the catalogue shows them.
//!
//! Beside the rows stand `product_variants` (SKU → product), `variant_options` and `product_options` (by which lists are narrowed and
//! counted), `facet_counts`, `product_images` (what can be fetched), `unsold` (what each seller offers), `category_counts`, `item_counts`, `products_text`, the full-text index over name,
//! description, attributes and SKUs, and the words (`search_words`, `search_pieces`) by which mistyped ones are corrected. Products that were removed stay as rows with that status.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use events::envelope::Position;
use events::ids::{AccountId, CategoryId, ImageId, ProductId, Sku};
use events::image::ImageSize;
use events::money::{Currency, Money};
use events::review::Rating;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::cache::Document;
use crate::category_counts;
use crate::dialect::ProductText;
use crate::facet_counts;
use crate::images::{self, ProductImage};
use crate::item_counts::ItemCounts;
use crate::ratings::{AverageRating, RatingCounts};
use crate::record::{self, Binds, Change, Record, RowError};
use crate::store::{self, StoreError};
use crate::table::{Table, int, text};
use crate::variant_options;
use crate::{sums, unsold, vocabulary};

/// Whether a product is to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// Its stock is known already, itself not yet: both come in one append, in any order.
    #[default]
    Announced,
    Active,
    /// Its owner has taken it off sale.
    Archived,
    Removed,
}

impl ProductStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Active => "active",
            Self::Archived => "archived",
            Self::Removed => "removed",
        }
    }
}

/// Units of one SKU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StockLevel {
    /// On the shelf.
    pub on_hand: i64,
    /// Of these, promised to orders.
    pub reserved: i64,
}

impl StockLevel {
    /// What can be bought.
    pub fn available(self) -> i64 {
        (self.on_hand - self.reserved).max(0)
    }
}

/// One form in which a product is sold, with its stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductVariant {
    pub sku: Sku,
    pub options: BTreeMap<String, String>,
    pub price: Money,
    #[serde(flatten)]
    pub stock: StockLevel,
    /// [`StockLevel::available`] of `stock`.
    pub available: i64,
}

/// The document of a product, as an answer shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProductDocument {
    pub id: ProductId,
    pub seller: Option<AccountId>,
    pub name: String,
    pub description: String,
    pub category: Option<CategoryId>,
    /// What else there is to tell of it, such as a book's author.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    pub status: ProductStatus,
    pub variants: Vec<ProductVariant>,
    /// In stars, over the reviews that everybody sees; none without one.
    pub average_rating: Option<AverageRating>,
    pub review_count: u64,
    /// There is one unit of it: who buys it becomes its owner.
    #[serde(default)]
    pub one_of_a_kind: bool,
    /// In their order.
    #[serde(default)]
    pub images: Vec<ProductImage>,
    pub added_at: DateTime<Utc>,
    /// The version of the product's stream: what an edit's `If-Match` is about.
    pub version: u64,
}

/// A row of `products`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Product {
    pub document: ProductDocument,
    /// The position at which it was added: its number in the full-text index. 0 while announced.
    pub number: Position,
    /// The position of the last event that changed the row, stock included.
    pub position: Position,
    /// Stock of SKUs that are not among its variants (any more, or yet).
    pub unlisted: BTreeMap<Sku, StockLevel>,
    /// Of the reviews that everybody sees.
    pub ratings: RatingCounts,
    /// Of its images that are ready: what there is to fetch.
    pub image_sizes: BTreeMap<ImageId, Vec<ImageSize>>,
}

impl Product {
    /// An empty row for a product of which only stock is known yet.
    pub fn announced(id: ProductId) -> Self {
        Self {
            document: ProductDocument {
                id,
                ..ProductDocument::default()
            },
            ..Self::default()
        }
    }

    /// Its tag for conditional requests: `"version.position"`. An edit's `If-Match` needs the part before the
    /// dot alone, since the stock behind it may change at any time.
    pub fn etag(&self) -> String {
        format!("\"{}.{}\"", self.document.version, self.position)
    }

    /// The finished answer of its detail page; none when it isn't to be seen.
    pub fn answer(&self) -> Option<Document> {
        (self.document.status == ProductStatus::Active).then(|| Document {
            body: Bytes::from(record::json_text(&self.document)),
            etag: self.etag().into(),
        })
    }

    /// Counts a review no longer, another from now on, or both.
    pub fn count_review(&mut self, no_longer: Option<Rating>, from_now_on: Option<Rating>) {
        if let Some(rating) = no_longer {
            self.ratings.take(rating);
        }
        if let Some(rating) = from_now_on {
            self.ratings.add(rating);
        }
        self.document.average_rating = self.ratings.average();
        self.document.review_count = self.ratings.total();
    }

    /// To sort by.
    fn rating(&self) -> u64 {
        self.document.average_rating.map_or(0, AverageRating::hundredths)
    }

    pub(crate) fn currency(&self) -> Option<Currency> {
        Some(self.document.variants.first()?.price.currency())
    }

    /// The prices in the currency of the first variant, in minor units.
    fn prices(&self) -> impl Iterator<Item = i64> {
        let currency = self.currency();
        let prices = self.document.variants.iter().map(|variant| variant.price);
        prices
            .filter(move |price| Some(price.currency()) == currency)
            .map(|price| price.amount_minor())
    }

    /// The cheapest and the dearest of these.
    pub(crate) fn price_span(&self) -> Option<(i64, i64)> {
        Some((self.prices().min()?, self.prices().max()?))
    }

    pub(crate) fn available(&self) -> i64 {
        let variants = self.document.variants.iter();
        variants.map(|variant| variant.available).sum()
    }

    /// Whether it is found under the same words and SKUs as `old`: most changes are of its stock.
    fn is_found_like(&self, old: &Self) -> bool {
        let (new, before) = (&self.document, &old.document);
        let new_skus = new.variants.iter().map(|variant| &variant.sku);
        let old_skus = before.variants.iter().map(|variant| &variant.sku);
        self.number == old.number
            && new.status == before.status
            && new.name == before.name
            && new.description == before.description
            && new.attributes == before.attributes
            && new_skus.eq(old_skus)
    }

    /// What the full-text index holds of it; nothing unless it is to be seen.
    fn text(&self) -> Option<ProductText> {
        let document = &self.document;
        (document.status == ProductStatus::Active).then(|| {
            // Who types a SKU, an author or an ISBN means this very thing: they weigh alike.
            let skus = document.variants.iter().map(|v| v.sku.as_str());
            let marks: Vec<_> = skus
                .chain(document.attributes.values().map(String::as_str))
                .collect();
            ProductText {
                number: self.number,
                name: document.name.clone(),
                description: document.description.clone(),
                skus: marks.join(" "),
            }
        })
    }
}

impl Record for Product {
    type Key = ProductId;

    const TABLE: Table = Table {
        name: "products",
        columns: &[
            text("id"),
            int("number"),
            text("status"),
            text("seller").or_null(),
            text("category").or_null(),
            // The name in lower case, to sort by.
            text("sort_name"),
            text("currency").or_null(),
            int("min_price_minor").or_null(),
            int("max_price_minor").or_null(),
            // Units that can be bought, over all variants.
            int("available"),
            // 0 or 1: whether there are any.
            int("in_stock"),
            // 0 or 1.
            int("one_of_a_kind"),
            // The average in hundredths of a star; 0 without a review.
            int("rating"),
            // Microseconds since 1970.
            int("added_at"),
            int("version"),
            int("position"),
            text("unlisted"),
            // How many reviews there are of each rating.
            text("ratings"),
            // The sizes of each image that is ready.
            text("image_sizes"),
            // A `ProductDocument`.
            text("doc"),
        ],
        key: 1,
        indexes: &[
            "number",
            "status, added_at, id",
            "status, min_price_minor, id",
            "status, sort_name, id",
            "status, rating, id",
            "category, status, added_at, id",
            "seller, added_at, id",
            // All that a list is narrowed and counted by, so that facets are counted without a look at the rows, the newest first.
            "status, number, category, seller, currency, min_price_minor, max_price_minor, in_stock, one_of_a_kind",
        ],
    };

    fn key(&self) -> ProductId {
        self.document.id
    }

    fn bind(&self, binds: &mut Binds) {
        let document = &self.document;
        binds
            .shown(document.id)
            .count(self.number)
            .text(document.status.as_str())
            .shown_or_null(document.seller)
            .shown_or_null(document.category)
            .text(document.name.to_lowercase())
            .shown_or_null(self.currency())
            .int_or_null(self.prices().min())
            .int_or_null(self.prices().max())
            .int(self.available())
            .int(i64::from(self.available() > 0))
            .int(i64::from(document.one_of_a_kind))
            .count(self.rating())
            .time(document.added_at)
            .count(document.version)
            .count(self.position)
            .json(&self.unlisted)
            .json(&self.ratings)
            .json(&self.image_sizes)
            .json(document);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            document: record::json(row, "doc")?,
            number: record::count(row, "number")?,
            position: record::count(row, "position")?,
            unlisted: record::json(row, "unlisted")?,
            ratings: record::json(row, "ratings")?,
            image_sizes: record::json(row, "image_sizes")?,
        })
    }

    fn is_indexed_like(&self, old: &Self) -> bool {
        let (new, before) = (&self.document, &old.document);
        self.number == old.number
            && new.status == before.status
            && new.seller == before.seller
            && new.category == before.category
            && new.name == before.name
            && new.added_at == before.added_at
            && new.average_rating == before.average_rating
            && new.one_of_a_kind == before.one_of_a_kind
            && self.currency() == old.currency()
            && self.prices().min() == old.prices().min()
            && self.prices().max() == old.prices().max()
            && (self.available() > 0) == (old.available() > 0)
    }

    async fn save_beside(
        conn: &mut AnyConnection,
        generation: u64,
        changes: &[Change<Self>],
    ) -> Result<(), StoreError> {
        let mut gone = Vec::new();
        let mut listed = Vec::new();
        let mut unread = Vec::new();
        let mut read = Vec::new();
        for Change { old, new } in changes {
            if let (Some(old), Some(new)) = (old, new)
                && new.is_found_like(old)
            {
                continue;
            }
            let (before, after) = (skus(old.as_ref()), skus(new.as_ref()));
            gone.extend(before.difference(&after).map(|(sku, _)| sku.clone()));
            listed.extend(after.difference(&before).map(|(sku, id)| VariantOf {
                sku: sku.clone(),
                product_id: *id,
            }));
            let (before, after) = (
                old.as_ref().and_then(Self::text),
                new.as_ref().and_then(Self::text),
            );
            if before != after {
                unread.extend(before);
                read.extend(after);
            }
        }
        unsold::save(conn, generation, changes).await?;
        category_counts::save(conn, generation, changes).await?;
        variant_options::save(conn, generation, changes).await?;
        facet_counts::save(conn, generation, changes).await?;
        sums::save(conn, generation, changes, ItemCounts::of).await?;
        images::save(conn, generation, changes).await?;
        // First what goes: a SKU may leave one product and join another in the same batch.
        store::delete::<VariantOf>(conn, generation, &gone).await?;
        store::upsert(conn, generation, &listed).await?;
        let numbers: Vec<_> = unread.iter().map(|text| text.number).collect();
        store::delete_text(conn, generation, &numbers).await?;
        store::insert_text(conn, generation, &read).await?;
        vocabulary::save(conn, generation, &unread, &read).await
    }
}

type Listed = std::collections::BTreeSet<(Sku, ProductId)>;

/// The SKUs under which a product can be bought.
fn skus(product: Option<&Product>) -> Listed {
    let Some(product) = product.filter(|product| product.document.status == ProductStatus::Active) else {
        return Listed::new();
    };
    let variants = product.document.variants.iter();
    variants.map(|v| (v.sku.clone(), product.document.id)).collect()
}

/// A row of `product_variants`: under which product a SKU is sold now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantOf {
    pub sku: Sku,
    pub product_id: ProductId,
}

impl Record for VariantOf {
    type Key = Sku;

    const TABLE: Table = Table {
        name: "product_variants",
        columns: &[text("sku"), text("product_id")],
        key: 1,
        indexes: &["product_id"],
    };

    fn key(&self) -> Sku {
        self.sku.clone()
    }

    fn bind(&self, binds: &mut Binds) {
        binds.shown(&self.sku).shown(self.product_id);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            sku: record::sku(row, "sku")?,
            product_id: record::shown(row, "product_id")?,
        })
    }
}
