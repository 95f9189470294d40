//! Every list must come out of an index: no statement may read a whole table, or sort what it reads.

use chrono::{DateTime, Utc};
use events::ids::{AccountId, OrderId, PaymentId, ProductId, ReviewId, Sku};
use events::money::Currency;
use events::review::Rating;
use platform::postgres::{self, PostgresTarget};
use sqlx::AnyConnection;

use super::products::{PriceRange, ProductFilter, ProductOrder, ProductPlace};
use super::reviews::{Reader, ReviewFilter, ReviewOrder, ReviewPlace};
use super::sales::{SalesGroup, SalesSpan};
use super::statement::Statement;
use super::{
    accounts, api_keys, exports, history, orders, payments, products, reviews, sales, wallets, wishlists,
};
use crate::dialect::Dialect;
use crate::order_history::OrderEntry;
use crate::orders::OrderStatus;
use crate::payments::PaymentStatus;
use crate::product_history::ProductEntry;
use crate::views::{POSTGRES_SCHEMA, Views};

const LIMIT: i64 = 21;

/// The tables are empty, and `PostgreSQL` would rather read all of nothing: it has to say what it would do if reading and
/// sorting all were no choice.
const DISCOURAGE: &str =
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_hashjoin = off";

/// Many products with their texts, so that it pays to look for some of them.
const MANY_PRODUCTS: &str = "INSERT INTO products_g1 (id, number, status, sort_name, min_price_minor, available, rating, added_at, version, position, \
         unlisted, ratings, doc) SELECT n, n, 'active', n, n, 1, 0, n, 1, n, '{}', '[]', '{}' FROM generate_series(1, 5000) AS n; \
     INSERT INTO products_text_g1 (number, name, description, skus, terms) \
         SELECT n, n, '', '', CAST(n AS TEXT)::TSVECTOR FROM generate_series(1, 5000) AS n; \
     ANALYZE products_g1, products_text_g1";

async fn in_sqlite(statements: Vec<Statement>) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let views = Views::open_sqlite(&dir.path().join("views.db")).await.unwrap();
    let mut conn = views.reader().acquire().await.unwrap();
    plans(&mut conn, statements).await
}

/// As planned after `preparation`.
async fn in_postgres(preparation: &'static str, statements: Vec<Statement>) -> Vec<String> {
    let url = test_servers::new_database().await;
    let target = PostgresTarget::parse(&url, "test of read models").unwrap();
    postgres::migrate(&target, &POSTGRES_SCHEMA).await.unwrap();
    let views = Views::open_postgres_writer(&target).await.unwrap();
    let mut tx = views.begin_write().await.unwrap();
    sqlx::raw_sql(preparation).execute(&mut *tx).await.unwrap();
    let plans = plans(&mut tx, statements).await;
    tx.rollback().await.unwrap();
    views.close().await;
    plans
}

async fn plans(conn: &mut AnyConnection, statements: Vec<Statement>) -> Vec<String> {
    let mut plans = Vec::new();
    for statement in statements {
        plans.push(statement.plan(conn).await.join("\n"));
    }
    plans
}

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_300_000_000, 0).unwrap()
}

/// Lists whose order an index has.
fn ordered_lists(dialect: Dialect) -> Vec<Statement> {
    let customer = Some(AccountId::default());
    let mut lists = Vec::new();
    for (customer, status) in [
        (None, None),
        (customer, None),
        (None, Some(OrderStatus::Paid)),
        (customer, Some(OrderStatus::Paid)),
    ] {
        let filter = orders::OrderFilter { customer, status };
        for after in [None, Some((noon(), OrderId::default()))] {
            lists.push(orders::list(filter, after, LIMIT));
        }
    }
    for (customer, status) in [
        (None, None),
        (customer, None),
        (None, Some(PaymentStatus::Settled)),
    ] {
        let filter = payments::PaymentFilter { customer, status };
        for after in [None, Some((noon(), PaymentId::default()))] {
            lists.push(payments::list(filter, after, LIMIT));
        }
    }
    let account = AccountId::default();
    lists.push(accounts::list(None, LIMIT));
    lists.push(accounts::list(Some((noon(), account)), LIMIT));
    lists.push(wallets::list(account, Some(7), LIMIT));
    lists.push(history::list::<OrderEntry>("order_id", "x", 7, LIMIT));
    lists.push(history::list::<ProductEntry>("product_id", "x", 7, LIMIT));
    lists.push(wishlists::list(account, None, LIMIT));
    lists.push(wishlists::list(account, Some(7), LIMIT));
    lists.push(api_keys::list(account, None, LIMIT));
    lists.push(exports::list(None, None, LIMIT));
    lists.push(exports::list(None, Some(&Sku::default()), LIMIT));
    lists.push(api_keys::list(account, Some(7), LIMIT));
    lists.extend(lists_of_reviews());
    lists.extend(lists_of_products(dialect));
    lists
}

fn lists_of_reviews() -> Vec<Statement> {
    let (id, rating) = (ReviewId::default(), Rating::new(4).unwrap());
    let mut lists = Vec::new();
    for reader in [
        Reader::Anybody,
        Reader::Account(AccountId::default()),
        Reader::Staff,
    ] {
        for rating in [None, Some(rating)] {
            let filter = ReviewFilter {
                product: ProductId::default(),
                rating,
                reader,
            };
            lists.push(reviews::list(filter, ReviewOrder::Newest, None, LIMIT));
            lists.push(reviews::list(filter, ReviewOrder::Best, None, LIMIT));
            let place = ReviewPlace::Newest(noon(), id);
            lists.push(reviews::list(filter, ReviewOrder::Newest, Some(&place), LIMIT));
        }
    }
    let all = ReviewFilter {
        product: ProductId::default(),
        rating: None,
        reader: Reader::Anybody,
    };
    let place = ReviewPlace::Best(rating, noon(), id);
    lists.push(reviews::list(all, ReviewOrder::Best, Some(&place), LIMIT));
    lists
}

