//! One key, one effect.

use tokio::task::JoinSet;

use crate::harness::{payment, running, succeeded_charges};

#[tokio::test]
async fn the_same_request_gets_the_stored_answer() {
    let running = running().await;
    let form = payment("pm_card_visa");
    let first = running
        .client
        .post_with_key("key-1", "/v1/payment_intents", &form)
        .await;
    assert!(!first.replayed);
    let mut reordered = form;
    reordered.reverse();
    let second = running
        .client
        .post_with_key("key-1", "/v1/payment_intents", &reordered)
        .await;
    assert!(second.replayed);
    assert_eq!((second.status, &second.body), (200, &first.body));
    assert_eq!(succeeded_charges(&running.database).await, 1);
    running.stop().await;
}

#[tokio::test]
async fn a_decline_is_stored_too() {
    let running = running().await;
    let form = payment("pm_card_chargeDeclined");
    let first = running
        .client
        .post_with_key("key-1", "/v1/payment_intents", &form)
        .await;
    let second = running
        .client
        .post_with_key("key-1", "/v1/payment_intents", &form)
        .await;
    assert!(second.replayed);
    assert_eq!((second.status, &second.body), (402, &first.body));
    assert_eq!(running.client.get("/v1/payment_intents").await.ids().len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn other_parameters_or_another_endpoint_are_refused() {
    let running = running().await;
    let form = payment("pm_card_visa");
    running
        .client
        .post_with_key("key-1", "/v1/payment_intents", &form)
        .await;
    let mut dearer = form;
    dearer[0].1 = "9999";
    let other = running
        .client
        .post_with_key("key-1", "/v1/payment_intents", &dearer)
        .await;
    other.assert_error(400, "idempotency_error", None);
    let elsewhere = [("amount", "1250"), ("currency", "gbp")];
    let other = running
        .client
        .post_with_key("key-1", "/v1/payouts", &elsewhere)
        .await;
    other.assert_error(400, "idempotency_error", None);
    assert_eq!(succeeded_charges(&running.database).await, 1);
    running.stop().await;
}

#[tokio::test]
async fn a_malformed_request_does_not_use_up_its_key() {
    let running = running().await;
    let bad = running
        .client
        .post_with_key("key-1", "/v1/payment_intents", &[("amount", "x")])
        .await;
    bad.assert_error(400, "invalid_request_error", Some("parameter_invalid_integer"));
    let good = running
        .client
        .post_with_key("key-1", "/v1/payment_intents", &payment("pm_card_visa"))
        .await;
    assert_eq!(good.body["status"], "succeeded", "{}", good.body);
    running.stop().await;
}

#[tokio::test]
async fn many_at_once_with_one_key_charge_once() {
    let running = running().await;
    let mut requests = JoinSet::new();
    for _ in 0..16 {
        let client = running.client.clone();
        requests.spawn(async move {
            client
                .post_with_key("key-1", "/v1/payment_intents", &payment("pm_card_visa"))
                .await
        });
    }
    let answers = requests.join_all().await;
    let first_hand = answers
        .iter()
        .filter(|answer| answer.status == 200 && !answer.replayed)
        .count();
    assert_eq!(first_hand, 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.assert_error(409, "idempotency_error", Some("idempotency_key_in_use"));
    }
    assert_eq!(succeeded_charges(&running.database).await, 1);
    running.stop().await;
}

#[tokio::test]
async fn a_key_in_use_is_refused_at_once() {
    let running = running().await;
    let form = payment("pm_card_sandbox_timeout");
    let one = running
        .client
        .post_with_key("key-1", "/v1/payment_intents", &form);
    let two = running
        .client
        .post_with_key("key-1", "/v1/payment_intents", &form);
    // Whichever comes first hangs for an hour, so the first answer belongs to the other.
    let answer = tokio::select! {
        answer = one => answer,
        answer = two => answer,
    };
    answer.assert_error(409, "idempotency_error", Some("idempotency_key_in_use"));
    running.stop().await;
}
