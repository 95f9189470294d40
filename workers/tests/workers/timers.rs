//! Orders that nobody pays.

use chrono::TimeDelta;
use domain::stock::Stock;
use workers::intents::Lane;

use crate::shop::{ORDER_TTL, Shop, sku};

#[tokio::test]
async fn an_unpaid_order_expires_in_its_time_and_gives_its_goods_back() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_chargeDeclined").await;
    shop.until_event(placed, "PaymentDeclined").await;
    assert_eq!(available(&shop).await, 998);
    shop.clock.advance(ORDER_TTL - TimeDelta::seconds(1));
    workers.until_planned(&shop).await;
    assert!(
        !shop.story(placed).await.contains(&"OrderCancelled"),
        "it isn't time"
    );
    shop.clock.advance(TimeDelta::seconds(1));
    shop.until_event(placed, "OrderCancelled").await;
    assert_eq!(available(&shop).await, 1_000);
    let mail = shop
        .until_mail(&format!("order-cancelled.{}", placed.order_id))
        .await;
    assert!(mail.text.contains("was not paid in time"), "{}", mail.text);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_timer_survives_the_death_of_its_workers() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_chargeDeclined").await;
    shop.until_event(placed, "PaymentDeclined").await;
    workers.kill().await;
    shop.clock.advance(ORDER_TTL * 2);
    let workers = shop.work().await;
    shop.until_event(placed, "OrderCancelled").await;
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_paid_order_doesnt_expire() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_visa").await;
    shop.until_event(placed, "OrderPaid").await;
    shop.clock.advance(ORDER_TTL);
    workers.until_count(Lane::Timers, "done", 1).await;
    assert!(!shop.story(placed).await.contains(&"OrderCancelled"));
    workers.stop().await;
    shop.close().await;
}

async fn available(shop: &Shop) -> u64 {
    shop.command(|work| Ok(work.read::<Stock>(sku())?.available()))
        .await
}
