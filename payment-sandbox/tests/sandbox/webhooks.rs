//! Events: signed, sent once taken, sent again until then.

use axum::http::StatusCode;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::harness::{Received, WEBHOOK_SECRET, endpoint, running, running_in, running_with};

/// Stripe's own recipe, written out: HMAC-SHA256 over `t` and the payload.
fn assert_signed(received: &Received) {
    let (time, signature) = received.signature.split_once(',').unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes()).unwrap();
    mac.update(time.strip_prefix("t=").unwrap().as_bytes());
    mac.update(b".");
    mac.update(received.payload.as_bytes());
    mac.verify_slice(&hex::decode(signature.strip_prefix("v1=").unwrap()).unwrap())
        .unwrap();
}

#[tokio::test]
async fn payments_declines_and_refunds_are_told() {
    let mut endpoint = endpoint(&[]).await;
    let target = endpoint.target.clone();
    let running = running_with(|settings| settings.webhook = Some(target)).await;
    let paid = running.client.pay("pm_card_visa").await;
    let succeeded = endpoint.next().await;
    assert_signed(&succeeded);
    assert_eq!(succeeded.kind(), "payment_intent.succeeded");
    assert_eq!(succeeded.event()["data"]["object"], paid.body);
    running.client.pay("pm_card_chargeDeclined").await;
    let failed = endpoint.next().await;
    assert_eq!(failed.kind(), "payment_intent.payment_failed");
    assert_eq!(
        failed.event()["data"]["object"]["last_payment_error"]["code"],
        "card_declined"
    );
    running
        .client
        .post("/v1/refunds", &[("payment_intent", paid.id())])
        .await;
    let refunded = endpoint.next().await;
    assert_eq!(refunded.kind(), "charge.refunded");
    assert_eq!(refunded.event()["data"]["object"]["amount_refunded"], 1250);
    assert_eq!(endpoint.next().await.kind(), "refund.updated");
    running.stop().await;
}

#[tokio::test]
async fn a_processing_payment_succeeds_later() {
    let mut endpoint = endpoint(&[]).await;
    let target = endpoint.target.clone();
    let running = running_with(|settings| settings.webhook = Some(target)).await;
    let answer = running.client.pay("pm_card_sandbox_processing").await;
    assert_eq!(answer.body["status"], "processing");
    assert_eq!(endpoint.next().await.kind(), "payment_intent.succeeded");
    let later = running
        .client
        .get(&format!("/v1/payment_intents/{}", answer.id()))
        .await;
    assert_eq!(later.body["status"], "succeeded");
    assert_eq!(running.sandbox.charges().await.unwrap().len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn an_event_is_sent_until_it_is_taken_and_then_no_more() {
    let mut endpoint = endpoint(&[StatusCode::INTERNAL_SERVER_ERROR, StatusCode::FOUND]).await;
    let target = endpoint.target.clone();
    let running = running_with(|settings| settings.webhook = Some(target)).await;
    running.client.pay("pm_card_visa").await;
    let first = endpoint.next().await;
    let second = endpoint.next().await;
    let third = endpoint.next().await;
    assert_eq!(first.payload, second.payload);
    assert_eq!(first.payload, third.payload);
    assert_signed(&third);
    running.client.pay("pm_card_chargeDeclined").await;
    assert_eq!(
        endpoint.next().await.kind(),
        "payment_intent.payment_failed",
        "the first event is not sent again"
    );
    running.stop().await;
}

#[tokio::test]
async fn events_wait_for_a_target_also_over_a_restart() {
    let running = running().await;
    running.client.pay("pm_card_visa").await;
    let directory = running.stop().await;
    let running = running_in(directory, |_| {}).await;
    let mut endpoint = endpoint(&[]).await;
    running
        .sandbox
        .set_webhook_target(endpoint.target.clone())
        .unwrap();
    assert_eq!(endpoint.next().await.kind(), "payment_intent.succeeded");
    running.stop().await;
}

#[tokio::test]
async fn a_target_that_is_no_address_is_refused() {
    let running = running().await;
    let target = payment_sandbox::WebhookTarget {
        url: "somewhere".to_owned(),
        secret: "whsec".to_owned(),
    };
    assert!(running.sandbox.set_webhook_target(target).is_err());
    running.stop().await;
}
