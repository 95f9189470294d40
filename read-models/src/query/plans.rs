//! Every list must come out of an index: no statement may read a whole table, or sort what it reads.

use chrono::{DateTime, Utc};
use events::account::Role;
use events::ids::{AccountId, BranchId, OrderId, OrphanId, PaymentId, ProductId, ReviewId, Sku};
use events::money::Currency;
use events::review::Rating;
use platform::postgres::{self, PostgresTarget};
use sqlx::AnyConnection;

use super::analytics::{Rank, Subject};
use super::daily_reports::{RevenueGroup, RevenueSpan};
use super::facet_sums::{self, Whole};
use super::product_filter::{PriceRange, ProductFilter, SellerFilter};
use super::products::{ProductOrder, ProductPlace};
use super::reviews::{Reader, ReviewFilter, ReviewOrder, ReviewPlace};
use super::sales::{SalesGroup, SalesSpan};
use super::statement::Statement;
use super::{
    accounts, analytics, api_keys, branches, daily_reports, exports, facets, history, orders, orphans,
    payments, products, reviews, sales, suggestions, wallets, wishlists,
};
use crate::dialect::Dialect;
use crate::order_history::OrderEntry;
use crate::orders::OrderStatus;
use crate::orphans::OrphanStatus;
use crate::payments::PaymentStatus;
use crate::periods::{Period, Unit};
use crate::sales_figures::{Dimension, Part, Scope};
use crate::views::{POSTGRES_SCHEMA, Views};

const LIMIT: i64 = 21;

/// The tables are empty, and `PostgreSQL` would rather read all of nothing: it has to say what it would do if reading and
/// sorting all were no choice.
const DISCOURAGE: &str =
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_hashjoin = off";

/// The same where rows are counted in an index: of an empty table a bitmap would cost as little.
const DISCOURAGE_BITMAPS: &str =
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_hashjoin = off";

/// Many products with their texts, so that it pays to look for some of them.
const MANY_PRODUCTS: &str = "INSERT INTO products_g1 (id, number, status, sort_name, min_price_minor, available, in_stock, one_of_a_kind, rating, added_at, version, position, \
         unlisted, ratings, image_sizes, doc) SELECT n, n, 'active', n, n, 1, 1, 0, 0, n, 1, n, '{}', '[]', '{}', '{}' FROM generate_series(1, 5000) AS n; \
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
        let filter = orders::OrderFilter {
            customer,
            status,
            ..Default::default()
        };
        let span = orders::OrderFilter {
            from: Some(noon()),
            to: Some(noon()),
            ..filter
        };
        lists.push(orders::list(span, None, LIMIT));
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
    for status in [None, Some(OrphanStatus::Open)] {
        for after in [None, Some((noon(), OrphanId::default()))] {
            lists.push(orphans::list(status, after, LIMIT));
        }
    }
    let account = AccountId::default();
    lists.push(accounts::list(None, None, LIMIT));
    lists.push(accounts::list(Some(Role::Staff), Some((noon(), account)), LIMIT));
    lists.push(branches::list(None, LIMIT));
    lists.push(branches::list(Some((noon(), BranchId::default())), LIMIT));
    lists.push(wallets::list(account, Some(7), LIMIT));
    lists.push(history::list::<OrderEntry>("order_id", "x", 7, LIMIT));
    let sku = Sku::new("MUG").unwrap();
    for sku in [None, Some(&sku)] {
        lists.push(history::product_list(ProductId::default(), sku, 7, LIMIT));
    }
    lists.push(wishlists::list(account, None, LIMIT));
    lists.push(wishlists::list(account, Some(7), LIMIT));
    lists.push(api_keys::list(account, None, LIMIT));
    lists.push(exports::list(None, None, LIMIT));
    lists.push(exports::list(None, Some(&Sku::default()), LIMIT));
    lists.push(api_keys::list(account, Some(7), LIMIT));
    lists.extend(lists_of_reviews());
    lists.extend(lists_of_products(dialect));
    lists.extend(figures());
    lists
}

