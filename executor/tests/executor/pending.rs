//! Decisions on what isn't committed yet: they stand or fall with it, and come right either way.
//!
//! A command on what is in memory is decided, and queued, when its future is first polled; what becomes of it is
//! looked at when it is polled again. So commands that are polled once, in turn, are each decided on top of the one
//! before, however fast the log is.

use domain::catalogue::{self, EditProduct, SKU_SCOPE};
use domain::checkout;
use domain::order::OrderError;
use domain::{Decision, DomainError, Refusal, UnitOfWork};
use events::ids::ProductId;
use executor::{ExecuteError, Executor};

use crate::shop::{self, Shop};

/// An edit that the log will refuse: the SKU that it adds is another product's.
fn doomed(product_id: ProductId) -> EditProduct {
    EditProduct {
        name: Some("Doomed".to_owned()),
        prices: [].into(),
        add: vec![shop::new_variant("TAKEN", 1_00, 0)],
        ..shop::price_change(product_id, "LAMP", 0)
    }
}

#[tokio::test]
async fn a_taken_claim_is_told_and_leaves_nothing_behind() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    let owner = shop::list(&executor, "TAKEN", 1_00, 0).await;
    let product_id = shop::list(&executor, "LAMP", 2_50, 5).await;
    let head = executor.log().head().await.unwrap();
    let edit = doomed(product_id);

    let refused = executor
        .execute(&shop::context(), |work| catalogue::edit_product(work, &edit))
        .await;

    match refused {
        Err(ExecuteError::Taken {
            scope,
            value,
            owner: holder,
        }) => {
            assert_eq!(
                (scope, value.as_str(), holder),
                (SKU_SCOPE, "TAKEN", owner.to_string())
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(executor.log().head().await.unwrap(), head);
    let holder = executor.claim_owner(SKU_SCOPE, "TAKEN").await.unwrap();
    assert_eq!(holder, Some(owner.to_string()));
    // The next command sees the product as it was.
    assert_eq!(shop::price(&executor, product_id, "TAKEN").await, None);
    let accepted = shop::buy(&executor, "LAMP", 1).await.unwrap();
    assert_eq!(accepted.value.total, shop::pence(2_50));
}

#[tokio::test]
async fn what_was_decided_on_top_of_a_failure_is_decided_anew() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    shop::list(&executor, "TAKEN", 1_00, 0).await;
    let product_id = shop::list(&executor, "LAMP", 2_50, 5).await;
    let (edit, price) = (doomed(product_id), shop::price_change(product_id, "LAMP", 3_00));
    let order = shop::order("LAMP", 1);
    let context = shop::context();
    load(&executor, |work| catalogue::edit_product(work, &edit)).await;
    load(&executor, |work| checkout::place_order(work, &order)).await;

    let mut failing = Box::pin(executor.execute(&context, |work| catalogue::edit_product(work, &edit)));
    let mut changing = Box::pin(executor.execute(&context, |work| catalogue::edit_product(work, &price)));
    let mut buying = Box::pin(executor.execute(&context, |work| checkout::place_order(work, &order)));
    assert!(poll_once(failing.as_mut()).is_none());
    assert!(poll_once(changing.as_mut()).is_none());
    assert!(poll_once(buying.as_mut()).is_none());
    let (failed, changed, bought) = tokio::join!(failing, changing, buying);

    assert!(matches!(failed, Err(ExecuteError::Taken { .. })), "{failed:?}");
    changed.unwrap();
    // The order may have been decided before or after the new price once the failure came to light.
    let bought = bought.unwrap();
    assert!([shop::pence(2_50), shop::pence(3_00)].contains(&bought.value.total));
    assert!(
        executor.log().stats().conflicts() > 0,
        "nothing was decided on top of the failure"
    );
    assert_eq!(
        shop::price(&executor, product_id, "LAMP").await,
        Some(shop::pence(3_00))
    );
    assert_eq!(shop::price(&executor, product_id, "TAKEN").await, None);
    shop::recorded(&executor).await;
}

#[tokio::test]
async fn a_long_chain_on_top_of_a_failure_comes_right() {
    const CHAIN: u32 = 50;
    let shop = Shop::new();
    let executor = shop.executor().await;
    shop::list(&executor, "TAKEN", 1_00, 0).await;
    let product_id = shop::list(&executor, "LAMP", 2_50, CHAIN).await;
    let (doomed, context) = (shop::order("LAMP", 1), shop::context());
    let sale_and_claim = |work: &mut UnitOfWork| -> Decision<()> {
        checkout::place_order(work, &doomed)?;
        work.claim(SKU_SCOPE, "TAKEN", product_id);
        Ok(())
    };
    let orders: Vec<_> = (0..CHAIN).map(|_| shop::order("LAMP", 1)).collect();
    for order in orders.iter().chain([&doomed]) {
        load(&executor, |work| checkout::place_order(work, order)).await;
    }

    // Each is decided on top of the one before; the last is refused, for the unit that the first seems
    // to have taken.
    let mut failing = Box::pin(executor.execute(&context, sale_and_claim));
    assert!(poll_once(failing.as_mut()).is_none());
    let mut buying = vec![];
    for order in &orders {
        let mut future = Box::pin(executor.execute(&context, |work| checkout::place_order(work, order)));
        assert!(poll_once(future.as_mut()).is_none());
        buying.push(future);
    }
    assert!(matches!(failing.await, Err(ExecuteError::Taken { .. })));
    for future in buying {
        future.await.unwrap();
    }

    assert!(executor.log().stats().conflicts() >= u64::from(CHAIN));
    assert_eq!(shop::shelf(&executor, "LAMP").await, (u64::from(CHAIN), 0));
    assert_eq!(shop::sold(&executor).await, (CHAIN, CHAIN as usize));
}

#[tokio::test]
async fn a_refusal_on_top_of_a_failure_is_taken_back() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    shop::list(&executor, "TAKEN", 1_00, 0).await;
    let product_id = shop::list(&executor, "LAMP", 2_50, 1).await;
    let order = shop::order("LAMP", 1);
    let sale_and_claim = |work: &mut UnitOfWork| -> Decision<()> {
        checkout::place_order(work, &order)?;
        work.claim(SKU_SCOPE, "TAKEN", product_id);
        Ok(())
    };
    let context = shop::context();
    load(&executor, |work| checkout::place_order(work, &order)).await;

    let (failed, bought) = tokio::join!(
        executor.execute(&context, sale_and_claim),
        shop::buy(&executor, "LAMP", 1),
    );

    assert!(matches!(failed, Err(ExecuteError::Taken { .. })), "{failed:?}");
    bought.unwrap();
    assert_eq!(shop::sold(&executor).await, (1, 1));
}

