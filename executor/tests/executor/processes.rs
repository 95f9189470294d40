//! Two processes on one log: what one changes, the other's next decision knows, however old its memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::Refusal;
use events::Event;
use events::order::OrderEvent;
use events::product::ProductEvent;
use executor::ExecuteError;
use tokio::task::JoinSet;

use crate::shop::{self, Shop, pence};

#[tokio::test]
async fn a_refusal_on_a_stale_memory_is_decided_anew() {
    let shop = Shop::new();
    let (one, other) = (shop.executor().await, shop.executor().await);
    let product_id = shop::list(&one, "LAMP", 2_50, 0).await;
    match shop::buy(&one, "LAMP", 1).await {
        Err(ExecuteError::Refused(error)) => assert_eq!(error.code(), "out_of_stock"),
        other => panic!("{other:?}"),
    }

    shop::receive(&other, product_id, "LAMP", 1).await;

    shop::buy(&one, "LAMP", 1).await.unwrap();
    // And the other way round: what the first sold, the second doesn't sell again.
    assert!(matches!(
        shop::buy(&other, "LAMP", 1).await,
        Err(ExecuteError::Refused(_))
    ));
    assert_eq!(shop::sold(&one).await, (1, 1));
}

#[tokio::test]
async fn a_price_changed_elsewhere_is_the_price_of_the_next_order() {
    let shop = Shop::new();
    let (one, other) = (shop.executor().await, shop.executor().await);
    let product_id = shop::list(&one, "LAMP", 2_50, 10).await;
    assert_eq!(shop::buy(&one, "LAMP", 1).await.unwrap().value.total, pence(2_50));

    shop::set_price(&other, product_id, "LAMP", 3_00).await;

    assert_eq!(shop::buy(&one, "LAMP", 2).await.unwrap().value.total, pence(6_00));
}

#[tokio::test]
async fn a_product_removed_elsewhere_is_no_longer_sold() {
    let shop = Shop::new();
    let (one, other) = (shop.executor().await, shop.executor().await);
    let product_id = shop::list(&one, "LAMP", 2_50, 10).await;
    shop::buy(&one, "LAMP", 1).await.unwrap();

    other
        .execute(&shop::context(), |work| {
            domain::catalogue::remove_product(work, product_id, domain::Authority::Staff, None)
        })
        .await
        .unwrap();

    match shop::buy(&one, "LAMP", 1).await {
        Err(ExecuteError::Refused(error)) => assert_eq!(error.code(), "not_for_sale"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_sku_listed_in_two_processes_at_once_has_one_owner() {
    let shop = Shop::new();
    let (one, other) = (shop.executor().await, shop.executor().await);

    let (first, second) = tokio::join!(
        shop::try_list(&one, "LAMP", 2_50, 1),
        shop::try_list(&other, "LAMP", 2_60, 1)
    );

    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let refused = first.err().or(second.err()).unwrap();
    let known = match &refused {
        ExecuteError::Taken { value, .. } => value == "LAMP",
        ExecuteError::Refused(error) => error.code() == "sku_in_use",
        _ => false,
    };
    assert!(known, "{refused:?}");
    assert_eq!(shop::shelf(&one, "LAMP").await, (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_order_is_ever_at_a_price_that_was_over_when_it_was_recorded() {
    const PRICES: i64 = 60;
    let shop = Shop::new();
    let (seller, buyers) = (shop.executor().await, shop.executor().await);
    let product_id = shop::list(&seller, "LAMP", 1_00, 1_000_000).await;
    let done = Arc::new(AtomicBool::new(false));
    let mut buying = JoinSet::new();
    for _ in 0..4 {
        let (executor, done) = (buyers.clone(), Arc::clone(&done));
        buying.spawn(async move {
            while !done.load(Ordering::Relaxed) {
                shop::buy(&executor, "LAMP", 1).await.unwrap();
            }
        });
    }

    for step in 1..=PRICES {
        shop::set_price(&seller, product_id, "LAMP", 1_00 + step).await;
    }
    done.store(true, Ordering::Relaxed);
    buying.join_all().await;

    let (mut price, mut orders) = (pence(1_00), 0);
    for event in shop::recorded(&seller).await {
        match Event::decode(&event).unwrap() {
            Event::Product(ProductEvent::VariantPriceChanged(changed)) => price = changed.price,
            Event::Order(OrderEvent::OrderPlaced(placed)) => {
                assert_eq!(placed.total, price, "at position {}", event.position);
                orders += 1;
            }
            _ => {}
        }
    }
    assert_eq!(price, pence(1_00 + PRICES));
    assert!(orders > 0);
}
