//! Payouts, as their destination decides.

use crate::harness::{Answer, Client, endpoint, running, running_with};

async fn pay_out(client: &Client, destination: &str) -> Answer {
    let form = [
        ("amount", "5000"),
        ("currency", "gbp"),
        ("destination", destination),
        ("metadata[withdrawal_id]", "w-1"),
    ];
    client.post("/v1/payouts", &form).await
}

#[tokio::test]
async fn a_payout_is_paid() {
    let running = running().await;
    let answer = pay_out(&running.client, "acct_anyone").await;
    assert_eq!(answer.body["object"], "payout");
    assert_eq!(answer.body["status"], "paid");
    assert_eq!(answer.body["amount"], 5000);
    assert_eq!(
        running
            .client
            .get(&format!("/v1/payouts/{}", answer.id()))
            .await
            .body,
        answer.body
    );
    assert_eq!(running.client.get("/v1/payouts").await.ids(), [answer.id()]);
    running.stop().await;
}

#[tokio::test]
async fn a_payout_to_a_closed_account_fails_and_an_event_says_so() {
    let mut endpoint = endpoint(&[]).await;
    let target = endpoint.target.clone();
    let running = running_with(|settings| settings.webhook = Some(target)).await;
    let answer = pay_out(&running.client, "acct_sandbox_closed").await;
    assert_eq!(answer.body["status"], "failed");
    assert_eq!(answer.body["failure_code"], "account_closed");
    let event = endpoint.next().await.event();
    assert_eq!(event["type"], "payout.failed");
    assert_eq!(event["data"]["object"], answer.body);
    running.stop().await;
}

#[tokio::test]
async fn a_slow_payout_is_paid_later() {
    let mut endpoint = endpoint(&[]).await;
    let target = endpoint.target.clone();
    let running = running_with(|settings| settings.webhook = Some(target)).await;
    let answer = pay_out(&running.client, "acct_sandbox_slow").await;
    assert_eq!(answer.body["status"], "pending");
    assert_eq!(endpoint.next().await.kind(), "payout.paid");
    let later = running.client.get(&format!("/v1/payouts/{}", answer.id())).await;
    assert_eq!(later.body["status"], "paid");
    running.stop().await;
}