#[tokio::test]
async fn a_refusal_is_told_once_what_it_rests_on_is_committed() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    shop::list(&executor, "LAMP", 2_50, 1).await;

    let (first, second) = tokio::join!(shop::buy(&executor, "LAMP", 1), shop::buy(&executor, "LAMP", 1));

    let outcomes = [first, second];
    let refused: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| outcome.as_ref().err())
        .collect();
    match refused.as_slice() {
        [ExecuteError::Refused(error)] => {
            assert_eq!(DomainError::code(error), "out_of_stock");
            assert_eq!(error.field().as_deref(), Some("sku"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(shop::sold(&executor).await, (1, 1));
}

/// Brings everything into memory that this decision takes, so that it is decided at the first poll.
async fn load<T>(executor: &Executor, decide: impl Fn(&mut UnitOfWork) -> Decision<T>) {
    let look = |work: &mut UnitOfWork| -> Decision<()> {
        decide(work)?;
        Err(OrderError::NotFound.into()) // enough seen, and nothing to be written
    };
    let looked = executor.inspect(&shop::context(), look).await;
    // Before a refusal is told, what was to be claimed is looked up.
    let as_expected = matches!(
        looked,
        Err(ExecuteError::Refused(DomainError::Order(OrderError::NotFound)) | ExecuteError::Taken { .. })
    );
    assert!(as_expected, "{:?}", looked.map(|looked| looked.position));
}

/// Polls once.
fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.poll(&mut context) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}
