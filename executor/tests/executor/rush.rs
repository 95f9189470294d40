//! Many buyers, few units.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::DomainError;
use domain::stock::StockError;
use executor::{ExecuteError, Executor};
use tokio::task::JoinSet;

use crate::shop::{self, Shop};

const BUYERS: usize = 64;
const TRIES: usize = 500;
const UNITS: u32 = 100;

/// Accepted and refused tries of all buyers, who share their tries and are spread over the executors.
async fn rush(executors: &[Executor]) -> (usize, usize) {
    let tries = Arc::new(AtomicUsize::new(0));
    let mut buyers = JoinSet::new();
    for buyer in 0..BUYERS {
        let executor = executors[buyer % executors.len()].clone();
        let tries = Arc::clone(&tries);
        buyers.spawn(async move {
            let (mut accepted, mut refused) = (0, 0);
            while tries.fetch_add(1, Ordering::Relaxed) < TRIES {
                match shop::buy(&executor, "LAMP", 1).await {
                    Ok(_) => accepted += 1,
                    Err(ExecuteError::Refused(DomainError::Stock(StockError::OutOfStock { .. }))) => {
                        refused += 1;
                    }
                    Err(other) => panic!("neither bought nor sold out: {other}"),
                }
            }
            (accepted, refused)
        });
    }
    let outcomes = buyers.join_all().await;
    outcomes
        .into_iter()
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rush_on_one_sku_sells_every_unit_once_and_none_twice() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    shop::list(&executor, "LAMP", 2_50, UNITS).await;

    let outcome = rush(std::slice::from_ref(&executor)).await;

    assert_eq!(outcome, (UNITS as usize, TRIES - UNITS as usize));
    assert_eq!(shop::sold(&executor).await, (UNITS, UNITS as usize));
    assert_eq!(shop::shelf(&executor, "LAMP").await, (u64::from(UNITS), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_in_a_rush_sell_every_unit_once_and_none_twice() {
    let shop = Shop::new();
    let executors = [shop.executor().await, shop.executor().await];
    shop::list(&executors[0], "LAMP", 2_50, UNITS).await;

    let outcome = rush(&executors).await;

    assert_eq!(outcome, (UNITS as usize, TRIES - UNITS as usize));
    for executor in &executors {
        assert_eq!(shop::sold(executor).await, (UNITS, UNITS as usize));
        assert_eq!(shop::shelf(executor, "LAMP").await, (u64::from(UNITS), 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn buyers_of_one_sku_fill_batches_instead_of_conflicting() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    shop::list(&executor, "LAMP", 2_50, UNITS).await;
    let before = executor.log().stats().batches();

    rush(std::slice::from_ref(&executor)).await;

    let stats = executor.log().stats();
    // The first buyers fetch the stream at once; from then on each decides on what the one before decided.
    assert_eq!(stats.conflicts(), 0);
    assert!(
        stats.batches() - before < TRIES as u64 / 2,
        "{} batches",
        stats.batches() - before
    );
}
