//! Rebuilds: the same bytes, no downtime, and nothing left over.

use std::sync::Mutex;

use events::Event;
use projectors::{RebuildError, RebuildProgress, rebuild};
use read_models::orders::Order;
use read_models::products::Product;
use read_models::{ViewName, Views};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::database::{Database, on_each_database};
use crate::shop::{Shop, digests, generations};
use crate::story::*;

on_each_database! {
    a_rebuild_gives_the_same_bytes_and_tells_how_far_it_is,
    a_rebuild_repairs_rows_that_somebody_has_damaged,
    while_events_keep_coming_readers_notice_nothing,
    killed_in_the_middle_it_leaves_what_is_served_and_the_next_start_cleans_up,
    stopped_it_cleans_up_after_itself,
    of_two_rebuilds_the_later_one_wins,
    a_raised_version_is_filled_beside_the_old_one_and_swapped_in,
    a_view_that_is_far_behind_catches_up_beside_the_others,
}

/// Enough for several batches.
fn long_story() -> Vec<Event> {
    let products = (1..=30).map(|n| added(n, "mug", 150));
    let stock = (0..5_000).map(|n| received(n % 30 + 1, 2));
    products.chain(stock).collect()
}

async fn filled(database: Database) -> Shop {
    let mut shop = Shop::open(database).await;
    let head = shop.record(long_story()).await;
    let projector = shop.project();
    projector.reach(head).await;
    projector.stop().await;
    shop
}

async fn a_rebuild_gives_the_same_bytes_and_tells_how_far_it_is(database: Database) {
    let shop = filled(database).await;
    let before = digests(&shop.views).await;
    let told = Mutex::new(Vec::new());
    let tell = |progress: RebuildProgress| told.lock().unwrap().push(progress);
    let names = [ViewName::Products, ViewName::Orders];
    rebuild(&shop.log, &shop.views, &names, tell, &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(digests(&shop.views).await, before);
    assert_eq!(generations(&shop.views).await, ViewName::ALL.len());
    let told = told.into_inner().unwrap();
    let head = shop.log.head().await.unwrap();
    assert!(told.iter().all(|progress| progress.head == head));
    let products: Vec<_> = told
        .iter()
        .filter(|progress| progress.view == ViewName::Products)
        .map(|progress| progress.position)
        .collect();
    assert!(products.len() > 1 && products.is_sorted());
    assert_eq!(products.last(), Some(&head));
}

async fn a_rebuild_repairs_rows_that_somebody_has_damaged(database: Database) {
    let shop = filled(database).await;
    let before = digests(&shop.views).await;
    let mut tx = shop.views.begin_write().await.unwrap();
    sqlx::query("DELETE FROM products_g1 WHERE available > 300")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_ne!(digests(&shop.views).await, before);
    rebuild(
        &shop.log,
        &shop.views,
        &ViewName::ALL,
        |_| (),
        &CancellationToken::new(),
    )
    .await
    .unwrap();
    assert_eq!(digests(&shop.views).await, before);
}

async fn while_events_keep_coming_readers_notice_nothing(database: Database) {
    let mut shop = filled(database).await;
    let projector = shop.project();
    let (log, own_views) = (shop.log.clone(), shop.same_views().await);
    let done = CancellationToken::new();
    let reader = tokio::spawn(read_all_the_while(shop.same_views().await, done.clone()));
    let rebuilding = tokio::spawn(async move {
        for _ in 0..3 {
            rebuild(
                &log,
                &own_views,
                &ViewName::ALL,
                |_| (),
                &CancellationToken::new(),
            )
            .await
            .unwrap();
        }
    });
    let mut head = 0;
    let mut n = 100;
    while !rebuilding.is_finished() {
        head = shop
            .record([added(n, "plate", 900), received(n, 1), placed(n)])
            .await;
        n += 1;
    }
    rebuilding.await.unwrap();
    projector.reach(head).await;
    projector.stop().await;
    done.cancel();
    assert!(reader.await.unwrap() > 0);
    assert_eq!(digests(&shop.views).await, shop.fresh_digests().await);
    assert_eq!(generations(&shop.views).await, ViewName::ALL.len());
}

/// Reads a row that is always there, until `done`; how often.
async fn read_all_the_while(views: Views, done: CancellationToken) -> usize {
    let mut reads = 0;
    let mut seen = 0;
    while !done.is_cancelled() {
        let product: Product = views.find(&product(1)).await.unwrap().unwrap();
        assert!(product.position >= seen, "went back in time");
        seen = product.position;
        reads += 1;
    }
    reads
}

async fn killed_in_the_middle_it_leaves_what_is_served_and_the_next_start_cleans_up(database: Database) {
    let shop = filled(database).await;
    let before = digests(&shop.views).await;
    let (log, views) = (shop.log.clone(), shop.same_views().await);
    let (began, mut beginning) = mpsc::unbounded_channel();
    let killed = tokio::spawn(async move {
        let tell = |progress| began.send(progress).unwrap();
        let none = CancellationToken::new();
        rebuild(&log, &views, &ViewName::ALL, tell, &none).await
    });
    let progress = beginning.recv().await.unwrap();
    assert!(progress.position < progress.head);
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());
    assert_eq!(digests(&shop.views).await, before);
    assert_eq!(generations(&shop.views).await, 2 * ViewName::ALL.len());

    let projector = shop.project();
    let mut shop = shop;
    let head = shop.record([added(99, "plate", 100)]).await;
    projector.reach(head).await;
    projector.stop().await;
    assert_eq!(generations(&shop.views).await, ViewName::ALL.len());
    assert_eq!(digests(&shop.views).await, shop.fresh_digests().await);
}

