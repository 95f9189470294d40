//! Payouts: paid, failed, late or lost.

use chrono::Utc;
use workers::gateway::PayoutRequest;

use super::*;

fn payout(destination: &str) -> PayoutRequest {
    PayoutRequest {
        withdrawal_id: Uuid::now_v7(),
        account_id: Uuid::now_v7(),
        amount: pounds(5000),
        destination: destination.to_owned(),
    }
}

impl Provider {
    async fn look_up_payout(&self, request: &PayoutRequest) -> Lookup {
        self.gateway
            .look_up_payout(request.withdrawal_id, None, Utc::now())
            .await
    }
}

#[tokio::test]
async fn a_payout_settles_once() {
    let provider = provider().await;
    let request = payout("acct_anyone");
    assert_eq!(provider.look_up_payout(&request).await, Lookup::NotFound);
    let outcome = provider.gateway.payout(&request).await;
    assert!(matches!(outcome, Outcome::Settled { .. }), "{outcome:?}");
    assert_eq!(provider.gateway.payout(&request).await, outcome);
    assert_eq!(provider.look_up_payout(&request).await, settled(&outcome));
    provider.stop_with_charges(0).await;
}

#[tokio::test]
async fn a_closed_account_declines() {
    let provider = provider().await;
    let request = payout("acct_sandbox_closed");
    assert_declined(&provider.gateway.payout(&request).await, "account_closed");
    let lookup = provider.look_up_payout(&request).await;
    assert!(
        matches!(&lookup, Lookup::Declined { code, .. } if code == "account_closed"),
        "{lookup:?}"
    );
    provider.stop_with_charges(0).await;
}

#[tokio::test]
async fn a_slow_payout_is_pending_and_then_settles() {
    let provider = provider().await;
    let request = payout("acct_sandbox_slow");
    let outcome = provider.gateway.payout(&request).await;
    assert!(matches!(outcome, Outcome::Pending { .. }), "{outcome:?}");
    let by_reference = || {
        provider
            .gateway
            .look_up_payout(request.withdrawal_id, Some(reference(&outcome)), Utc::now())
    };
    assert_eq!(once_settled(by_reference).await, settled(&outcome));
    provider.stop_with_charges(0).await;
}

#[tokio::test]
async fn silence_is_unknown_whether_it_was_paid_or_not() {
    let provider = provider().await;
    let never = payout("acct_sandbox_timeout");
    assert_unknown(&provider.impatient().payout(&never).await, "in time");
    assert_eq!(provider.look_up_payout(&never).await, Lookup::NotFound);
    let paid = payout("acct_sandbox_payThenHang");
    assert_unknown(&provider.impatient().payout(&paid).await, "in time");
    let lookup = provider.look_up_payout(&paid).await;
    assert!(matches!(lookup, Lookup::Settled { .. }), "{lookup:?}");
    assert_eq!(
        lookup,
        settled(&provider.gateway.payout(&paid).await),
        "a repetition pays no second time"
    );
    provider.stop_with_charges(0).await;
}
