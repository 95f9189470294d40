//! Refunds: never more than was charged.

use tokio::task::JoinSet;

use crate::harness::{Answer, Client, running};

async fn refund(client: &Client, intent: &str, amount: &str) -> Answer {
    client
        .post(
            "/v1/refunds",
            &[
                ("payment_intent", intent),
                ("amount", amount),
                ("metadata[refund_id]", "r-1"),
            ],
        )
        .await
}

#[tokio::test]
async fn parts_can_be_refunded_until_nothing_is_left() {
    let running = running().await;
    let paid = running.client.pay("pm_card_visa").await;
    let part = refund(&running.client, paid.id(), "1000").await;
    assert_eq!(part.body["object"], "refund");
    assert_eq!(part.body["status"], "succeeded");
    assert_eq!(part.body["metadata"]["refund_id"], "r-1");
    let over = refund(&running.client, paid.id(), "251").await;
    over.assert_error(400, "invalid_request_error", Some("amount_too_large"));
    let rest = running
        .client
        .post("/v1/refunds", &[("payment_intent", paid.id())])
        .await;
    assert_eq!(rest.body["amount"], 250);
    let again = refund(&running.client, paid.id(), "1").await;
    again.assert_error(400, "invalid_request_error", Some("charge_already_refunded"));
    let listed = running
        .client
        .get(&format!("/v1/refunds?payment_intent={}", paid.id()))
        .await;
    assert_eq!(listed.ids(), [rest.id(), part.id()]);
    assert_eq!(
        running
            .client
            .get(&format!("/v1/refunds/{}", part.id()))
            .await
            .body,
        part.body
    );
    assert_eq!(
        running.sandbox.charges().await.unwrap()[0].amount_refunded_minor,
        1250
    );
    running.stop().await;
}

#[tokio::test]
async fn refunds_at_once_never_exceed_the_charge() {
    let running = running().await;
    let paid = running.client.pay("pm_card_visa").await;
    let mut requests = JoinSet::new();
    for _ in 0..10 {
        let (client, intent) = (running.client.clone(), paid.id().to_owned());
        requests.spawn(async move { refund(&client, &intent, "500").await });
    }
    let answers = requests.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 2);
    assert_eq!(
        running.sandbox.charges().await.unwrap()[0].amount_refunded_minor,
        1000
    );
    running.stop().await;
}

#[tokio::test]
async fn only_what_was_charged_can_be_refunded() {
    let running = running().await;
    let unknown = refund(&running.client, "pi_nobody", "1").await;
    unknown.assert_error(404, "invalid_request_error", Some("resource_missing"));
    let declined = running.client.pay("pm_card_chargeDeclined").await;
    let intent = declined.body["error"]["payment_intent"]["id"].as_str().unwrap();
    refund(&running.client, intent, "1")
        .await
        .assert_error(400, "invalid_request_error", None);
    running.stop().await;
}
