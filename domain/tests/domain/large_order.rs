//! Orders as long as real ones get.

use domain::order::LINES_MAX;

use crate::shop::Shop;

fn shop_with(skus: &[String]) -> Shop {
    let mut shop = Shop::new();
    for some in skus.chunks(200) {
        let variants: Vec<_> = some.iter().map(|sku| (sku.as_str(), 1_00, 2)).collect();
        let add = shop.product(None, &variants);
        shop.when(|work| domain::catalogue::add_product(work, &add)).ok();
    }
    shop
}

fn order_all(count: usize) {
    let skus: Vec<_> = (0..count).map(|n| format!("S{n}")).collect();
    let mut shop = shop_with(&skus);
    shop.restart();
    let lines: Vec<_> = skus.iter().map(|sku| (sku.as_str(), 1)).collect();
    let order = shop.paid(&lines);
    shop.hand_over(&order);
    assert_eq!(shop.shelf("S0"), (1, 1));
    assert_eq!(shop.shelf(skus.last().unwrap()), (1, 1));
}

/// cqrs-es keeps a command's events behind a lock of tokio's, which takes part in a task's cooperative
/// budget: after 128 aggregates the lock made the decision wait, which a decision never does.
#[tokio::test]
async fn an_order_of_700_lines_is_decided_within_a_task() {
    tokio::spawn(async { order_all(700) }).await.unwrap();
}

#[test]
fn the_longest_order_is_decided() {
    order_all(LINES_MAX);
}
