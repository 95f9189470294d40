//! One key, one run: repeated, at once, changed, or after a crash of the caller.

use domain::checkout::{self, PlaceOrder, PlacedOrder};
use domain::{DomainError, Refusal};
use executor::{Accepted, CommandContext, ExecuteError, Executor};

use crate::shop::{self, Shop};

async fn place(
    executor: &Executor,
    context: &CommandContext,
    command: &PlaceOrder,
) -> Result<Accepted<PlacedOrder>, ExecuteError> {
    executor
        .execute(context, |work| checkout::place_order(work, command))
        .await
}

/// Ids are made at the edge, so a repeated request comes with other ids than the first.
async fn place_anew(
    executor: &Executor,
    context: &CommandContext,
) -> Result<Accepted<PlacedOrder>, ExecuteError> {
    place(executor, context, &shop::order("LAMP", 1)).await
}

#[tokio::test]
async fn a_repeated_key_replays_the_first_answer_and_runs_nothing() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    shop::list(&executor, "LAMP", 2_50, 10).await;

    let first = place_anew(&executor, &shop::keyed("k1", "body")).await.unwrap();
    let second = place_anew(&executor, &shop::keyed("k1", "body")).await.unwrap();

    assert!(!first.replayed);
    assert!(second.replayed);
    assert_eq!((second.value, second.position), (first.value, first.position));
    assert_eq!(shop::sold(&executor).await, (1, 1));
}

#[tokio::test]
async fn the_answer_outlives_the_process() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    shop::list(&executor, "LAMP", 2_50, 10).await;
    let first = place_anew(&executor, &shop::keyed("k1", "body")).await.unwrap();
    executor.log().close().await;

    let executor = shop.executor().await;
    let second = place_anew(&executor, &shop::keyed("k1", "body")).await.unwrap();

    assert_eq!((second.value, second.replayed), (first.value, true));
    assert_eq!(shop::shelf(&executor, "LAMP").await, (10, 9));
}

#[tokio::test]
async fn a_key_with_another_request_is_refused() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    shop::list(&executor, "LAMP", 2_50, 10).await;
    place_anew(&executor, &shop::keyed("k1", "body")).await.unwrap();

    let other = place_anew(&executor, &shop::keyed("k1", "another body")).await;

    assert!(matches!(other, Err(ExecuteError::KeyReused)), "{other:?}");
    assert_eq!(shop::sold(&executor).await, (1, 1));
}

#[tokio::test]
async fn two_callers_may_use_the_same_key() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    shop::list(&executor, "LAMP", 2_50, 10).await;
    let mut another = shop::keyed("k1", "body");
    another.idempotency.as_mut().unwrap().scope = "another customer".to_owned();

    place_anew(&executor, &shop::keyed("k1", "body")).await.unwrap();
    let second = place_anew(&executor, &another).await.unwrap();

    assert!(!second.replayed);
    assert_eq!(shop::sold(&executor).await, (2, 2));
}

#[tokio::test]
async fn two_at_once_run_once() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    shop::list(&executor, "LAMP", 2_50, 10).await;
    let context = shop::keyed("k1", "body");

    let (first, second) = tokio::join!(place_anew(&executor, &context), place_anew(&executor, &context));

    let (first, second) = (first.unwrap(), second.unwrap());
    assert_ne!(first.replayed, second.replayed);
    assert_eq!((first.value, first.position), (second.value, second.position));
    assert_eq!(shop::sold(&executor).await, (1, 1));
    assert_eq!(shop::shelf(&executor, "LAMP").await, (10, 9));
}

#[tokio::test]
async fn two_at_once_in_two_processes_run_once() {
    let shop = Shop::new();
    let (one, other) = (shop.executor().await, shop.executor().await);
    shop::list(&one, "LAMP", 2_50, 10).await;
    let context = shop::keyed("k1", "body");

    let (first, second) = tokio::join!(place_anew(&one, &context), place_anew(&other, &context));

    assert_eq!(first.unwrap().value, second.unwrap().value);
    assert_eq!(shop::sold(&one).await, (1, 1));
}

/// The second try was decided on the state that the first had left, and told that the last unit was
/// gone: to its own twin.
#[tokio::test]
async fn the_twin_of_the_buyer_of_the_last_unit_is_not_refused() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    shop::list(&executor, "LAMP", 2_50, 1).await;
    let context = shop::keyed("k1", "body");

    let (first, second) = tokio::join!(place_anew(&executor, &context), place_anew(&executor, &context));

    assert_eq!(first.unwrap().value, second.unwrap().value);
    assert_eq!(shop::sold(&executor).await, (1, 1));
}

#[tokio::test]
async fn a_refusal_is_not_kept_so_that_trying_again_can_succeed() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    let product_id = shop::list(&executor, "LAMP", 2_50, 0).await;
    let context = shop::keyed("k1", "body");

    let sold_out = place_anew(&executor, &context).await;
    shop::receive(&executor, product_id, "LAMP", 1).await;
    let again = place_anew(&executor, &context).await.unwrap();

    match sold_out {
        Err(ExecuteError::Refused(error)) => assert_eq!(DomainError::code(&error), "out_of_stock"),
        other => panic!("{other:?}"),
    }
    assert!(!again.replayed);
}

#[tokio::test]
async fn a_command_that_changes_nothing_keeps_its_answer_too() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    let product_id = shop::list(&executor, "LAMP", 2_50, 0).await;
    let edit = shop::price_change(product_id, "LAMP", 2_50);
    let head = executor.log().head().await.unwrap();
    let change = |context: CommandContext| {
        let (executor, edit) = (&executor, &edit);
        async move {
            let decide = |work: &mut domain::UnitOfWork| domain::catalogue::edit_product(work, edit);
            executor.execute(&context, decide).await.unwrap()
        }
    };

    let first = change(shop::keyed("k1", "body")).await;
    let second = change(shop::keyed("k1", "body")).await;

    assert_eq!((first.position, first.replayed), (head, false));
    assert_eq!((second.position, second.replayed), (head, true));
}
