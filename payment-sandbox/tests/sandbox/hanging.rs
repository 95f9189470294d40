//! The methods that act out a bad network. The sandbox would hang for an hour: what answers at all did not hang.

use crate::harness::{payment, running, running_with, succeeded_charges};

#[tokio::test]
async fn a_timeout_charges_nothing_and_leaves_no_trace() {
    let running = running().await;
    let form = payment("pm_card_sandbox_timeout");
    let error = running
        .client
        .post_impatiently("key-1", "/v1/payment_intents", &form)
        .await;
    assert!(error.is_timeout(), "{error:?}");
    let found = running
        .client
        .get("/v1/payment_intents/search?query=metadata['attempt_id']:'attempt-1'")
        .await;
    assert!(found.ids().is_empty());
    assert_eq!(succeeded_charges(&running.database).await, 0);
    running.stop().await;
}

#[tokio::test]
async fn a_patient_caller_is_told_that_the_request_timed_out() {
    let running = running_with(|settings| settings.hang = std::time::Duration::from_millis(20)).await;
    let answer = running.client.pay("pm_card_sandbox_timeout").await;
    answer.assert_error(504, "api_error", None);
    running.stop().await;
}

#[tokio::test]
async fn a_lost_answer_is_given_at_once_to_the_same_key() {
    let running = running().await;
    let form = payment("pm_card_sandbox_chargeThenHang");
    let error = running
        .client
        .post_impatiently("key-1", "/v1/payment_intents", &form)
        .await;
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(succeeded_charges(&running.database).await, 1);
    let retry = running
        .client
        .post_with_key("key-1", "/v1/payment_intents", &form)
        .await;
    assert_eq!(retry.status, 200);
    assert!(retry.replayed);
    assert_eq!(retry.body["status"], "succeeded");
    assert_eq!(succeeded_charges(&running.database).await, 1);
    running.stop().await;
}

#[tokio::test]
async fn an_unavailable_provider_charges_at_the_third_try() {
    let running = running().await;
    let form = payment("pm_card_sandbox_unavailable");
    for _ in 0..2 {
        let refused = running
            .client
            .post_with_key("key-1", "/v1/payment_intents", &form)
            .await;
        refused.assert_error(503, "api_error", None);
        assert_eq!(succeeded_charges(&running.database).await, 0);
    }
    let paid = running
        .client
        .post_with_key("key-1", "/v1/payment_intents", &form)
        .await;
    assert_eq!(paid.body["status"], "succeeded", "{}", paid.body);
    assert!(!paid.replayed);
    let other = running
        .client
        .post_with_key("key-2", "/v1/payment_intents", &form)
        .await;
    assert_eq!(other.status, 503, "each request is refused for itself");
    assert_eq!(succeeded_charges(&running.database).await, 1);
    running.stop().await;
}

#[tokio::test]
async fn a_hanging_request_does_not_hold_up_the_shutdown() {
    let running = running().await;
    let client = running.client.clone();
    let hanging = tokio::spawn(async move { client.pay("pm_card_sandbox_chargeThenHang").await });
    // The charge is in the books once the request hangs.
    let charged = async {
        while succeeded_charges(&running.database).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::harness::PATIENCE, charged)
        .await
        .expect("the charge is written");
    running.stop().await;
    assert_eq!(hanging.await.unwrap().body["status"], "succeeded");
}
