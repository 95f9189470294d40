//! Facets beside a plain page of the list, over a catalogue that has as many products as somebody likes: by how much a
//! question with facets costs more than one without. Straight at the read models, so that no cache answers and nothing else
//! is measured.
//!
//! `benches facets` takes SQLite, in a folder of its own; with `--postgres` a database that is empty.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use chrono::DateTime;
use clap::Args;
use events::ids::{AccountId, CategoryId, ProductId, Sku};
use events::money::{Currency, Money};
use platform::postgres::{self, PostgresTarget};
use read_models::categories::Category;
use read_models::products::{Product, ProductStatus, ProductVariant, StockLevel};
use read_models::query::product_filter::{ProductFilter, SellerFilter};
use read_models::query::products::{self, ProductOrder};
use read_models::query::{Snapshot, facets};
use read_models::record::Change;
use read_models::store::{self, StoreError};
use read_models::{POSTGRES_SCHEMA, Record, ViewName, Views, generation};
use uuid::Uuid;

/// Of a page of the list, with the one after it that tells whether there are more.
const PAGE: i64 = 21;
/// Products in a transaction: as many as a batch of the projector's may bring.
const BATCH: u32 = 2_000;
const CATEGORIES: u32 = 50;
const SELLERS: u32 = 200;
const SIZES: [&str; 3] = ["S", "M", "L"];
const COLOURS: [&str; 12] = [
    "red", "blue", "green", "black", "white", "grey", "pink", "navy", "teal", "sand", "plum", "lime",
];

#[derive(Args)]
pub struct Facets {
    /// Products of the catalogue, each in three forms of two options
    #[arg(long, default_value_t = 100_000)]
    products: u32,
    /// How often each question is asked; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    times: u32,
    /// An empty database instead of SQLite
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
}

impl Facets {
    /// Prints a line per question: its time, and how many times that of the plain page it is.
    pub async fn run(self, folder: &Path) -> anyhow::Result<()> {
        let views = match &self.postgres {
            Some(url) => in_postgres(url).await?,
            None => Views::open_sqlite(&folder.join("views.db")).await?,
        };
        fill(&views, self.products).await?;
        let mut snapshot = Snapshot::begin(&views).await?;
        let page = self
            .median(&mut snapshot, &ProductFilter::default(), Ask::Page)
            .await?;
        println!("{:<44} {:>9.2} ms", "a page of the list", milliseconds(page));
        for (name, filter) in questions() {
            let took = self.median(&mut snapshot, &filter, Ask::Facets).await?;
            let ratio = took.as_secs_f64() / page.as_secs_f64().max(f64::EPSILON);
            println!("{name:<44} {:>9.2} ms {ratio:>8.1} pages", milliseconds(took));
        }
        drop(snapshot);
        views.close().await;
        Ok(())
    }

