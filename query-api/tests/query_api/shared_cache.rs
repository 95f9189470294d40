//! The catalogue out of a Redis that the projector's process fills and the query API's reads.
//!
//! What came out of it is told from what came out of SQL by a mark that SQL doesn't have: a third process offers it.

use std::time::Duration;

use events::envelope::Position;
use events::product::ProductDetailsChanged;
use query_api::PATIENCE;
use read_models::cache::{Document, ProductCache, RedisCache, RedisSettings};

use crate::database::Database;
use crate::shop::Shop;
use crate::story::*;

/// Far more than anything takes; only a test that fails waits so long.
const LONG: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(5);

fn cache(prefix: &str) -> ProductCache {
    let settings = RedisSettings {
        url: test_servers::redis(),
        ca_file: None,
        key_prefix: prefix.to_owned(),
    };
    ProductCache::Redis(RedisCache::connect(&settings).unwrap())
}

async fn until(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let looking = async {
        while !look().await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let seen = tokio::time::timeout(LONG, looking).await;
    seen.unwrap_or_else(|_| panic!("never came true: {what}"));
}

fn planted(body: &str) -> Document {
    Document {
        body: body.to_owned().into(),
        etag: "\"planted\"".into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs servers: cargo xtask test"]
async fn details_and_lists_come_out_of_redis_and_follow_every_change() {
    let prefix = test_servers::new_name();
    let shop = Shop::with(Database::Postgres, PATIENCE, |views| {
        views.with_cache(cache(&prefix))
    })
    .await;
    let third = cache(&prefix);
    let mut position: Position = shop.tell([of_catalogue(added(1, "Red Mug", 150))]).await;
    let (detail, list) = (format!("/api/products/{}", product(1)), "/api/products?sort=name");
    for (round, name) in ["Blue Mug", "Green Mug"].into_iter().enumerate() {
        let (body, page) = (
            format!("{{\"planted\":{round}}}"),
            format!("{{\"items\":[{round}]}}"),
        );
        until("Redis reflects the last change", async || {
            third.document(product(1), Some(position)).await.is_some()
        })
        .await;
        until("both are answered out of Redis", async || {
            // Again and again: an offer may be lost, and a query that found nothing offers what SQL has.
            third.fill(product(1), planted(&body), position);
            third.fill_page("sort=name".to_owned(), planted(&page), position);
            let (one, all) = (shop.get(&detail).await.ok(), shop.get(list).await.ok());
            assert!(one.position() >= position && all.position() >= position);
            one.text == body && all.text == page
        })
        .await;

        let change = ProductDetailsChanged {
            product_id: product(1),
            name: name.to_owned(),
            description: String::new(),
            category: None,
        };
        position = shop.tell([of_catalogue(change)]).await;
        let one = shop.get(&detail).min(position).await.ok();
        assert_eq!(
            (one.body["name"].as_str(), one.position()),
            (Some(name), position)
        );
        let all = shop.get(list).min(position).await.ok();
        assert_eq!((all.each("name"), all.position()), (vec![name], position));
    }
}