fn lists_of_products(dialect: Dialect) -> Vec<Statement> {
    let id = ProductId::default();
    let all = ProductFilter::default();
    let in_stock = ProductFilter {
        in_stock: Some(true),
        ..ProductFilter::default()
    };
    let mut lists = Vec::new();
    for (order, place) in [
        (ProductOrder::Newest, ProductPlace::Newest(noon(), id)),
        (ProductOrder::Cheapest, ProductPlace::Cheapest(5, id)),
        (ProductOrder::Dearest, ProductPlace::Dearest(5, id)),
        (ProductOrder::Name, ProductPlace::Name("mug".to_owned(), id)),
        (ProductOrder::BestRated, ProductPlace::BestRated(450, id)),
    ] {
        for filter in [&all, &in_stock] {
            for after in [None, Some(&place)] {
                lists.push(products::list(dialect, filter, order, after, LIMIT).unwrap());
            }
        }
    }
    lists
}

#[tokio::test]
async fn lists_come_in_their_order_from_an_index() {
    for plan in in_sqlite(ordered_lists(Dialect::Sqlite)).await {
        assert!(plan.contains("SEARCH") || plan.contains("USING INDEX"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        let mut steps = plan.lines();
        let scans = steps.any(|step| step.contains("SCAN") && !step.contains("USING INDEX"));
        assert!(!scans, "{plan}");
    }
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn lists_come_in_their_order_from_an_index_of_postgres() {
    for plan in in_postgres(DISCOURAGE, ordered_lists(Dialect::Postgres)).await {
        assert!(plan.contains("Index Scan"), "{plan}");
        assert!(!plan.contains("Seq Scan") && !plan.contains("Sort"), "{plan}");
    }
}

fn searches(dialect: Dialect) -> Vec<Statement> {
    let text = ProductFilter {
        text: Some("red mug".to_owned()),
        ..ProductFilter::default()
    };
    [ProductOrder::Relevance, ProductOrder::Cheapest]
        .map(|order| products::list(dialect, &text, order, None, LIMIT).unwrap())
        .into()
}

/// The products of a seller, of a category, and of a price range.
fn narrowed_lists(dialect: Dialect) -> Vec<Statement> {
    let of_seller = ProductFilter {
        seller: Some(AccountId::default()),
        ..ProductFilter::default()
    };
    let in_category = ProductFilter {
        category: Some("mugs".to_owned()),
        ..ProductFilter::default()
    };
    let price = PriceRange {
        currency: Currency::GBP,
        min_minor: Some(1),
        max_minor: Some(1000),
    };
    let in_price_range = ProductFilter {
        price: Some(price),
        ..ProductFilter::default()
    };
    [of_seller, in_category, in_price_range]
        .map(|filter| products::list(dialect, &filter, ProductOrder::Newest, None, LIMIT).unwrap())
        .into()
}

/// These sort what an index has narrowed down: a text's matches, or the products of a
/// category, a seller or a price range.
#[tokio::test]
async fn a_narrowed_list_of_products_never_reads_all_of_them() {
    for plan in in_sqlite(searches(Dialect::Sqlite)).await {
        assert!(plan.contains("VIRTUAL TABLE INDEX"), "{plan}");
        assert!(!plan.contains("SCAN products_g"), "{plan}");
    }
    for plan in in_sqlite(narrowed_lists(Dialect::Sqlite)).await {
        assert!(plan.contains("SEARCH products_g"), "{plan}");
        assert!(!plan.contains("SCAN products_g"), "{plan}");
    }
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_narrowed_list_of_products_in_postgres_never_reads_all_of_them() {
    for plan in in_postgres(MANY_PRODUCTS, searches(Dialect::Postgres)).await {
        assert!(
            plan.contains("Bitmap Index Scan on products_text_g1_i0"),
            "{plan}"
        );
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
    for plan in in_postgres(DISCOURAGE, narrowed_lists(Dialect::Postgres)).await {
        assert!(plan.contains("products_g1_i"), "{plan}");
        assert!(!plan.contains("Seq Scan on products_g1"), "{plan}");
    }
}

fn sums() -> Vec<Statement> {
    let day = noon().date_naive();
    let span = SalesSpan {
        from: day,
        to: day,
        currency: Currency::GBP,
    };
    [SalesGroup::Day, SalesGroup::Country, SalesGroup::Product]
        .map(|group| sales::list(span, group, LIMIT))
        .into()
}

/// Sums are grouped in memory, over the days asked for and nothing else.
#[tokio::test]
async fn sales_are_summed_over_their_days_alone() {
    for plan in in_sqlite(sums()).await {
        assert!(plan.contains("day>? AND day<?"), "{plan}");
    }
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn sales_in_postgres_are_summed_over_their_days_alone() {
    for plan in in_postgres(DISCOURAGE, sums()).await {
        let mut conditions = plan.lines().filter(|line| line.contains("Index Cond"));
        assert!(
            conditions.any(|line| line.contains("day >=") && line.contains("day <=")),
            "{plan}"
        );
    }
}
