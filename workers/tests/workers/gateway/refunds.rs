//! Refunds: once per id, never more than was charged.

use workers::gateway::{ChargePageRequest, RefundRequest};

use super::*;

fn refund(charge: &Outcome, amount_minor: i64) -> RefundRequest {
    RefundRequest {
        refund_id: Uuid::now_v7(),
        payment_id: Uuid::now_v7(),
        provider_reference: reference(charge).to_owned(),
        amount: pounds(amount_minor),
    }
}

#[tokio::test]
async fn a_refund_settles_once() {
    let provider = provider().await;
    let paid = provider.gateway.charge(&charge("pm_card_visa")).await;
    let request = refund(&paid, 1000);
    let lookup = || {
        provider
            .gateway
            .look_up_refund(request.refund_id, reference(&paid))
    };
    assert_eq!(lookup().await, Lookup::NotFound);
    let outcome = provider.gateway.refund(&request).await;
    assert!(matches!(outcome, Outcome::Settled { .. }), "{outcome:?}");
    assert_eq!(provider.gateway.refund(&request).await, outcome);
    assert_eq!(lookup().await, settled(&outcome));
    let books = provider
        .gateway
        .list_charges(&ChargePageRequest::default())
        .await
        .unwrap();
    assert_eq!(books.charges[0].refunded, pounds(1000));
    provider.stop_with_charges(1).await;
}

#[tokio::test]
async fn more_than_was_charged_is_refused() {
    let provider = provider().await;
    let paid = provider.gateway.charge(&charge("pm_card_visa")).await;
    assert_refused(
        &provider.gateway.refund(&refund(&paid, 1251)).await,
        "amount_too_large",
    );
    provider.gateway.refund(&refund(&paid, 1250)).await;
    assert_refused(
        &provider.gateway.refund(&refund(&paid, 1)).await,
        "charge_already_refunded",
    );
    let unknown = Outcome::Settled {
        provider_reference: "pi_nobody".to_owned(),
    };
    assert_refused(
        &provider.gateway.refund(&refund(&unknown, 1)).await,
        "resource_missing",
    );
    assert_eq!(
        provider.sandbox.charges().await.unwrap()[0].amount_refunded_minor,
        1250
    );
    provider.stop_with_charges(1).await;
}

#[tokio::test]
async fn a_lost_answer_is_unknown_until_asked_for() {
    let provider = provider().await;
    let paid = provider
        .gateway
        .charge(&charge("pm_card_sandbox_refundThenHang"))
        .await;
    let request = refund(&paid, 250);
    assert_unknown(&provider.impatient().refund(&request).await, "in time");
    let lookup = provider
        .gateway
        .look_up_refund(request.refund_id, reference(&paid))
        .await;
    assert!(matches!(lookup, Lookup::Settled { .. }), "{lookup:?}");
    assert_eq!(lookup, settled(&provider.gateway.refund(&request).await));
    assert_eq!(
        provider.sandbox.charges().await.unwrap()[0].amount_refunded_minor,
        250
    );
    provider.stop_with_charges(1).await;
}
