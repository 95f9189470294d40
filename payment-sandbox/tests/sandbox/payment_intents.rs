//! Payment intents: made, charged, declined, cancelled, listed and found again.

use serde_json::json;

use crate::harness::{payment, running, succeeded_charges};

#[tokio::test]
async fn a_confirmed_intent_charges() {
    let running = running().await;
    let answer = running.client.pay("pm_card_visa").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let intent = &answer.body;
    assert_eq!(intent["object"], "payment_intent");
    assert_eq!(intent["status"], "succeeded");
    assert_eq!(intent["amount"], 1250);
    assert_eq!(intent["amount_received"], 1250);
    assert_eq!(intent["currency"], "gbp");
    assert_eq!(
        intent["metadata"],
        json!({ "attempt_id": "attempt-1", "payment_id": "payment-1" })
    );
    let read = running
        .client
        .get(&format!("/v1/payment_intents/{}", answer.id()))
        .await;
    assert_eq!(read.body, answer.body, "what was answered is what the books hold");
    let charge = running
        .client
        .get(&format!(
            "/v1/charges/{}",
            intent["latest_charge"].as_str().unwrap()
        ))
        .await;
    assert_eq!(charge.body["status"], "succeeded");
    assert_eq!(charge.body["payment_intent"], intent["id"]);
    let records = running.sandbox.charges().await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].amount_minor, 1250);
    assert_eq!(records[0].currency, "GBP");
    assert_eq!(payment_sandbox::charges_per_attempt(&records)["attempt-1"], 1);
    assert_eq!(payment_sandbox::charges_per_payment(&records)["payment-1"], 1);
    running.stop().await;
}

