//! Uploads that are made into what is shown, and blobs that nobody needs any more.

use std::io::Cursor;

use chrono::TimeDelta;
use domain::Authority;
use domain::catalogue;
use domain::images::{self, RemoveImage};
use domain::product::Product;
use events::Event;
use events::ids::{ImageId, ProductId};
use events::image::{
    ContentHash, ImageAdded, ImageFault, ImageFormat, ImageProcessed, original_key, size_key,
};
use events::product::ProductEvent;
use futures::TryStreamExt;
use image::{DynamicImage, RgbImage};
use platform::event_log::EventLog;
use workers::intents::Lane;

use crate::shop::{Shop, on_both, until};

on_both! {
    an_upload_is_made_into_its_sizes,
    what_is_no_image_is_rejected_and_thrown_away_in_its_time,
    a_removed_image_is_thrown_away_in_its_time,
    a_crash_in_the_middle_is_made_good,
    what_no_event_ever_named_is_swept_away_once_it_is_old,
}

/// Longer than blobs outlive their image.
const GRACE: TimeDelta = TimeDelta::hours(1);

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = vec![];
    DynamicImage::from(RgbImage::new(width, height))
        .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
        .unwrap();
    bytes
}

fn hash(bytes: &[u8]) -> ContentHash {
    use sha2::{Digest, Sha256};
    ContentHash::new(hex::encode(Sha256::digest(bytes))).unwrap()
}

async fn tell(shop: &Shop, product_id: ProductId, image_id: ImageId, upload: &[u8]) {
    let added = ImageAdded {
        product_id,
        image_id,
        original: hash(upload),
        format: ImageFormat::Png,
        bytes: upload.len() as u64,
        width: 500,
        height: 250,
        alt: String::new(),
        added_at: shop.now(),
    };
    shop.command(|work| images::add_image(work, Authority::Staff, &added))
        .await;
}

/// Uploaded to the product that the shop has.
async fn upload(shop: &Shop, bytes: Vec<u8>) -> (ProductId, ImageId) {
    let (product_id, image_id) = (product(shop).await, ImageId::generate());
    let key = original_key(product_id, image_id, &hash(&bytes));
    shop.blobs.put(&key, bytes.clone().into()).await.unwrap();
    tell(shop, product_id, image_id, &bytes).await;
    (product_id, image_id)
}

async fn events(shop: &Shop) -> Vec<ProductEvent> {
    let recorded = shop.log.read(0, EventLog::READ_LIMIT).await.unwrap();
    let events = recorded.iter().map(|event| Event::decode(event).unwrap());
    events
        .filter_map(|event| ProductEvent::try_from(event).ok())
        .collect()
}

async fn product(shop: &Shop) -> ProductId {
    let events = events(shop).await;
    let added = events.iter().find_map(|event| match event {
        ProductEvent::ProductAdded(added) => Some(added.product_id),
        _ => None,
    });
    added.unwrap()
}

async fn processed(shop: &Shop, image_id: ImageId) -> Option<ImageProcessed> {
    events(shop).await.into_iter().find_map(|event| match event {
        ProductEvent::ImageProcessed(processed) if processed.image_id == image_id => Some(processed),
        _ => None,
    })
}

async fn until_processed(shop: &Shop, image_id: ImageId) -> ImageProcessed {
    until("the image is ready", async || {
        processed(shop, image_id).await.is_some()
    })
    .await;
    processed(shop, image_id).await.unwrap()
}

async fn blobs(shop: &Shop) -> usize {
    let listed: Vec<_> = shop.blobs.list("images").unwrap().try_collect().await.unwrap();
    listed.len()
}

/// As the command API leaves it if it dies before it tells of it.
async fn left_over(shop: &Shop, product_id: ProductId) -> String {
    let bytes = png(30, 30);
    let key = original_key(product_id, ImageId::generate(), &hash(&bytes));
    shop.blobs.put(&key, bytes.into()).await.unwrap();
    key
}

