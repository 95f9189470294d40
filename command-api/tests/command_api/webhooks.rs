//! What the payment provider tells.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Person, Shop, WEBHOOK_SECRET, payload, sign};

const PATH: &str = "/api/payments/webhooks/stripe";

async fn ordered() -> (Shop, Person, Person, String, String) {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (_, sku) = shop.product(&admin, "5.00", 10).await;
    let ann = shop.person().await;
    let answer = shop.order(&ann, &sku, 1).await;
    let (order_id, payment_id) = (answer.text("order_id"), answer.text("payment_id"));
    (shop, admin, ann, order_id, payment_id)
}

#[tokio::test]
async fn a_charge_pays_the_order_once() {
    let (shop, _, _, order_id, payment_id) = ordered().await;
    let head = shop.head().await;
    for _ in 0..2 {
        shop.settle(&payment_id).await;
        let mut types = shop.types_after(head).await;
        types.sort_unstable();
        assert_eq!(types, ["OrderPaid", "PaymentSettled"]);
    }
    let paid = shop.events_of(&format!("order-{order_id}")).await;
    assert_eq!(paid.last().unwrap().event_type, "OrderPaid");
    let settled = shop.events_of(&format!("payment-{payment_id}")).await;
    assert_eq!(payload(settled.last().unwrap())["provider_reference"], "pi_1");
    // A word that comes too late.
    shop.decline(&payment_id).await;
    assert_eq!(shop.types_after(head).await.len(), 2);
}

#[tokio::test]
async fn a_decline_leaves_the_order_waiting() {
    let (shop, _, _, _, payment_id) = ordered().await;
    let head = shop.head().await;
    shop.decline(&payment_id).await;
    let events = shop.events_after(head).await;
    assert_eq!(events[0].event_type, "PaymentDeclined");
    assert_eq!(payload(&events[0])["code"], "card_declined");
}

#[tokio::test]
async fn a_refund_is_settled_or_fails() {
    let (shop, admin, _, _, payment_id) = ordered().await;
    shop.settle(&payment_id).await;
    let refund = async |amount: &str| {
        let path = format!("/api/payments/{payment_id}/refund");
        let answer = shop
            .post(path)
            .by(&admin)
            .json(&json!({"amount": amount}))
            .await
            .expect(202);
        answer.text("refund_id")
    };
    let update = async |refund_id: &str, status: &str| {
        let object = json!({
            "id": "re_1", "status": status, "amount": 100, "currency": "gbp",
            "metadata": {"refund_id": refund_id, "payment_id": payment_id},
        });
        shop.webhook("refund.updated", &object).await.expect(200);
    };
    let (good, bad) = (refund("1.00").await, refund("1.00").await);
    let head = shop.head().await;
    update(&good, "pending").await;
    assert_eq!(shop.head().await, head);
    update(&good, "succeeded").await;
    update(&good, "succeeded").await;
    update(&bad, "failed").await;
    assert_eq!(shop.types_after(head).await, ["RefundSettled", "RefundFailed"]);
}

#[tokio::test]
async fn a_payout_is_settled_or_comes_back() {
    let (shop, _, ann, _, _) = ordered().await;
    let body = json!({"amount": "10.00", "token": "pm_card_visa"});
    let deposit = shop
        .post("/api/wallet/deposits")
        .by(&ann)
        .json(&body)
        .await
        .expect(202);
    shop.settle(&deposit.text("payment_id")).await;
    let withdraw = async || {
        let body = json!({"amount": "4.00", "destination": "ba_1"});
        let answer = shop
            .post("/api/wallet/withdrawals")
            .by(&ann)
            .json(&body)
            .await
            .expect(202);
        answer.text("withdrawal_id")
    };
    let (good, bad) = (withdraw().await, withdraw().await);
    let head = shop.head().await;
    let payout = |withdrawal_id: &str| {
        json!({
            "id": "po_1", "failure_code": "account_closed", "failure_message": "closed",
            "metadata": {"withdrawal_id": withdrawal_id, "account_id": ann.id},
        })
    };
    shop.webhook("payout.paid", &payout(&good)).await.expect(200);
    shop.webhook("payout.failed", &payout(&bad)).await.expect(200);
    shop.webhook("payout.failed", &payout(&bad)).await.expect(200);
    assert_eq!(
        shop.types_after(head).await,
        ["WithdrawalSettled", "WithdrawalFailed"]
    );
    let events = shop.events_after(head).await;
    assert_eq!(payload(&events[1])["code"], "account_closed");
    // The bank sends back what the provider had called paid.
    for _ in 0..2 {
        shop.webhook("payout.failed", &payout(&good)).await.expect(200);
        assert_eq!(shop.types_after(head).await[2..], ["WithdrawalFailed"]);
    }
}

#[tokio::test]
async fn what_is_not_ours_is_taken_and_ignored() {
    let (shop, _, _, _, payment_id) = ordered().await;
    let head = shop.head().await;
    let intent = |metadata: Value| json!({"id": "pi_9", "amount_received": 1, "currency": "gbp", "metadata": metadata});
    let others = [
        ("customer.created", json!({})),
        ("payment_intent.succeeded", intent(json!({}))),
        (
            "payment_intent.succeeded",
            intent(json!({"payment_id": Uuid::now_v7(), "attempt_id": Uuid::now_v7()})),
        ),
        (
            "payment_intent.succeeded",
            intent(json!({"payment_id": payment_id, "attempt_id": Uuid::now_v7()})),
        ),
        (
            "payout.paid",
            json!({"id": "po_9", "metadata": {"withdrawal_id": Uuid::now_v7()}}),
        ),
    ];
    for (name, object) in others {
        shop.webhook(name, &object).await.expect(200);
    }
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn only_what_the_provider_signed_is_believed() {
    let (shop, _, _, _, payment_id) = ordered().await;
    let attempt_id = shop.attempt(&payment_id).await;
    let now = shop.now().timestamp();
    let body = json!({"id": "evt_1", "created": now, "type": "payment_intent.succeeded", "data": {"object": {
        "id": "pi_1", "amount_received": 500, "currency": "gbp",
        "metadata": {"payment_id": payment_id, "attempt_id": attempt_id},
    }}});
    let body = body.to_string();
    let head = shop.head().await;
    let signatures = [
        sign(&body, "whsec_other", now),
        sign(&body, WEBHOOK_SECRET, now - 301),
        sign("{}", WEBHOOK_SECRET, now),
        "t=1".to_owned(),
    ];
    for signature in signatures {
        let answer = shop
            .post(PATH)
            .header("stripe-signature", &signature)
            .text(body.clone())
            .await;
        answer.refused(400, "webhook_signature");
    }
    shop.post(PATH)
        .text(body.clone())
        .await
        .refused(400, "webhook_signature");
    let large = " ".repeat(256 * 1024 + 1);
    let signature = sign(&large, WEBHOOK_SECRET, now);
    let answer = shop
        .post(PATH)
        .header("stripe-signature", &signature)
        .text(large)
        .await;
    answer.refused(413, "payload_too_large");
    assert_eq!(shop.head().await, head);
    let signature = sign(&body, WEBHOOK_SECRET, now);
    shop.post(PATH)
        .header("stripe-signature", &signature)
        .text(body)
        .await
        .expect(200);
    assert_eq!(shop.types_after(head).await.len(), 2);
}

#[tokio::test]
async fn a_shop_without_a_secret_takes_none() {
    let shop = Shop::open().await.changed(|deps| deps.webhook_secret = None);
    shop.webhook("payout.paid", &json!({}))
        .await
        .refused(404, "webhooks_off");
}
