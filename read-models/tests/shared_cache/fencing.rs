//! Projectors that crash, take over, and come back when they shouldn't.

use crate::shop::{Shop, eventually, filling, hit, hit_at, id, name, product};

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn what_a_crash_left_unwritten_is_there_after_the_next_start() {
    let shop = Shop::on(test_servers::redis()).await;
    let crashing = shop.projector().await;
    let reader = shop.process();
    let before = shop.record(&crashing, &[product(1, "before")]).await;
    hit_at(&reader, 1, before).await;
    // The commit is in SQL, and the process dies before it can tell.
    let after = shop.commit(&[product(1, "after")]).await;
    drop(crashing);
    let hit = hit(&reader, 1).await;
    assert_eq!((name(&hit.document).as_str(), hit.position), ("before", before));

    let _restarted = shop.projector().await;
    assert_eq!(name(&hit_at(&reader, 1, after).await.document), "after");
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_projector_that_missed_a_commit_fills_anew() {
    let shop = Shop::on(test_servers::redis()).await;
    let projector = shop.projector().await;
    let reader = shop.process();
    let position = shop
        .record(&projector, &[product(1, "one"), product(2, "one")])
        .await;
    hit_at(&reader, 1, position).await;
    shop.commit(&[product(1, "two")]).await;
    shop.keep(&projector).await;
    let position = shop.record(&projector, &[product(2, "three")]).await;
    assert_eq!(name(&hit_at(&reader, 1, position).await.document), "two");
    assert_eq!(name(&hit_at(&reader, 2, position).await.document), "three");
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_revenant_changes_nothing() {
    let shop = Shop::on(test_servers::redis()).await;
    let revenant = shop.projector().await;
    let reader = shop.process();
    let position = shop.record(&revenant, &[product(1, "one")]).await;
    hit_at(&reader, 1, position).await;
    let its_mark = shop.mark().await.unwrap();

    let successor = shop.projector().await;
    eventually("the successor has taken over", async || {
        let mark = shop.mark().await?;
        (filling(&mark) != filling(&its_mark) && mark.contains(" complete ")).then_some(())
    })
    .await;
    let position = shop.record(&successor, &[product(1, "two")]).await;
    // It had this on its way when it was stopped, and SQL has refused its commit since.
    revenant.change(position, &[product(1, "revenant")]);
    let mut position = position;
    for round in 0..50 {
        position = shop
            .record(&successor, &[product(1, &format!("round {round}"))])
            .await;
        let hit = reader.document(id(1), None).await;
        assert!(hit.is_none_or(|hit| name(&hit.document) != "revenant"));
    }
    assert_eq!(name(&hit_at(&reader, 1, position).await.document), "round 49");
    // Once it has seen that it isn't the one, nobody disturbs the successor.
    let mark = eventually("the mark is the successor's", async || {
        let mark = shop.mark().await?;
        let next = shop.record(&successor, &[]).await;
        hit_at(&reader, 1, next).await;
        (filling(&mark) == filling(&shop.mark().await?)).then_some(mark)
    })
    .await;
    assert_ne!(filling(&mark), filling(&its_mark));
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_stale_projector_cannot_fill_what_was_flushed() {
    let shop = Shop::on(test_servers::redis()).await;
    let stale = shop.projector().await;
    let reader = shop.process();
    let position = shop.record(&stale, &[product(1, "one")]).await;
    hit_at(&reader, 1, position).await;
    // Somebody else has gone on in SQL, and the mark is gone.
    let position = shop.commit(&[product(1, "two")]).await;
    let key = format!("{{{}}}:1:mark", shop.prefix);
    redis::cmd("DEL")
        .arg(key)
        .exec_async(&mut shop.redis().await)
        .await
        .unwrap();
    let fresh = shop.projector().await;
    hit_at(&reader, 1, position).await;
    let mark = shop.mark().await.unwrap();
    let position = shop.record(&fresh, &[product(1, "three")]).await;
    assert_eq!(name(&hit_at(&reader, 1, position).await.document), "three");
    assert_eq!(filling(&mark), filling(&shop.mark().await.unwrap()));
}