/// Neither an old blob that the log names, wanted or not, nor a new one of which it may yet speak.
async fn what_no_event_ever_named_is_swept_away_once_it_is_old(shop: Shop) {
    const OLD: TimeDelta = TimeDelta::days(2);
    let (product_id, image_id) = upload(&shop, png(500, 250)).await;
    let (_, removed) = upload(&shop, png(40, 40)).await;
    let remove = RemoveImage {
        product_id,
        image_id: removed,
        by: Authority::Staff,
        expected_version: None,
        at: shop.now(),
    };
    shop.command(|work| images::remove_image(work, &remove)).await;
    for entry in shop
        .blobs
        .list("images")
        .unwrap()
        .try_collect::<Vec<_>>()
        .await
        .unwrap()
    {
        shop.age_blob(&entry.key, OLD);
    }
    let new = left_over(&shop, product_id).await;
    let (known, unknown) = (
        left_over(&shop, product_id).await,
        left_over(&shop, ProductId::generate()).await,
    );
    shop.age_blob(&known, OLD);
    shop.age_blob(&unknown, OLD);
    // None of ours, whatever it is.
    shop.blobs.put("images/readme", "x".into()).await.unwrap();
    shop.age_blob("images/readme", OLD);

    let is_there = async |key: &str| shop.blobs.length(key).await.unwrap().is_some();
    let workers = shop.work().await;
    until("what is left over is gone", async || {
        !is_there(&known).await && !is_there(&unknown).await
    })
    .await;
    assert!(is_there(&new).await && is_there("images/readme").await);
    assert!(is_there(&original_key(product_id, removed, &hash(&png(40, 40)))).await);
    until_processed(&shop, image_id).await;
    assert!(is_there(&original_key(product_id, image_id, &hash(&png(500, 250)))).await);
    workers.stop().await;
    shop.close().await;
}

async fn an_upload_is_made_into_its_sizes(shop: Shop) {
    let workers = shop.work().await;
    let (product_id, image_id) = upload(&shop, png(500, 250)).await;
    let processed = until_processed(&shop, image_id).await;
    let sides: Vec<_> = processed
        .sizes
        .iter()
        .map(|size| (size.width, size.height))
        .collect();
    assert_eq!(sides, [(160, 80), (480, 240), (500, 250)]);
    for size in &processed.sizes {
        let key = size_key(product_id, image_id, &size.content);
        let blob = shop.blobs.get(&key).await.unwrap().expect("it is kept");
        let bytes = blob.into_bytes(size.bytes).await.unwrap();
        assert_eq!(hash(&bytes), size.content);
        let shown = image::load_from_memory_with_format(&bytes, image::ImageFormat::WebP).unwrap();
        assert_eq!((shown.width(), shown.height()), (size.width, size.height));
    }
    assert_eq!(
        blobs(&shop).await,
        4,
        "the upload is kept for the sizes of later days"
    );
    workers.stop().await;
    shop.close().await;
}

async fn what_is_no_image_is_rejected_and_thrown_away_in_its_time(shop: Shop) {
    let workers = shop.work().await;
    let mut half = png(500, 250);
    half.truncate(half.len() / 2);
    let (_, image_id) = upload(&shop, half).await;
    let rejected = async || {
        events(&shop).await.into_iter().find_map(|event| match event {
            ProductEvent::ImageRejected(rejected) => Some((rejected.image_id, rejected.fault)),
            _ => None,
        })
    };
    until("the image is rejected", async || rejected().await.is_some()).await;
    assert_eq!(rejected().await, Some((image_id, ImageFault::Undecodable)));
    workers.until_planned(&shop).await;
    assert_eq!(blobs(&shop).await, 1, "it isn't time");
    shop.clock.advance(GRACE);
    until("the upload is gone", async || blobs(&shop).await == 0).await;
    workers.until_count(Lane::Timers, "done", 1).await;
    workers.stop().await;
    shop.close().await;
}

