//! Charges: every outcome, its look-up, and never two for one attempt.

use std::collections::BTreeSet;
use std::time::Duration;

use uuid::Uuid;
use workers::gateway::{ChargePageRequest, Lookup, Outcome, ProviderChargeStatus};

use super::*;

#[tokio::test]
async fn a_good_card_settles() {
    let provider = provider().await;
    let request = charge("pm_card_visa");
    assert_eq!(provider.look_up(&request).await, Lookup::NotFound);
    let outcome = provider.gateway.charge(&request).await;
    assert!(matches!(outcome, Outcome::Settled { .. }), "{outcome:?}");
    assert_eq!(provider.look_up(&request).await, settled(&outcome));
    let by_reference = provider
        .gateway
        .look_up_charge(request.attempt_id, request.payment_id, Some(reference(&outcome)))
        .await;
    assert_eq!(by_reference, settled(&outcome));
    let books = provider.sandbox.charges().await.unwrap();
    assert_eq!(books[0].attempt_id, Some(request.attempt_id.to_string()));
    assert_eq!(books[0].payment_id, Some(request.payment_id.to_string()));
    assert_eq!((books[0].amount_minor, books[0].currency.as_str()), (1250, "GBP"));
    provider.stop_with_charges(1).await;
}

#[tokio::test]
async fn a_refused_card_is_declined_also_when_asked_later() {
    let provider = provider().await;
    for (method, code) in [
        ("pm_card_visa_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
    ] {
        let request = charge(method);
        let outcome = provider.gateway.charge(&request).await;
        assert_declined(&outcome, code);
        assert_eq!(
            provider.gateway.charge(&request).await,
            outcome,
            "a repetition is answered alike"
        );
        let lookup = provider.look_up(&request).await;
        assert!(
            matches!(&lookup, Lookup::Declined { code: later, .. } if later == code),
            "{lookup:?}"
        );
    }
    provider.stop_with_charges(0).await;
}

#[tokio::test]
async fn a_wrong_request_is_refused() {
    let provider = provider().await;
    assert_refused(
        &provider.gateway.charge(&charge("pm_card_nobody")).await,
        "resource_missing",
    );
    let mut huge = charge("pm_card_visa");
    huge.amount = pounds(100_000_000);
    assert_refused(&provider.gateway.charge(&huge).await, "amount_too_large");
    let mut nothing = charge("pm_card_visa");
    nothing.amount = pounds(0);
    assert_refused(&provider.gateway.charge(&nothing).await, "amount_unpayable");
    provider.stop_with_charges(0).await;
}

#[tokio::test]
async fn a_timeout_is_unknown_and_leaves_nothing_behind() {
    let provider = provider().await;
    let request = charge("pm_card_sandbox_timeout");
    assert_unknown(&provider.impatient().charge(&request).await, "in time");
    assert_eq!(provider.look_up(&request).await, Lookup::NotFound);
    provider.stop_with_charges(0).await;
}

#[tokio::test]
async fn a_lost_answer_is_unknown_until_asked_for() {
    let provider = provider().await;
    let request = charge("pm_card_sandbox_chargeThenHang");
    assert_unknown(&provider.impatient().charge(&request).await, "in time");
    let lookup = provider.look_up(&request).await;
    assert!(matches!(lookup, Lookup::Settled { .. }), "{lookup:?}");
    assert_eq!(provider.charges().await, 1);
    let again = provider.gateway.charge(&request).await;
    assert_eq!(
        lookup,
        settled(&again),
        "a repetition gets the answer that was lost"
    );
    provider.stop_with_charges(1).await;
}

#[tokio::test]
async fn an_attempt_charges_once_however_often_it_is_made() {
    let provider = provider().await;
    let request = charge("pm_card_visa");
    let first = provider.gateway.charge(&request).await;
    for _ in 0..3 {
        assert_eq!(provider.gateway.charge(&request).await, first);
    }
    let mut at_once = tokio::task::JoinSet::new();
    let other = charge("pm_card_visa");
    for _ in 0..8 {
        let (gateway, request) = (provider.gateway.clone(), other.clone());
        at_once.spawn(async move { gateway.charge(&request).await });
    }
    let outcomes = at_once.join_all().await;
    assert!(
        outcomes
            .iter()
            .any(|outcome| matches!(outcome, Outcome::Settled { .. }))
    );
    for outcome in outcomes
        .iter()
        .filter(|outcome| !matches!(outcome, Outcome::Settled { .. }))
    {
        assert_unknown(outcome, "idempotency_key_in_use");
    }
    provider.stop_with_charges(2).await;
}

#[tokio::test]
async fn an_attempt_in_progress_is_unknown_to_the_second_who_tries() {
    let provider = provider().await;
    let request = charge("pm_card_sandbox_timeout");
    // Whichever comes first hangs for an hour, so the first answer belongs to the other.
    let outcome = tokio::select! {
        outcome = provider.gateway.charge(&request) => outcome,
        outcome = provider.gateway.charge(&request) => outcome,
    };
    assert_unknown(&outcome, "idempotency_key_in_use");
    provider.stop_with_charges(0).await;
}

#[tokio::test]
async fn one_attempt_with_two_meanings_is_unknown_for_the_first_may_have_charged() {
    let provider = provider().await;
    let request = charge("pm_card_visa");
    provider.gateway.charge(&request).await;
    let mut dearer = request.clone();
    dearer.amount = pounds(9900);
    assert_unknown(&provider.gateway.charge(&dearer).await, "idempotency_error");
    provider.stop_with_charges(1).await;
}

#[tokio::test]
async fn an_unavailable_provider_is_unknown_and_charges_in_the_end() {
    let provider = provider().await;
    let request = charge("pm_card_sandbox_unavailable");
    for _ in 0..2 {
        assert_unknown(&provider.gateway.charge(&request).await, "503");
        assert_eq!(provider.look_up(&request).await, Lookup::NotFound);
    }
    let outcome = provider.gateway.charge(&request).await;
    assert_eq!(provider.look_up(&request).await, settled(&outcome));
    provider.stop_with_charges(1).await;
}

#[tokio::test]
async fn a_slow_bank_is_pending_and_then_settles() {
    let provider = provider().await;
    let request = charge("pm_card_sandbox_processing");
    let outcome = provider.gateway.charge(&request).await;
    assert!(matches!(outcome, Outcome::Pending { .. }), "{outcome:?}");
    let by_reference = || {
        provider
            .gateway
            .look_up_charge(request.attempt_id, request.payment_id, Some(reference(&outcome)))
    };
    assert_eq!(once_settled(by_reference).await, settled(&outcome));
    assert_eq!(
        once_settled(|| provider.look_up(&request)).await,
        settled(&outcome)
    );
    provider.stop_with_charges(1).await;
}

#[tokio::test]
async fn a_reference_of_something_else_proves_nothing() {
    let provider = provider().await;
    let other = provider.gateway.charge(&charge("pm_card_visa")).await;
    for reference in [reference(&other), "pi_nobody", "../charges", ""] {
        let lookup = provider
            .gateway
            .look_up_charge(Uuid::now_v7(), Uuid::now_v7(), Some(reference))
            .await;
        assert!(
            matches!(lookup, Lookup::Unknown { .. }),
            "{reference}: {lookup:?}"
        );
    }
    provider.stop_with_charges(1).await;
}

#[tokio::test]
async fn the_provider_s_charges_can_be_read_to_the_last() {
    let provider = provider().await;
    let mut attempts = BTreeSet::new();
    for _ in 0..103 {
        let request = charge("pm_card_visa");
        provider.gateway.charge(&request).await;
        attempts.insert(request.attempt_id);
    }
    let declined = charge("pm_card_chargeDeclined");
    provider.gateway.charge(&declined).await;
    let first = provider
        .gateway
        .list_charges(&ChargePageRequest::default())
        .await
        .unwrap();
    assert_eq!(first.charges.len(), 100);
    assert_eq!(first.charges[0].attempt_id, Some(declined.attempt_id));
    assert_eq!(first.charges[0].status, ProviderChargeStatus::Failed);
    let page = ChargePageRequest {
        after: first.next.clone(),
        ..ChargePageRequest::default()
    };
    let second = provider.gateway.list_charges(&page).await.unwrap();
    assert_eq!((second.charges.len(), second.next), (4, None));
    let succeeded =
        first.charges.iter().chain(&second.charges).filter(|charge| {
            charge.status == ProviderChargeStatus::Succeeded && charge.amount == pounds(1250)
        });
    assert_eq!(
        succeeded
            .filter_map(|charge| charge.attempt_id)
            .collect::<BTreeSet<_>>(),
        attempts
    );
    let future = ChargePageRequest {
        created_since: Some(chrono::Utc::now() + Duration::from_hours(1)),
        after: None,
    };
    assert!(
        provider
            .gateway
            .list_charges(&future)
            .await
            .unwrap()
            .charges
            .is_empty()
    );
    provider.stop_with_charges(103).await;
}