    async fn median(
        &self,
        snapshot: &mut Snapshot,
        filter: &ProductFilter,
        ask: Ask,
    ) -> anyhow::Result<Duration> {
        let mut lengths = Vec::new();
        for _ in 0..self.times {
            let begun = Instant::now();
            ask.of(snapshot, filter).await?;
            lengths.push(begun.elapsed());
        }
        lengths.sort_unstable();
        lengths
            .get(lengths.len() / 2)
            .copied()
            .context("nothing was asked")
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

async fn in_postgres(url: &str) -> anyhow::Result<Views> {
    let target = PostgresTarget::parse(url, "tillstream benches")?;
    postgres::migrate(&target, &POSTGRES_SCHEMA).await?;
    Ok(Views::open_postgres_writer(&target).await?)
}

#[derive(Clone, Copy)]
enum Ask {
    Page,
    /// All four.
    Facets,
}

impl Ask {
    async fn of(self, snapshot: &mut Snapshot, filter: &ProductFilter) -> Result<(), StoreError> {
        let conn = snapshot.conn();
        match self {
            Self::Page => {
                products::products(conn, filter, ProductOrder::Newest, None, PAGE).await?;
            }
            Self::Facets => {
                facets::categories(conn, filter).await?;
                facets::prices(conn, filter, Currency::GBP).await?;
                facets::sellers(conn, filter).await?;
                facets::options(conn, filter).await?;
            }
        }
        Ok(())
    }
}

fn questions() -> Vec<(&'static str, ProductFilter)> {
    let all = ProductFilter::default;
    let options = [("size".to_owned(), ["m".to_owned()].into())];
    vec![
        ("all facets, of everything", all()),
        (
            "all facets, of what is in stock",
            ProductFilter {
                in_stock: Some(true),
                ..all()
            },
        ),
        (
            "all facets, of a category",
            ProductFilter {
                category: Some("category-7".to_owned()),
                ..all()
            },
        ),
        (
            "all facets, of a seller",
            ProductFilter {
                seller: Some(SellerFilter::Account(seller(7))),
                ..all()
            },
        ),
        (
            "all facets, of an option that a third has",
            ProductFilter {
                options: options.into(),
                ..all()
            },
        ),
        (
            "all facets, of a word that all have",
            ProductFilter {
                text: Some("holder".to_owned()),
                ..all()
            },
        ),
        (
            "all facets, of a word that few have",
            ProductFilter {
                text: Some("holder 77".to_owned()),
                ..all()
            },
        ),
    ]
}

async fn fill(views: &Views, count: u32) -> anyhow::Result<()> {
    let mut tx = views.begin_write().await?;
    let serving = generation::serving(&mut tx, ViewName::Categories).await?;
    let number = serving.context("the categories have no table")?.generation;
    let categories: Vec<_> = (0..CATEGORIES).map(category).map(added).collect();
    store::save(&mut tx, number, &categories).await?;
    let serving = generation::serving(&mut tx, ViewName::Products).await?;
    let number = serving.context("the products have no table")?.generation;
    tx.commit().await?;
    for first in (0..count).step_by(BATCH as usize) {
        let batch = first..count.min(first + BATCH);
        let products: Vec<_> = batch.map(product).map(added).collect();
        let mut tx = views.begin_write().await?;
        store::save(&mut tx, number, &products).await?;
        tx.commit().await?;
    }
    Ok(())
}

fn added<R: Record>(row: R) -> Change<R> {
    Change {
        old: None,
        new: Some(row),
    }
}

fn id(kind: u64, n: u32) -> Uuid {
    Uuid::from_u64_pair(kind, n.into())
}

fn seller(n: u32) -> AccountId {
    AccountId(id(2, n % SELLERS))
}

fn category(n: u32) -> Category {
    Category {
        id: CategoryId(id(1, n)),
        name: format!("Category {n}"),
        slug: format!("category-{n}"),
        ..Category::default()
    }
}

fn product(n: u32) -> Product {
    let mut product = Product::announced(ProductId(id(3, n)));
    product.number = u64::from(n) + 1;
    product.position = product.number;
    let document = &mut product.document;
    document.status = ProductStatus::Active;
    document.name = format!("Candle holder {}", n % 1_000);
    "A holder of porcelain on a ribbon.".clone_into(&mut document.description);
    document.category = Some(CategoryId(id(1, n % CATEGORIES)));
    document.seller = (!n.is_multiple_of(3)).then(|| seller(n));
    document.added_at = DateTime::from_timestamp(i64::from(n), 0).unwrap_or_default();
    document.version = 1;
    document.variants = (0..3).map(|form| variant(n, form)).collect();
    product
}

/// Each in the next colour; every fourth is sold out.
fn variant(n: u32, form: u32) -> ProductVariant {
    let on_hand = i64::from((n + form) % 4);
    let pick = |list: &[&str], at: u32| list[at as usize % list.len()].to_owned();
    let options = [
        ("size".to_owned(), pick(&SIZES, n / 3 + form * (n % 2))),
        ("colour".to_owned(), pick(&COLOURS, n + form)),
    ];
    ProductVariant {
        // Proof of the default, which no product has: letters and digits make an SKU.
        sku: Sku::new(format!("BENCH-{n}-{form}")).unwrap_or_default(),
        options: options.into(),
        price: Money::new(i64::from(100 + n % 5_000), Currency::GBP),
        stock: StockLevel { on_hand, reserved: 0 },
        available: on_hand,
    }
}