async fn a_removed_image_is_thrown_away_in_its_time(shop: Shop) {
    let workers = shop.work().await;
    let (product_id, gone) = upload(&shop, png(20, 20)).await;
    let (_, kept) = upload(&shop, png(30, 30)).await;
    until_processed(&shop, gone).await;
    until_processed(&shop, kept).await;
    let remove = RemoveImage {
        product_id,
        image_id: gone,
        by: Authority::Staff,
        expected_version: None,
        at: shop.now(),
    };
    shop.command(|work| images::remove_image(work, &remove)).await;
    workers.until_planned(&shop).await;
    assert_eq!(blobs(&shop).await, 4, "it isn't time");
    shop.clock.advance(GRACE);
    until("its blobs are gone", async || blobs(&shop).await == 2).await;
    shop.command(|work| catalogue::remove_product(work, product_id, Authority::Staff, None))
        .await;
    workers.until_planned(&shop).await;
    shop.clock.advance(GRACE);
    until("the product's are gone, too", async || blobs(&shop).await == 0).await;
    workers.stop().await;
    shop.close().await;
}

/// The end of the effect is forgotten, and its sizes are half written: as a crash at any moment leaves things.
async fn a_crash_in_the_middle_is_made_good(shop: Shop) {
    let workers = shop.work().await;
    let (product_id, image_id) = upload(&shop, png(20, 20)).await;
    let processed = until_processed(&shop, image_id).await;
    workers.until_count(Lane::Images, "done", 1).await;
    workers.stop().await;
    shop.undo_done().await;
    let workers = shop.work().await;
    workers.until_count(Lane::Images, "done", 1).await;
    let told = events(&shop).await;
    let told = told
        .iter()
        .filter(|event| matches!(event, ProductEvent::ImageProcessed(_)));
    assert_eq!(told.count(), 1);
    assert_eq!(blobs(&shop).await, 2);
    let key = size_key(product_id, image_id, &processed.sizes[0].content);
    assert!(shop.blobs.get(&key).await.unwrap().is_some());
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn an_upload_that_is_not_there_yet_is_waited_for_and_then_parked() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let (product_id, image_id) = (product(&shop).await, ImageId::generate());
    let bytes = png(20, 20);
    tell(&shop, product_id, image_id, &bytes).await;
    workers.until_waiting(Lane::Images).await;
    let parked = workers.until_parked(&shop, Lane::Images).await;
    assert_eq!(
        (parked.len(), parked[0].kind.as_str()),
        (1, "process_image"),
        "{parked:?}"
    );
    assert!(parked[0].last_error.contains("there is no blob"), "{parked:?}");
    // Others don't wait for it.
    let (_, other) = upload(&shop, png(20, 20)).await;
    until_processed(&shop, other).await;
    let key = original_key(product_id, image_id, &hash(&bytes));
    shop.blobs.put(&key, bytes.into()).await.unwrap();
    workers.intents.resend(parked[0].id).await.unwrap();
    until_processed(&shop, image_id).await;
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn what_was_removed_meanwhile_is_left_alone() {
    let shop = Shop::open().await;
    let (product_id, image_id) = upload(&shop, png(20, 20)).await;
    let remove = RemoveImage {
        product_id,
        image_id,
        by: Authority::Staff,
        expected_version: None,
        at: shop.now(),
    };
    shop.command(|work| images::remove_image(work, &remove)).await;
    let workers = shop.work().await;
    workers.until_count(Lane::Images, "done", 1).await;
    assert!(processed(&shop, image_id).await.is_none());
    let product = shop.command(|work| Ok(work.read::<Product>(product_id)?.images().has(image_id)));
    assert!(!product.await);
    shop.clock.advance(GRACE);
    until("the upload is gone", async || blobs(&shop).await == 0).await;
    workers.stop().await;
    shop.close().await;
}
