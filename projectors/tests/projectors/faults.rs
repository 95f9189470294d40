//! Projectors that die, that come in twos, and that meet what they can't read.

use events::Event;
use projectors::{ProjectError, RebuildError, rebuild};
use read_models::ViewName;
use read_models::products::Product;
use tokio_util::sync::CancellationToken;

use crate::database::{Database, on_each_database};
use crate::shop::{Shop, digests};
use crate::story::*;

on_each_database! {
    killed_again_and_again_it_loses_and_doubles_nothing,
    two_projectors_on_the_same_views_share_the_batches_and_double_nothing,
    an_event_that_cannot_be_read_stops_it_and_is_not_skipped,
}

/// Enough for several batches.
fn long_story() -> impl Iterator<Item = Event> {
    let products = (1..=50).map(|n| added(n, "mug", 150));
    let stock = (0..4_000).map(|n| received(n % 50 + 1, 2));
    let orders = (1..=1_500).flat_map(|n| [placed(n), paid(n, at(n.try_into().unwrap()))]);
    products.chain(stock).chain(orders)
}

async fn killed_again_and_again_it_loses_and_doubles_nothing(database: Database) {
    let mut shop = Shop::open(database).await;
    let head = shop.record(long_story()).await;
    let mut kills = 0;
    loop {
        let views = shop.same_views().await;
        let before = views.stored_positions().await.unwrap().min();
        if before == head {
            break;
        }
        let projector = shop.project_into(&views);
        // The first commit is told; the kill then hits somewhere in the next batch.
        projector.reach(before + 1).await;
        projector.kill().await;
        kills += 1;
    }
    assert!(kills > 1, "the story fits into one batch");
    assert_eq!(digests(&shop.views).await, shop.fresh_digests().await);
}

async fn two_projectors_on_the_same_views_share_the_batches_and_double_nothing(database: Database) {
    let mut shop = Shop::open(database).await;
    let other_views = shop.same_views().await;
    let (one, other) = (shop.project(), shop.project_into(&other_views));
    let mut head = 0;
    let story: Vec<_> = long_story().collect();
    for part in story.chunks(700) {
        head = shop.record(part.to_vec()).await;
    }
    one.reach(head).await;
    other.reach(head).await;
    one.stop().await;
    other.stop().await;
    assert_eq!(digests(&shop.views).await, shop.fresh_digests().await);
}

async fn an_event_that_cannot_be_read_stops_it_and_is_not_skipped(database: Database) {
    let mut shop = Shop::open(database).await;
    let projector = shop.project();
    let before = shop.record([added(1, "mug", 150)]).await;
    projector.reach(before).await;
    let mystery = shop.record_mystery().await;
    shop.record([received(1, 5)]).await;

    let none = CancellationToken::new();
    let error = rebuild(&shop.log, &shop.views, &ViewName::ALL, |_| (), &none).await;
    let Err(RebuildError::Project(ProjectError::Decode { position, .. })) = &error else {
        panic!("{error:?}");
    };
    assert_eq!(*position, mystery);
    assert!(error.unwrap_err().to_string().contains("Mystery"));

    // It retries until it is told to stop, and what was served still is.
    projector.stop().await;
    let product: Product = shop.views.find(&product(1)).await.unwrap().unwrap();
    assert_eq!(product.document.variants[0].available, 0);
    assert_eq!(shop.views.stored_positions().await.unwrap().min(), before);
}