async fn stopped_it_cleans_up_after_itself(database: Database) {
    let shop = filled(database).await;
    let token = CancellationToken::new();
    let tell = |_| token.cancel();
    let stopped = rebuild(&shop.log, &shop.views, &ViewName::ALL, tell, &token).await;
    assert!(matches!(stopped, Err(RebuildError::Stopped)));
    assert_eq!(generations(&shop.views).await, ViewName::ALL.len());
}

async fn of_two_rebuilds_the_later_one_wins(database: Database) {
    let shop = filled(database).await;
    let before = digests(&shop.views).await;
    let (began, mut beginning) = mpsc::unbounded_channel();
    let (log, views) = (shop.log.clone(), shop.same_views().await);
    let first = tokio::spawn(async move {
        let tell = |progress| began.send(progress).unwrap();
        let none = CancellationToken::new();
        rebuild(&log, &views, &[ViewName::Products], tell, &none).await
    });
    beginning.recv().await.unwrap();
    rebuild(
        &shop.log,
        &shop.views,
        &[ViewName::Products],
        |_| (),
        &CancellationToken::new(),
    )
    .await
    .unwrap();
    assert!(matches!(first.await.unwrap(), Err(RebuildError::Superseded)));
    assert_eq!(digests(&shop.views).await, before);
    assert_eq!(generations(&shop.views).await, ViewName::ALL.len());
}

async fn a_raised_version_is_filled_beside_the_old_one_and_swapped_in(database: Database) {
    let mut shop = filled(database).await;
    let before = digests(&shop.views).await;
    let raised = |view: ViewName| view.version() + u64::from(view == ViewName::Products);
    let newer = shop.place.open_with(raised).await;
    assert_eq!(digests(&newer).await, before, "the old one serves until then");
    let projector = shop.project_into(&newer);
    let head = shop.record([placed(1)]).await;
    projector.reach(head).await;
    // The old generation stays where it was, so that its position is only reached by the new one.
    let serving = sqlx::query("SELECT name FROM views WHERE name = 'products' AND generation = 2");
    assert!(serving.fetch_optional(newer.reader()).await.unwrap().is_some());
    projector.stop().await;
    assert_eq!(digests(&newer).await, shop.fresh_digests().await);

    // The older program leaves it alone, and keeps up what is its own.
    let projector = shop.project();
    let head = shop.record([placed(2)]).await;
    let mut positions = shop.views.positions();
    positions
        .wait_for(|now| now.of(ViewName::Orders) == head)
        .await
        .unwrap();
    projector.stop().await;
    assert!(shop.views.find::<Order>(&order(2)).await.unwrap().is_some());
    let stored = shop.views.stored_positions().await.unwrap();
    assert_eq!(stored.of(ViewName::Products), head - 1);
}

async fn a_view_that_is_far_behind_catches_up_beside_the_others(database: Database) {
    let mut shop = Shop::open(database).await;
    let many = (0..9_000).map(|n| received(n % 30 + 1, 2));
    let head = shop.record(many).await;
    let projector = shop.project();
    projector.reach(head).await;
    projector.stop().await;
    // As after an upgrade that brings a view: an empty generation at position 0.
    let mut tx = shop.views.begin_write().await.unwrap();
    let view = ViewName::Products;
    let empty = read_models::generation::create(&mut tx, view, view.version())
        .await
        .unwrap();
    read_models::generation::serve(&mut tx, view, empty)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let projector = shop.project();
    let head = shop.record([added(1, "mug", 150)]).await;
    projector.reach(head).await;
    projector.stop().await;
    assert_eq!(digests(&shop.views).await, shop.fresh_digests().await);
}
