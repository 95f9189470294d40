//! Callers that go away while their command is on its way to the log.

use std::pin::pin;
use std::task::{Context, Waker};

use domain::catalogue::{self, SKU_SCOPE};
use domain::{Decision, UnitOfWork};
use events::ids::ProductId;
use executor::{ExecuteError, Executor};

use crate::shop::{self, Shop};

/// Lets a command go as far as the log's queue, and drops it there.
async fn abandon(executor: &Executor, decide: impl Fn(&mut UnitOfWork) -> Decision<()>) {
    let queued = executor.log().stats().appends() + executor.log().stats().conflicts();
    {
        let context = shop::context();
        let command = pin!(executor.execute(&context, &decide));
        let polled = command.poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending(), "an append takes longer than that");
    }
    // The log answers in order: whatever was queued before this is done behind it.
    executor
        .log()
        .append(platform::event_log::Append::default())
        .await
        .unwrap();
    assert!(executor.log().stats().appends() + executor.log().stats().conflicts() > queued);
}

/// A shop with a product that is in memory with what belongs to it, so that a command on it reaches the queue at its first poll.
async fn loaded_shop() -> (Shop, Executor, ProductId) {
    let shop = Shop::new();
    let executor = shop.executor().await;
    shop::list(&executor, "TAKEN", 1_00, 0).await;
    let product_id = shop::list(&executor, "LAMP", 2_50, 10).await;
    // An edit that changes nothing brings all that an edit looks at into memory.
    let same = shop::price_change(product_id, "LAMP", 2_50);
    executor
        .execute(&shop::context(), |work| catalogue::edit_product(work, &same))
        .await
        .unwrap();
    (shop, executor, product_id)
}

#[tokio::test]
async fn an_abandoned_command_still_counts_and_the_next_sees_it() {
    let (_shop, executor, product_id) = loaded_shop().await;
    let edit = shop::price_change(product_id, "LAMP", 3_00);

    abandon(&executor, |work| catalogue::edit_product(work, &edit)).await;

    assert_eq!(
        shop::price(&executor, product_id, "LAMP").await,
        Some(shop::pence(3_00))
    );
    assert_eq!(
        shop::buy(&executor, "LAMP", 1).await.unwrap().value.total,
        shop::pence(3_00)
    );
    assert_eq!(executor.log().stats().conflicts(), 0);
}

#[tokio::test]
async fn an_abandoned_failure_is_forgotten_by_the_next_command() {
    let (_shop, executor, product_id) = loaded_shop().await;
    let edit = shop::price_change(product_id, "LAMP", 9_99);

    abandon(&executor, |work| {
        catalogue::edit_product(work, &edit)?;
        work.claim(SKU_SCOPE, "TAKEN", product_id);
        Ok(())
    })
    .await;

    // Nobody was there to hear that it failed; the memory still holds its price.
    assert_eq!(
        shop::buy(&executor, "LAMP", 1).await.unwrap().value.total,
        shop::pence(2_50)
    );
    assert_eq!(
        shop::price(&executor, product_id, "LAMP").await,
        Some(shop::pence(2_50))
    );
}

#[tokio::test]
async fn a_refusal_after_an_abandoned_failure_is_right() {
    let (_shop, executor, product_id) = loaded_shop().await;

    abandon(&executor, |work| {
        catalogue::remove_product(work, product_id, domain::Authority::Staff, None)?;
        work.claim(SKU_SCOPE, "TAKEN", product_id);
        Ok(())
    })
    .await;

    // In memory the product is gone, in the log it isn't.
    shop::buy(&executor, "LAMP", 1).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn aborted_tasks_leave_a_sound_log_and_a_usable_executor() {
    const ABORTED: u32 = 200;
    let (_shop, executor, product_id) = loaded_shop().await;
    shop::receive(&executor, product_id, "LAMP", 2 * ABORTED).await;
    let tasks: Vec<_> = (0..ABORTED)
        .map(|_| {
            let executor = executor.clone();
            tokio::spawn(async move { shop::buy(&executor, "LAMP", 1).await })
        })
        .collect();

    // Each is aborted as soon as the one before is over, so at every stage of its way.
    let mut answered = 0;
    for task in tasks {
        task.abort();
        if let Ok(outcome) = task.await {
            outcome.unwrap();
            answered += 1;
        }
    }
    let last = shop::buy(&executor, "LAMP", 1).await;

    last.unwrap();
    let (units, orders) = shop::sold(&executor).await;
    assert_eq!(units as usize, orders);
    assert!(orders > answered, "{orders} orders, {answered} answered");
    let (on_hand, available) = shop::shelf(&executor, "LAMP").await;
    assert_eq!(on_hand - available, u64::from(units));
}

#[tokio::test]
async fn a_closed_log_is_told_as_unavailable() {
    let (_shop, executor, _) = loaded_shop().await;
    executor.log().close().await;

    let refused = shop::buy(&executor, "LAMP", 1).await;

    assert!(
        matches!(refused, Err(ExecuteError::Unavailable { .. })),
        "{refused:?}"
    );
}
