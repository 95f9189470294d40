//! A projector that follows the log: what it leaves in the views, and what it tells the process.

use std::sync::Arc;

use bytes::Bytes;
use events::Event;
use events::product::{ProductEvent, ProductRemoved, VariantAdded, VariantRemoved};
use read_models::ViewName;
use read_models::cache::{Document, ProductCache};
use read_models::orders::{Order, OrderStatus};
use read_models::product_history::ProductEntry;
use read_models::products::{Product, VariantOf};
use sqlx::{AssertSqlSafe, Row};

use crate::database::{Database, on_each_database};
use crate::shop::{Shop, digests};
use crate::story::*;

on_each_database! {
    what_is_recorded_can_be_read_at_its_position,
    it_goes_on_where_it_stopped,
    a_search_finds_words_beginnings_and_skus_of_what_is_to_be_seen,
    a_sku_may_move_to_another_product_in_one_batch_or_in_two,
    a_cached_answer_is_replaced_before_its_position_is_told,
}

/// The names of the products that a search finds, best first.
async fn search(shop: &Shop, typed: &str) -> Vec<String> {
    let dialect = shop.views.dialect();
    let query = format!(
        "SELECT products.sort_name FROM products {} WHERE {} ORDER BY {}, products.id",
        dialect.search_join(),
        dialect.search_condition(1),
        dialect.search_rank(1),
    );
    let rows = sqlx::query(AssertSqlSafe(query))
        .bind(dialect.search_expression(typed))
        .fetch_all(shop.views.reader())
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn what_is_recorded_can_be_read_at_its_position(database: Database) {
    let mut shop = Shop::open(database).await;
    let projector = shop.project();
    let position = shop
        .record([added(1, "mug", 150), received(1, 5), placed(1), paid(1, at(10))])
        .await;
    projector.reach(position).await;

    let product: Product = shop.views.find(&product(1)).await.unwrap().unwrap();
    assert_eq!(product.document.variants[0].available, 5);
    let order: Order = shop.views.find(&order(1)).await.unwrap().unwrap();
    assert_eq!(order.document.status, OrderStatus::Paid);
    assert_eq!(order.contact.0, "sealed 1");
    let owner: VariantOf = shop.views.find(&sku(1, 'a')).await.unwrap().unwrap();
    assert_eq!(owner.product_id, product.document.id);
    let entry: Option<ProductEntry> = shop.views.find(&(owner.product_id, 2)).await.unwrap();
    assert_eq!(entry.unwrap().event, "StockReceived");
    let stored = shop.views.stored_positions().await.unwrap();
    assert!(ViewName::ALL.into_iter().all(|view| stored.of(view) == position));
    projector.stop().await;
}

async fn it_goes_on_where_it_stopped(database: Database) {
    let mut shop = Shop::open(database).await;
    for round in 1..=3 {
        let projector = shop.project();
        let position = shop.record([added(round, "mug", 150), received(round, 5)]).await;
        projector.reach(position).await;
        projector.stop().await;
    }
    assert_eq!(digests(&shop.views).await, shop.fresh_digests().await);
}

async fn a_search_finds_words_beginnings_and_skus_of_what_is_to_be_seen(database: Database) {
    let mut shop = Shop::open(database).await;
    let removed = ProductEvent::ProductRemoved(ProductRemoved {
        product_id: product(3),
    });
    let story = [
        added(1, "Red mug", 150),
        added(2, "Crème candle", 200),
        added(3, "Red plate", 300),
        received(1, 5),
        removed.into(),
    ];
    let projector = shop.project();
    let position = shop.record(story).await;
    projector.reach(position).await;
    assert_eq!(search(&shop, "red").await, ["red mug"]);
    assert_eq!(search(&shop, "creme").await, ["crème candle"]);
    assert_eq!(search(&shop, "can").await, ["crème candle"]);
    assert_eq!(search(&shop, "2a").await, ["crème candle"]);
    assert!(search(&shop, "red candle").await.is_empty());
    projector.stop().await;
}

async fn a_sku_may_move_to_another_product_in_one_batch_or_in_two(database: Database) {
    let moves = [
        Event::from(ProductEvent::VariantRemoved(VariantRemoved {
            product_id: product(1),
            sku: sku(1, 'a'),
        })),
        ProductEvent::VariantAdded(VariantAdded {
            product_id: product(2),
            variant: variant(1, 'a', 700),
        })
        .into(),
    ];
    let mut shop = Shop::open(database).await;
    let projector = shop.project();
    for event in [added(1, "mug", 150), added(2, "plate", 300)]
        .into_iter()
        .chain(moves)
    {
        let position = shop.record([event]).await;
        projector.reach(position).await;
    }
    let owner: VariantOf = shop.views.find(&sku(1, 'a')).await.unwrap().unwrap();
    assert_eq!(owner.product_id, product(2));
    assert_eq!(digests(&shop.views).await, shop.fresh_digests().await);
    projector.stop().await;
}

async fn a_cached_answer_is_replaced_before_its_position_is_told(database: Database) {
    let mut shop = Shop::open(database).await;
    let projector = shop.project();
    let position = shop.record([added(1, "mug", 150)]).await;
    projector.reach(position).await;
    let views = shop.views.clone();
    let ProductCache::Memory(cache) = views.cache() else {
        panic!("views that were opened alone have a cache in memory");
    };
    let first: Product = shop.views.find(&product(1)).await.unwrap().unwrap();
    assert!(cache.fill(product(1), first.answer().unwrap(), position));
    let page = Document {
        body: Bytes::from_static(b"[]"),
        etag: Arc::from("\"1\""),
    };
    assert!(cache.fill_page("sort=name".to_owned(), page.clone(), position));

    // An order is no change of the catalogue.
    let position = shop.record([placed(1)]).await;
    projector.reach(position).await;
    assert_eq!(cache.page("sort=name"), Some(page));
    assert_eq!(cache.position(), position);

    let position = shop.record([received(1, 5)]).await;
    projector.reach(position).await;
    let second: Product = shop.views.find(&product(1)).await.unwrap().unwrap();
    assert_ne!(first, second);
    assert_eq!(cache.document(product(1)), second.answer());
    assert_eq!(cache.page("sort=name"), None);
    assert!(!cache.fill(product(1), first.answer().unwrap(), position - 1));

    projector.stop().await;
    assert_eq!(cache.document(product(1)), None);
}
