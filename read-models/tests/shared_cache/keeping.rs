//! While all is well: what readers find, miss and offer.

use read_models::cache::Hit;

use crate::shop::{Shop, eventually, filling, hit, hit_at, id, name, page, product, removed};

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn another_process_reads_what_the_projector_keeps() {
    let shop = Shop::on(test_servers::redis()).await;
    let before = shop.commit(&[product(1, "mug"), product(2, "plate")]).await;
    let (projector, reader) = (shop.projector().await, shop.process());
    let hit = hit_at(&reader, 1, before).await;
    assert_eq!(Some(hit.document), product(1, "mug").answer());
    assert_eq!(hit.position, before);

    let position = shop.record(&projector, &[product(1, "red mug")]).await;
    assert_eq!(name(&hit_at(&reader, 1, position).await.document), "red mug");
    assert_eq!(name(&hit_at(&reader, 2, position).await.document), "plate");
    assert_eq!(
        reader.document(id(2), Some(position + 1)).await,
        None,
        "that is in the future"
    );

    let position = shop.record(&projector, &[removed(1), product(3, "bowl")]).await;
    hit_at(&reader, 3, position).await;
    assert_eq!(reader.document(id(1), None).await, None);
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn more_products_than_one_part_are_filled_in() {
    let shop = Shop::on(test_servers::redis()).await;
    let products: Vec<_> = (1..=1_201).map(|n| product(n, &format!("thing {n}"))).collect();
    let position = shop.commit(&products).await;
    let _projector = shop.projector().await;
    let reader = shop.process();
    hit_at(&reader, 1, position).await;
    for product in &products {
        let hit = hit_at(&reader, product.document.id.0.as_u128(), position).await;
        assert_eq!(Some(hit.document), product.answer());
    }
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_page_is_true_until_any_product_changes() {
    let shop = Shop::on(test_servers::redis()).await;
    let projector = shop.projector().await;
    let (reader, other) = (shop.process(), shop.process());
    let position = shop.record(&projector, &[product(1, "mug")]).await;
    hit_at(&reader, 1, position).await;
    reader.fill_page("sort=name".to_owned(), page("mug"), position);
    let hit = eventually("the page is there", async || other.page("sort=name", None).await).await;
    let document = page("mug");
    assert_eq!(hit, Hit { document, position });
    assert_eq!(other.page("sort=price", None).await, None);

    let position = shop.record(&projector, &[]).await;
    hit_at(&reader, 1, position).await;
    let hit = eventually("the page is still there", async || {
        other.page("sort=name", None).await
    })
    .await;
    assert_eq!((hit.document, hit.position), (page("mug"), position));
    assert_eq!(other.page("sort=name", Some(position + 1)).await, None);

    let changed = shop.record(&projector, &[product(2, "plate")]).await;
    hit_at(&reader, 2, changed).await;
    assert_eq!(other.page("sort=name", None).await, None);
    reader.fill_page("sort=name".to_owned(), page("too old"), position);
    reader.fill_page("sort=price".to_owned(), page("mug, plate"), changed);
    eventually("the newer page is there", async || {
        other.page("sort=price", None).await
    })
    .await;
    assert_eq!(other.page("sort=name", None).await, None);
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn what_redis_has_evicted_is_offered_again_unless_it_may_have_changed() {
    let shop = Shop::on(test_servers::redis()).await;
    let projector = shop.projector().await;
    let reader = shop.process();
    let old = shop
        .record(&projector, &[product(1, "old"), product(2, "plate")])
        .await;
    let position = shop.record(&projector, &[product(1, "new")]).await;
    hit_at(&reader, 1, position).await;
    for n in [1, 2] {
        let key = format!("{{{}}}:1:document:{}", shop.prefix, id(n));
        let gone: i64 = redis::cmd("DEL")
            .arg(key)
            .query_async(&mut shop.redis().await)
            .await
            .unwrap();
        assert_eq!(gone, 1);
        assert_eq!(reader.document(id(n), None).await, None);
    }
    reader.fill(id(1), product(1, "old").answer().unwrap(), old);
    let (read, read_at) = shop.read(id(2)).await;
    reader.fill(id(2), read.unwrap(), read_at);
    hit_at(&reader, 2, position).await;
    assert_eq!(
        reader.document(id(1), None).await,
        None,
        "what was read before is refused"
    );
    reader.fill(id(1), product(1, "new").answer().unwrap(), position);
    assert_eq!(name(&hit_at(&reader, 1, position).await.document), "new");
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_projector_that_begins_again_where_it_was_goes_on() {
    let shop = Shop::on(test_servers::redis()).await;
    let projector = shop.projector().await;
    let reader = shop.process();
    let position = shop.record(&projector, &[product(1, "one")]).await;
    hit_at(&reader, 1, position).await;
    let before = shop.mark().await.unwrap();
    shop.keep(&projector).await;
    projector.stop_keeping();
    shop.keep(&projector).await;
    let position = shop.record(&projector, &[product(1, "two")]).await;
    assert_eq!(name(&hit_at(&reader, 1, position).await.document), "two");
    assert_eq!(filling(&before), filling(&shop.mark().await.unwrap()));
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn what_stays_behind_when_the_projector_ends_names_its_position() {
    let shop = Shop::on(test_servers::redis()).await;
    let projector = shop.projector().await;
    let reader = shop.process();
    let position = shop.record(&projector, &[product(1, "one")]).await;
    hit_at(&reader, 1, position).await;
    projector.stop_keeping();
    let later = shop.record(&projector, &[product(1, "two")]).await;
    let hit = hit(&reader, 1).await;
    assert_eq!((name(&hit.document).as_str(), hit.position), ("one", position));
    assert_eq!(reader.document(id(1), Some(later)).await, None);
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn what_was_removed_while_nobody_kept_it_is_gone() {
    let shop = Shop::on(test_servers::redis()).await;
    let projector = shop.projector().await;
    let reader = shop.process();
    let position = shop.record(&projector, &[product(1, "mug")]).await;
    hit_at(&reader, 1, position).await;
    drop(projector);
    let position = shop.commit(&[removed(1), product(2, "plate")]).await;
    let _next = shop.projector().await;
    hit_at(&reader, 2, position).await;
    assert_eq!(reader.document(id(1), None).await, None);
}