fn figures() -> Vec<Statement> {
    let (day, month) = (Unit::Day, Unit::Month);
    let period = |unit| Period::of(unit, noon().date_naive());
    let subject = Subject {
        scope: Scope::Shop,
        part: Part::country("France"),
        currency: Currency::GBP,
    };
    let ranking = |rank| analytics::Ranking {
        scope: Scope::Seller(AccountId::default()),
        dimension: Dimension::Product,
        currency: Currency::GBP,
        period: period(month),
        rank,
    };
    vec![
        analytics::series_of(&subject, period(day), period(day)),
        analytics::last_of(&subject),
        analytics::ranked(ranking(Rank::Revenue), LIMIT),
        analytics::ranked(ranking(Rank::Units), LIMIT),
        analytics::customers_of(period(day), period(day)),
        analytics::last_of_customers(),
    ]
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
        seller: Some(SellerFilter::Account(AccountId::default())),
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

/// Facets of one-of-a-kinds, and of what is in stock and has its price.
fn counts(dialect: Dialect) -> Vec<Statement> {
    let price = PriceRange {
        currency: Currency::GBP,
        min_minor: Some(1),
        max_minor: Some(1000),
    };
    let unique = ProductFilter {
        one_of_a_kind: Some(true),
        ..ProductFilter::default()
    };
    let narrowed = ProductFilter {
        price: Some(price),
        in_stock: Some(true),
        one_of_a_kind: Some(false),
        ..ProductFilter::default()
    };
    let mut counts = Vec::new();
    for filter in [&unique, &narrowed] {
        counts.extend(facets::up_to_bound(dialect, filter));
        counts.extend(facets::by_category(dialect, filter));
        counts.extend(facets::by_seller(dialect, filter));
        counts.extend(facets::by_price(dialect, filter));
        counts.extend(facets::by_option(dialect, filter, None));
    }
    counts
}

/// Facets of everything, and of a category.
fn read_counts() -> Vec<Statement> {
    let in_category = ProductFilter {
        category: Some("mugs".to_owned()),
        in_stock: Some(false),
        ..ProductFilter::default()
    };
    let mut read = Vec::new();
    for filter in [ProductFilter::default(), in_category] {
        let whole = Whole::of(&filter).unwrap();
        read.push(facet_sums::by_value(&whole, "seller", Some(LIMIT)));
        read.push(facet_sums::by_option(&whole, None));
        read.push(facet_sums::by_option(&whole, Some(&"size".to_owned())));
    }
    read
}

/// Options that are chosen, and those that are counted beside.
fn counts_of_options(dialect: Dialect) -> Vec<Statement> {
    let (size, colour) = ("size".to_owned(), "colour".to_owned());
    let chosen = ProductFilter {
        options: [
            (size.clone(), ["l".to_owned(), "m".to_owned()].into()),
            (colour, ["red".to_owned()].into()),
        ]
        .into(),
        ..ProductFilter::default()
    };
    [
        facets::by_option(dialect, &chosen, Some(&size)),
        facets::by_option(dialect, &chosen, None),
        facets::by_category(dialect, &chosen),
        products::list(dialect, &chosen, ProductOrder::Newest, None, LIMIT),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A facet looks at no row of a product: what it counts and what narrows it stands in the index.
#[tokio::test]
async fn facets_are_counted_in_an_index_alone() {
    let statements = counts(Dialect::Sqlite);
    assert_eq!(statements.len(), 10);
    for plan in in_sqlite(statements).await {
        assert!(
            plan.contains("SEARCH products_g1 USING COVERING INDEX products_g1_i7"),
            "{plan}"
        );
        let newest_first = !plan.contains("FOR ORDER BY") || plan.contains("FOR GROUP BY");
        assert!(newest_first, "{plan}");
    }
    for statement in counts_of_options(Dialect::Sqlite).into_iter().take(2) {
        let [plan] = in_sqlite(vec![statement]).await.try_into().unwrap();
        let of_matches = "USING COVERING INDEX variant_options_g1_i1 (number=?";
        assert!(plan.contains(of_matches), "{plan}");
    }
    for plan in in_sqlite(read_counts()).await {
        assert!(plan.contains("SEARCH facet_counts_g1"), "{plan}");
        assert!(
            !plan.contains("SCAN facet_counts") && !plan.contains("SCAN product_options"),
            "{plan}"
        );
    }
    let statements = counts_of_options(Dialect::Sqlite);
    assert_eq!(statements.len(), 4);
    for plan in in_sqlite(statements).await {
        assert!(plan.contains("SEARCH"), "{plan}");
        // What was found already is gone through once more.
        let found = ["SCAN matches", "SCAN tally"];
        let mut scans = plan
            .lines()
            .filter(|step| step.starts_with("SCAN") && !found.contains(step));
        assert!(scans.all(|step| step.contains("INDEX")), "{plan}");
    }
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn facets_in_postgres_are_counted_in_an_index_alone() {
    for plan in in_postgres(DISCOURAGE_BITMAPS, counts(Dialect::Postgres)).await {
        assert!(
            plan.contains("Index Only Scan Backward using products_g1_i7"),
            "{plan}"
        );
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
    for plan in in_postgres(DISCOURAGE_BITMAPS, counts_of_options(Dialect::Postgres)).await {
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
    for plan in in_postgres(DISCOURAGE_BITMAPS, read_counts()).await {
        assert!(plan.contains("facet_counts_g1_pkey"), "{plan}");
        assert!(!plan.contains("Seq Scan on facet_counts"), "{plan}");
    }
}

fn suggested(dialect: Dialect) -> Vec<Statement> {
    suggestions::matches(dialect, "red mu", 8).into_iter().collect()
}

#[tokio::test]
async fn suggestions_come_out_of_the_text_index() {
    for plan in in_sqlite(suggested(Dialect::Sqlite)).await {
        assert!(plan.contains("VIRTUAL TABLE INDEX"), "{plan}");
        assert!(!plan.contains("SCAN products_g"), "{plan}");
    }
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn suggestions_in_postgres_come_out_of_the_text_index() {
    for plan in in_postgres(MANY_PRODUCTS, suggested(Dialect::Postgres)).await {
        assert!(
            plan.contains("Bitmap Index Scan on products_text_g1_i0"),
            "{plan}"
        );
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
}

/// What a report reads is what it shows: the whole condition and the order come out of one index.
#[tokio::test]
async fn figures_are_ranges_of_an_index() {
    let plans = in_sqlite(figures()).await;
    let range = "(scope=? AND dimension=? AND value=? AND currency=? AND period>? AND period<?)";
    assert!(plans[0].contains(range), "{}", plans[0]);
    assert!(plans[1].contains(range), "{}", plans[1]);
    let end = "(scope=? AND dimension=? AND currency=? AND period=?)";
    for plan in &plans[2..4] {
        assert!(plan.contains(end), "{plan}");
    }
    for plan in &plans[4..] {
        assert!(plan.contains("(period>? AND period<?)"), "{plan}");
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

fn sums_of_the_chain() -> Vec<Statement> {
    let day = noon().date_naive();
    let span = RevenueSpan {
        from: day,
        to: day,
        currency: Currency::GBP,
    };
    let groups = [
        RevenueGroup::Day,
        RevenueGroup::Branch,
        RevenueGroup::Region,
        RevenueGroup::Category,
    ];
    let sums = groups.map(|group| daily_reports::list(span, group, LIMIT));
    let days = [None, Some(BranchId::default())].map(|branch| daily_reports::days(branch, (day, day), LIMIT));
    sums.into_iter().chain(days).collect()
}

#[tokio::test]
async fn reports_of_branches_are_read_for_their_days_alone() {
    for plan in in_sqlite(sums_of_the_chain()).await {
        assert!(plan.contains("day>? AND day<?"), "{plan}");
    }
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
