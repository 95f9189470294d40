//! More matches than are counted: facets are of the newest of them, in both databases, and say so.

use platform::postgres::{self, PostgresTarget};
use sqlx::AnyConnection;

use super::facets;
use super::product_filter::{OptionFilters, ProductFilter};
use crate::views::{POSTGRES_SCHEMA, Views};

/// 5,003 products: all but every fifth in red, the oldest three in green, too. None is one of a kind.
const MANY_PRODUCTS: &str = "\
    INSERT INTO products_g1 (id, number, status, sort_name, currency, min_price_minor, max_price_minor, available, in_stock, \
         one_of_a_kind, rating, added_at, version, position, unlisted, ratings, image_sizes, doc) \
     WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5003) \
         SELECT n, n, 'active', n, 'GBP', n, n, 1, 1, 0, 0, n, 1, n, '{}', '[]', '{}', '{}' FROM n; \
    INSERT INTO product_options_g1 (number, name, value_key, value, in_stock) \
     WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5003) \
         SELECT n, 'colour', 'red', 'Red', 1 FROM n WHERE n % 5 > 0; \
    INSERT INTO product_options_g1 (number, name, value_key, value, in_stock) \
         VALUES (1, 'colour', 'green', 'Green', 1), (2, 'colour', 'green', 'green', 1), (3, 'colour', 'green', 'g', 0)";

async fn facets_of_many_are_of_the_newest(conn: &mut AnyConnection) {
    let all = ProductFilter {
        one_of_a_kind: Some(false),
        ..ProductFilter::default()
    };
    let options = facets::options(conn, &all).await.unwrap();
    assert!(options.is_partial);
    let values: Vec<_> = options.values.iter().map(|option| &option.values).collect();
    assert_eq!(values, [&vec![("Red".to_owned(), 4_000)]]);
    let sellers = facets::sellers(conn, &all).await.unwrap();
    assert!(sellers.is_partial);
    assert_eq!(sellers.values, [(None, 5_000)]);
    let categories = facets::categories(conn, &all).await.unwrap();
    assert!(categories.is_partial);
    let prices = facets::prices(conn, &all, "GBP".parse().unwrap()).await.unwrap();
    let counted: i64 = prices.values.iter().map(|band| band.products).sum();
    assert_eq!((prices.is_partial, counted), (true, 5_000));

    let green = ProductFilter {
        options: OptionFilters::from([("size".to_owned(), ["s".to_owned()].into())]),
        ..all.clone()
    };
    let none = facets::sellers(conn, &green).await.unwrap();
    assert!(!none.is_partial && none.values.is_empty());
    let in_stock = ProductFilter {
        in_stock: Some(false),
        ..all
    };
    let lacking = facets::options(conn, &in_stock).await.unwrap();
    assert!(lacking.values.is_empty(), "the only one is older: {lacking:?}");
}

#[tokio::test]
async fn facets_of_many_matches_are_counted_up_to_a_bound() {
    let dir = tempfile::tempdir().unwrap();
    let views = Views::open_sqlite(&dir.path().join("views.db")).await.unwrap();
    let mut tx = views.begin_write().await.unwrap();
    sqlx::raw_sql(MANY_PRODUCTS).execute(&mut *tx).await.unwrap();
    facets_of_many_are_of_the_newest(&mut tx).await;
    tx.rollback().await.unwrap();
    views.close().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn facets_of_many_matches_in_postgres_are_counted_up_to_a_bound() {
    let url = test_servers::new_database().await;
    let target = PostgresTarget::parse(&url, "test of read models").unwrap();
    postgres::migrate(&target, &POSTGRES_SCHEMA).await.unwrap();
    let views = Views::open_postgres_writer(&target).await.unwrap();
    let mut tx = views.begin_write().await.unwrap();
    sqlx::raw_sql(MANY_PRODUCTS).execute(&mut *tx).await.unwrap();
    facets_of_many_are_of_the_newest(&mut tx).await;
    tx.rollback().await.unwrap();
    views.close().await;
}