#[tokio::test]
async fn a_declined_card_answers_402_and_charges_nothing() {
    let running = running().await;
    for (method, decline_code) in [
        ("pm_card_visa_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
    ] {
        let answer = running.client.pay(method).await;
        answer.assert_error(402, "card_error", Some("card_declined"));
        let error = &answer.body["error"];
        assert_eq!(error["decline_code"], decline_code);
        let intent = &error["payment_intent"];
        assert_eq!(intent["status"], "requires_payment_method");
        assert_eq!(intent["last_payment_error"]["decline_code"], decline_code);
        let charge = running
            .client
            .get(&format!(
                "/v1/charges/{}",
                intent["latest_charge"].as_str().unwrap()
            ))
            .await;
        assert_eq!(charge.body["status"], "failed");
        assert_eq!(charge.body["paid"], false);
    }
    assert_eq!(succeeded_charges(&running.database).await, 0);
    running.stop().await;
}

#[tokio::test]
async fn a_declined_intent_can_be_confirmed_with_another_card() {
    let running = running().await;
    let declined = running.client.pay("pm_card_chargeDeclined").await;
    let id = declined.body["error"]["payment_intent"]["id"].as_str().unwrap();
    let path = format!("/v1/payment_intents/{id}/confirm");
    let paid = running
        .client
        .post(&path, &[("payment_method", "pm_card_visa")])
        .await;
    assert_eq!(paid.body["status"], "succeeded", "{}", paid.body);
    let again = running
        .client
        .post(&path, &[("payment_method", "pm_card_visa")])
        .await;
    again.assert_error(
        400,
        "invalid_request_error",
        Some("payment_intent_unexpected_state"),
    );
    assert_eq!(succeeded_charges(&running.database).await, 1);
    running.stop().await;
}

#[tokio::test]
async fn an_unknown_method_is_a_missing_resource() {
    let running = running().await;
    let answer = running.client.pay("pm_card_nobody").await;
    answer.assert_error(400, "invalid_request_error", Some("resource_missing"));
    assert_eq!(answer.body["error"]["param"], "payment_method");
    running.stop().await;
}

#[tokio::test]
async fn an_intent_can_wait_for_its_confirmation_or_be_cancelled() {
    let running = running().await;
    let form = [("amount", "700"), ("currency", "EUR")];
    let made = running.client.post("/v1/payment_intents", &form).await;
    assert_eq!(made.body["status"], "requires_payment_method");
    let confirm = format!("/v1/payment_intents/{}/confirm", made.id());
    let without = running.client.post(&confirm, &[]).await;
    without.assert_error(
        400,
        "invalid_request_error",
        Some("payment_intent_unexpected_state"),
    );
    let cancel = format!("/v1/payment_intents/{}/cancel", made.id());
    let cancelled = running
        .client
        .post(&cancel, &[("cancellation_reason", "abandoned")])
        .await;
    assert_eq!(cancelled.body["status"], "canceled");
    assert_eq!(cancelled.body["cancellation_reason"], "abandoned");
    let late = running
        .client
        .post(&confirm, &[("payment_method", "pm_card_visa")])
        .await;
    late.assert_error(
        400,
        "invalid_request_error",
        Some("payment_intent_unexpected_state"),
    );
    assert_eq!(succeeded_charges(&running.database).await, 0);
    running.stop().await;
}

#[tokio::test]
async fn a_paid_intent_cannot_be_cancelled() {
    let running = running().await;
    let paid = running.client.pay("pm_card_visa").await;
    let answer = running
        .client
        .post(&format!("/v1/payment_intents/{}/cancel", paid.id()), &[])
        .await;
    answer.assert_error(
        400,
        "invalid_request_error",
        Some("payment_intent_unexpected_state"),
    );
    running.stop().await;
}

#[tokio::test]
async fn lists_are_paged_by_key_newest_first() {
    let running = running().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(running.client.pay("pm_card_visa").await.id().to_owned());
    }
    made.reverse();
    let first = running.client.get("/v1/payment_intents?limit=2").await;
    assert_eq!(first.ids(), made[..2]);
    assert_eq!(first.body["has_more"], true);
    let second = running
        .client
        .get(&format!("/v1/payment_intents?limit=2&starting_after={}", made[1]))
        .await;
    assert_eq!(second.ids(), made[2..4]);
    let last = running
        .client
        .get(&format!("/v1/payment_intents?limit=2&starting_after={}", made[3]))
        .await;
    assert_eq!(last.ids(), made[4..]);
    assert_eq!(last.body["has_more"], false);
    let charges = running
        .client
        .get(&format!("/v1/charges?payment_intent={}", made[0]))
        .await;
    assert_eq!(charges.ids().len(), 1);
    let future = running
        .client
        .get("/v1/payment_intents?created[gte]=32503680000")
        .await;
    assert!(future.ids().is_empty());
    let unknown = running
        .client
        .get("/v1/payment_intents?starting_after=pi_nobody")
        .await;
    unknown.assert_error(400, "invalid_request_error", Some("resource_missing"));
    let wide = running.client.get("/v1/payment_intents?limit=101").await;
    wide.assert_error(400, "invalid_request_error", Some("parameter_invalid_integer"));
    running.stop().await;
}

#[tokio::test]
async fn search_finds_an_intent_by_its_metadata() {
    let running = running().await;
    let paid = running.client.pay("pm_card_visa").await;
    let mut other = payment("pm_card_visa");
    other[4].1 = "attempt-2";
    running.client.post("/v1/payment_intents", &other).await;
    let found = running
        .client
        .get("/v1/payment_intents/search?query=metadata['attempt_id']:'attempt-1'")
        .await;
    assert_eq!(found.body["object"], "search_result");
    assert_eq!(found.ids(), [paid.id()]);
    let none = running
        .client
        .get("/v1/payment_intents/search?query=metadata['attempt_id']:'attempt-3'")
        .await;
    assert!(none.ids().is_empty());
    let bad = running
        .client
        .get("/v1/payment_intents/search?query=amount>1")
        .await;
    bad.assert_error(400, "invalid_request_error", Some("parameter_invalid_string"));
    running.stop().await;
}
