//! Images of products: in documents, and as files.

use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS};
use events::image::{ImageDescribed, ImageMoved, ImageRemoved, size_key};
use events::product::{ProductArchived, ProductRemoved};
use serde_json::json;

use crate::database::{Database, on_each_database};
use crate::shop::Shop;
use crate::story::*;

on_each_database! {
    a_product_shows_its_images_in_their_order,
    an_image_is_fetched_and_kept_for_ever,
    what_is_not_ready_or_no_longer_there_is_not_found,
    a_blob_that_is_missing_is_no_fault_of_the_clients,
}

/// A mug with an image that is ready in two sizes, and their blobs.
async fn with_image(database: Database) -> Shop {
    let shop = Shop::open(database).await;
    for (digit, bytes) in [("b", "small"), ("c", "large")] {
        let key = size_key(product(1), image(1), &content(digit));
        shop.deps.blobs.put(&key, bytes.into()).await.unwrap();
    }
    let story = [
        of_catalogue(added(1, "Mug", 150)),
        image_added(1, 1),
        image_processed(1, 1),
    ];
    shop.tell(story).await;
    shop
}

fn file(n: u128, file: &str) -> String {
    format!("/api/images/{}/{file}", image(n))
}

async fn a_product_shows_its_images_in_their_order(database: Database) {
    let shop = with_image(database).await;
    let (product_id, image_id) = (product(1), image(2));
    let described = ImageDescribed {
        product_id,
        image_id,
        alt: "Its bottom.".to_owned(),
    };
    let moved = ImageMoved {
        product_id,
        image_id,
        place: 0,
    };
    let position = shop
        .tell([
            image_added(1, 2),
            of_catalogue(described),
            of_catalogue(moved),
            image_added(1, 3),
            image_rejected(1, 3),
        ])
        .await;
    let path = format!("/api/products/{product_id}");
    let shown = shop.get(&path).min(position).await.ok();
    let expected = json!([
        {"id": image(2), "status": "processing", "alt": "Its bottom.", "fault": null, "sizes": []},
        {"id": image(1), "status": "ready", "alt": "A mug.", "fault": null, "sizes": [
            {"width": 160, "height": 80, "bytes": 5, "url": file(1, "160.webp")},
            {"width": 480, "height": 240, "bytes": 5, "url": file(1, "480.webp")},
        ]},
        {"id": image(3), "status": "rejected", "alt": "A mug.", "fault": "undecodable", "sizes": []},
    ]);
    assert_eq!(shown.body["images"], expected);
    let list = shop.get("/api/products").min(position).await.ok();
    assert_eq!(list.items()[0]["images"], expected);
}

async fn an_image_is_fetched_and_kept_for_ever(database: Database) {
    let shop = with_image(database).await;
    let got = shop.get(file(1, "480.webp")).await;
    assert_eq!((got.status.as_u16(), got.text.as_str()), (200, "large"));
    assert_eq!(got.headers[CONTENT_TYPE], "image/webp");
    assert_eq!(got.headers[CONTENT_LENGTH], "5");
    assert_eq!(got.headers[CACHE_CONTROL], "public, max-age=31536000, immutable");
    assert_eq!(got.headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
    got.position();
    let other = shop.get(file(1, "160.webp")).await;
    assert_ne!(other.headers[ETAG], got.headers[ETAG]);
    shop.get(file(1, "480.webp"))
        .if_none_match(got.tag())
        .await
        .unchanged();
    let stale = shop.get(file(1, "480.webp")).if_none_match(other.tag()).await;
    assert_eq!(stale.status, 200);
}

async fn what_is_not_ready_or_no_longer_there_is_not_found(database: Database) {
    let shop = with_image(database).await;
    let archived = ProductArchived {
        product_id: product(1),
    };
    let position = shop.tell([image_added(1, 2), of_catalogue(archived)]).await;
    let missing = async |path: String| {
        shop.get(path).min(position).await.refused(404, "not_found");
    };
    missing(file(2, "160.webp")).await;
    missing(file(1, "500.webp")).await;
    missing(file(1, "160.png")).await;
    missing(file(1, "original")).await;
    missing("/api/images/nobody/160.webp".to_owned()).await;
    let own = shop.get(file(1, "160.webp")).min(position).await;
    assert_eq!(own.status, 200, "its owner looks at what is off sale, too");
    let removed = ImageRemoved {
        product_id: product(1),
        image_id: image(1),
        removed_at: at(9),
    };
    let position = shop.tell([of_catalogue(removed)]).await;
    let gone = shop.get(file(1, "160.webp")).min(position).await;
    gone.refused(404, "not_found");
}

async fn a_blob_that_is_missing_is_no_fault_of_the_clients(database: Database) {
    let shop = with_image(database).await;
    let key = size_key(product(1), image(1), &content("b"));
    shop.deps.blobs.delete(&key).await.unwrap();
    let gone = shop.get(file(1, "160.webp")).await;
    gone.refused(503, "image_unavailable");
    let removed = ProductRemoved {
        product_id: product(1),
    };
    let position = shop.tell([of_catalogue(removed)]).await;
    let gone = shop.get(file(1, "160.webp")).min(position).await;
    gone.refused(404, "not_found");
}
