//! Redis loses everything, restarts, hangs, or comes back with what it had long ago.

use redis::aio::MultiplexedConnection;

use crate::server::Server;
use crate::shop::{Shop, eventually, filling, hit, hit_at, id, name, page, product};

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_flushed_redis_is_filled_again_without_any_event() {
    let server = Server::start().await;
    let shop = Shop::on(server.url()).await;
    let projector = shop.projector().await;
    let reader = shop.process();
    let position = shop.record(&projector, &[product(1, "mug")]).await;
    hit_at(&reader, 1, position).await;
    let before = shop.mark().await.unwrap();
    server.flush().await;
    let hit = hit_at(&reader, 1, position).await;
    assert_eq!((name(&hit.document).as_str(), hit.position), ("mug", position));
    assert_ne!(filling(&before), filling(&shop.mark().await.unwrap()));
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_redis_that_restarts_empty_is_filled_again() {
    let mut server = Server::start().await;
    let shop = Shop::on(server.url()).await;
    let projector = shop.projector().await;
    let reader = shop.process();
    let position = shop.record(&projector, &[product(1, "before")]).await;
    hit_at(&reader, 1, position).await;

    server.kill();
    assert_eq!(reader.document(id(1), None).await, None);
    reader.fill(id(1), product(1, "before").answer().unwrap(), position);
    reader.fill_page(String::new(), page("before"), position);
    let position = shop.record(&projector, &[product(1, "meanwhile")]).await;
    assert_eq!(reader.document(id(1), None).await, None);

    server.restart().await;
    assert_eq!(name(&hit_at(&reader, 1, position).await.document), "meanwhile");
    let position = shop.record(&projector, &[product(1, "after")]).await;
    assert_eq!(name(&hit_at(&reader, 1, position).await.document), "after");
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_redis_that_hangs_holds_nobody_up_and_is_caught_up_with() {
    let server = Server::start().await;
    let shop = Shop::on(server.url()).await;
    let projector = shop.projector().await;
    let reader = shop.process();
    let position = shop
        .record(&projector, &[product(1, "before"), product(2, "plate")])
        .await;
    hit_at(&reader, 1, position).await;
    let before = shop.mark().await.unwrap();

    server.pause();
    let mut position = position;
    for round in 0..20 {
        assert_eq!(reader.document(id(1), None).await, None);
        position = shop
            .record(&projector, &[product(1, &format!("round {round}"))])
            .await;
    }
    server.go_on();
    assert_eq!(name(&hit_at(&reader, 1, position).await.document), "round 19");
    assert_eq!(name(&hit_at(&reader, 2, position).await.document), "plate");
    assert_eq!(
        filling(&before),
        filling(&shop.mark().await.unwrap()),
        "what it still had was gone on with"
    );
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_redis_that_was_never_there_is_a_miss() {
    let mut server = Server::start().await;
    server.kill();
    let shop = Shop::on(server.url()).await;
    let projector = shop.projector().await;
    let reader = shop.process();
    let position = shop.record(&projector, &[product(1, "mug")]).await;
    assert_eq!(reader.document(id(1), None).await, None);
    assert_eq!(reader.page("", None).await, None);
    server.restart().await;
    hit_at(&reader, 1, position).await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_password_that_is_missing_is_noticed_and_no_wall() {
    let server = Server::start().await;
    let shop = Shop::on(server.url()).await;
    let mut redis = shop.redis().await;
    configure(&mut redis, "requirepass", "secret").await;
    let projector = shop.projector().await;
    let reader = shop.process();
    let position = shop.record(&projector, &[product(1, "mug")]).await;
    assert_eq!(reader.document(id(1), None).await, None);
    configure(&mut redis, "requirepass", "").await;
    hit_at(&reader, 1, position).await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_redis_that_takes_no_more_is_written_again_when_it_does() {
    let server = Server::start().await;
    let shop = Shop::on(server.url()).await;
    let projector = shop.projector().await;
    let reader = shop.process();
    let position = shop.record(&projector, &[product(1, "before")]).await;
    hit_at(&reader, 1, position).await;
    let mut redis = shop.redis().await;
    configure(&mut redis, "maxmemory", "1").await;
    let later = shop.record(&projector, &[product(1, "after")]).await;
    let hit = hit(&reader, 1).await;
    assert_eq!((name(&hit.document).as_str(), hit.position), ("before", position));
    configure(&mut redis, "maxmemory", "0").await;
    assert_eq!(name(&hit_at(&reader, 1, later).await.document), "after");
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn what_an_old_snapshot_brings_back_names_its_position_and_is_replaced() {
    let server = Server::start().await;
    let shop = Shop::on(server.url()).await;
    let projector = shop.projector().await;
    let reader = shop.process();
    let old = shop.record(&projector, &[product(1, "old")]).await;
    hit_at(&reader, 1, old).await;
    let mut redis = shop.redis().await;
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut redis).await.unwrap();
    let mut values = redis::cmd("MGET");
    let values: Vec<Vec<u8>> = values.arg(&keys).query_async(&mut redis).await.unwrap();

    let new = shop.record(&projector, &[product(1, "new")]).await;
    hit_at(&reader, 1, new).await;
    let mut restore = redis::cmd("MSET");
    for (key, value) in keys.iter().zip(&values) {
        restore.arg(key).arg(value);
    }
    restore.exec_async(&mut redis).await.unwrap();
    let newest = eventually("the new one is back", async || {
        let hit = reader.document(id(1), None).await?;
        let expected = if hit.position < new { "old" } else { "new" };
        assert_eq!(name(&hit.document), expected, "at {}", hit.position);
        (hit.position >= new).then_some(hit)
    })
    .await;
    assert_eq!(newest.position, new);
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn rubbish_under_our_keys_is_no_answer_and_is_replaced() {
    let shop = Shop::on(test_servers::redis()).await;
    let projector = shop.projector().await;
    let reader = shop.process();
    let position = shop
        .record(&projector, &[product(1, "mug"), product(2, "plate")])
        .await;
    hit_at(&reader, 1, position).await;
    let set = async |name: &str| {
        let key = format!("{{{}}}:1:{name}", shop.prefix);
        let mut set = redis::cmd("SET");
        set.arg(key).arg("rubbish");
        set.exec_async(&mut shop.redis().await).await.unwrap();
    };
    set(&format!("document:{}", id(1))).await;
    assert_eq!(reader.document(id(1), None).await, None);
    set("mark").await;
    hit_at(&reader, 1, position).await;
}

async fn configure(redis: &mut MultiplexedConnection, name: &str, value: &str) {
    let mut set = redis::cmd("CONFIG");
    set.arg("SET").arg(name).arg(value);
    set.exec_async(redis).await.unwrap();
}
