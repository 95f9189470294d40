//! Paying another way, giving money back, and the wallet.

use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Person, Shop, payload};

/// A shop with mugs at 5.00, its admin, and a customer.
async fn opened() -> (Shop, Person, String, Person) {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (_, sku) = shop.product(&admin, "5.00", 10).await;
    let ann = shop.person().await;
    (shop, admin, sku, ann)
}

async fn fill_wallet(shop: &Shop, person: &Person, amount: &str) -> String {
    let body = json!({"amount": amount, "token": "pm_card_visa"});
    let answer = shop
        .post("/api/wallet/deposits")
        .by(person)
        .json(&body)
        .await
        .expect(202);
    shop.settle(&answer.text("payment_id")).await;
    answer.text("payment_id")
}

#[tokio::test]
async fn a_declined_payment_is_tried_again_by_who_has_to_pay() {
    let (shop, admin, sku, ann) = opened().await;
    let answer = shop.order(&ann, &sku, 1).await;
    let payment_id = answer.text("payment_id");
    let path = format!("/api/payments/{payment_id}/retry");
    let again = json!({"payment": {"method": "card", "token": "pm_card_mastercard"}});
    shop.post(&path)
        .by(&ann)
        .json(&again)
        .await
        .refused(409, "payment_not_declined");
    let first = shop.attempt(&payment_id).await;
    shop.decline(&payment_id).await;
    let head = shop.head().await;
    shop.post(&path)
        .by(&admin)
        .json(&again)
        .await
        .refused(404, "payment_not_found");
    let bad = json!({"payment": {"method": "card", "token": ""}});
    shop.post(&path)
        .by(&ann)
        .json(&bad)
        .await
        .refused_field("payment.token", "card_token_invalid");
    let wallet = json!({"payment": {"method": "wallet"}});
    shop.post(&path)
        .by(&ann)
        .json(&wallet)
        .await
        .refused(409, "wallet_not_covered");
    assert_eq!(shop.head().await, head);
    let answer = shop.post(&path).by(&ann).json(&again).await.expect(202);
    assert_eq!(answer.body, json!({"payment_id": payment_id}));
    assert_ne!(shop.attempt(&payment_id).await, first);
    assert_eq!(shop.types_after(head).await, ["PaymentRetried"]);
}

#[tokio::test]
async fn a_retry_out_of_the_wallet_pays_at_once() {
    let (shop, _, sku, ann) = opened().await;
    fill_wallet(&shop, &ann, "20.00").await;
    let answer = shop.order(&ann, &sku, 1).await;
    let (order_id, payment_id) = (answer.text("order_id"), answer.text("payment_id"));
    shop.decline(&payment_id).await;
    let wallet = json!({"payment": {"method": "wallet"}});
    shop.post(format!("/api/payments/{payment_id}/retry"))
        .by(&ann)
        .json(&wallet)
        .await
        .expect(202);
    let last = shop.events_of(&format!("order-{order_id}")).await;
    assert_eq!(last.last().unwrap().event_type, "OrderPaid");
}

#[tokio::test]
async fn an_order_that_has_expired_is_paid_no_more() {
    let (shop, _, sku, ann) = opened().await;
    let payment_id = shop.order(&ann, &sku, 1).await.text("payment_id");
    shop.decline(&payment_id).await;
    shop.pass(TimeDelta::minutes(31));
    let again = json!({"payment": {"method": "card", "token": "pm_card_visa"}});
    let answer = shop
        .post(format!("/api/payments/{payment_id}/retry"))
        .by(&ann)
        .json(&again)
        .await;
    answer.refused(409, "order_expired");
}

#[tokio::test]
async fn staff_give_back_what_was_paid_and_never_more() {
    let (shop, admin, sku, ann) = opened().await;
    let payment_id = shop.order(&ann, &sku, 2).await.text("payment_id");
    let path = format!("/api/payments/{payment_id}/refund");
    let refund = |body: Value| shop.post(&path).by(&admin).json(&body);
    refund(json!({})).await.refused(409, "payment_not_settled");
    shop.settle(&payment_id).await;
    let head = shop.head().await;
    shop.post(&path)
        .by(&ann)
        .json(&json!({}))
        .await
        .refused(403, "role_required");
    refund(json!({"amount": "10.01"}))
        .await
        .refused(409, "refund_too_high");
    refund(json!({"amount": "0"}))
        .await
        .refused_field("amount", "amount_invalid");
    refund(json!({"amount": {"amount": "1.00", "currency": "EUR"}}))
        .await
        .refused_field("amount", "amount_invalid");
    refund(json!({"amount": "1.005"}))
        .await
        .refused_field("amount", "amount_invalid");
    assert_eq!(shop.head().await, head);
    let answer = refund(json!({"amount": "4.00", "reason": "late"}))
        .await
        .expect(202);
    let requested = payload(&shop.events_after(head).await[0]);
    assert_eq!(
        (&requested["refund_id"], &requested["reason"]),
        (&answer.body["refund_id"], &json!("late"))
    );
    refund(json!({})).await.expect(202);
    let events = shop.events_after(head).await;
    assert_eq!(payload(&events[1])["amount"]["amount"], "6.00");
    refund(json!({})).await.expect(422);
    let nothing = format!("/api/payments/{}/refund", Uuid::now_v7());
    shop.post(nothing)
        .by(&admin)
        .await
        .refused(404, "payment_not_found");
}

#[tokio::test]
async fn a_wallet_is_filled_spent_and_emptied() {
    let (shop, _, sku, ann) = opened().await;
    let head = shop.head().await;
    let body = json!({"amount": "12.00", "token": "pm_card_visa"});
    let answer = shop
        .post("/api/wallet/deposits")
        .by(&ann)
        .json(&body)
        .await
        .expect(202);
    assert_eq!(shop.types_after(head).await, ["PaymentRequested"]);
    let withdraw = |amount: &str| {
        let body = json!({"amount": amount, "destination": "ba_1"});
        shop.post("/api/wallet/withdrawals").by(&ann).json(&body)
    };
    withdraw("1.00").await.refused(409, "wallet_not_covered");
    shop.settle(&answer.text("payment_id")).await;
    let order = json!({
        "lines": [{"sku": sku, "quantity": 2}], "payment": {"method": "wallet"}, "country": "UK",
    });
    let answer = shop.post("/api/orders").by(&ann).json(&order).await.expect(201);
    assert_eq!(answer.body["paid"], true);
    let head = shop.head().await;
    withdraw("2.01").await.refused(409, "wallet_not_covered");
    withdraw("0").await.refused_field("amount", "amount_invalid");
    withdraw("-1").await.refused_field("amount", "amount_invalid");
    let body = json!({"amount": "1.00", "destination": ""});
    let answer = shop.post("/api/wallet/withdrawals").by(&ann).json(&body).await;
    answer.refused_field("destination", "destination_invalid");
    let none = json!({"amount": "0.00", "token": "pm_card_visa"});
    shop.post("/api/wallet/deposits")
        .by(&ann)
        .json(&none)
        .await
        .refused_field("amount", "amount_invalid");
    assert_eq!(shop.head().await, head);
    let answer = withdraw("2.00").await.expect(202);
    let requested = payload(&shop.events_after(head).await[0]);
    assert_eq!(requested["withdrawal_id"], answer.body["withdrawal_id"]);
    assert_eq!(requested["amount"]["amount"], "2.00");
}
