//! Refunds at the provider.

use chrono::TimeDelta;
use domain::settlement::{self, RefundPayment};
use events::ids::RefundId;
use workers::gateway::{Outcome, RefundRequest};
use workers::intents::Lane;

use crate::shop::{Placed, Shop, pounds, until};

#[tokio::test]
async fn a_refund_gives_back_what_was_asked_for() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_visa").await;
    shop.until_event(placed, "OrderPaid").await;
    refund(&shop, placed, 4).await;
    shop.until_event(placed, "RefundSettled").await;
    assert_eq!(shop.charges().await[0].amount_refunded_minor, 400);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_cancelled_paid_order_is_refunded_whole_and_the_customer_told() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_visa").await;
    shop.until_event(placed, "OrderPaid").await;
    shop.cancel(placed.order_id).await;
    shop.until_event(placed, "RefundSettled").await;
    assert_eq!(shop.charges().await[0].amount_refunded_minor, 1_000);
    let mail = shop
        .until_mail(&format!("order-cancelled.{}", placed.order_id))
        .await;
    assert!(mail.text.contains("You get 10.00 GBP back"), "{}", mail.text);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_lost_answer_to_a_refund_is_asked_about_and_refunds_once() {
    let shop = Shop::open().await;
    let workers = shop.work_impatiently().await;
    let placed = shop.buy("pm_card_sandbox_refundThenHang").await;
    shop.until_event(placed, "OrderPaid").await;
    workers.until_count(Lane::Settlement, "done", 1).await;
    refund(&shop, placed, 4).await;
    workers.until_waiting(Lane::Settlement).await;
    shop.clock.advance(TimeDelta::minutes(1));
    shop.until_event(placed, "RefundSettled").await;
    assert_eq!(shop.charges().await[0].amount_refunded_minor, 400);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_crash_after_a_refund_refunds_once() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_sandbox_refundThenHang").await;
    shop.until_event(placed, "OrderPaid").await;
    refund(&shop, placed, 4).await;
    until("the refund", async || {
        shop.charges().await[0].amount_refunded_minor == 400
    })
    .await;
    workers.kill().await;
    let workers = shop.work().await;
    shop.until_event(placed, "RefundSettled").await;
    assert_eq!(shop.charges().await[0].amount_refunded_minor, 400);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_refund_that_the_provider_refuses_fails_visibly() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_visa").await;
    shop.until_event(placed, "OrderPaid").await;
    // Somebody has given the money back by hand, at the provider.
    let by_hand = RefundRequest {
        refund_id: RefundId::generate().0,
        payment_id: placed.payment_id.0,
        provider_reference: shop.charges().await[0].payment_intent.clone(),
        amount: pounds(10),
    };
    assert!(matches!(
        shop.gateway().refund(&by_hand).await,
        Outcome::Settled { .. }
    ));
    refund(&shop, placed, 4).await;
    shop.until_event(placed, "RefundFailed").await;
    assert_eq!(shop.charges().await[0].amount_refunded_minor, 1_000);
    workers.stop().await;
    shop.close().await;
}

async fn refund(shop: &Shop, placed: Placed, amount: i64) {
    let refund = RefundPayment {
        payment_id: placed.payment_id,
        refund_id: RefundId::generate(),
        amount: Some(pounds(amount)),
        reason: "a scratch".to_owned(),
        at: shop.now(),
    };
    shop.command(|work| settlement::refund_payment(work, &refund))
        .await;
}
