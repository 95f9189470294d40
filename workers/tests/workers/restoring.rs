//! After a restore: what the provider knows and the log doesn't.

use chrono::TimeDelta;
use domain::orphans;
use domain::settlement::{self, RefundPayment, SettlePayment};
use domain::wallets::{self, RequestWithdrawal};
use events::ids::{RefundId, WithdrawalId};
use events::orphan::{OrphanKind, OrphanReason};
use platform::clock::Clock;
use uuid::Uuid;
use workers::gateway::{ChargeRequest, Outcome, PayoutRequest, RefundRequest};
use workers::intents::{Intents, Lane};
use workers::reconciliation::Reconciliation;
use workers::restoration::CaughtUp;

use crate::charging::{deposit, until_balance};
use crate::shop::{Placed, Shop, pounds, until};

async fn catch_up(shop: &Shop, intents: &Intents) -> CaughtUp {
    let reconciliation = Reconciliation {
        executor: shop.executor.clone(),
        intents: intents.clone(),
        gateway: shop.gateway(),
        clock: Clock::Manual(shop.clock.clone()),
    };
    reconciliation
        .catch_up(shop.now() - TimeDelta::minutes(1))
        .await
        .unwrap()
}

/// Charges as the shop did before it was lost; the provider's reference.
async fn charge(shop: &Shop, attempt_id: Uuid, payment_id: Uuid) -> String {
    let request = ChargeRequest {
        attempt_id,
        payment_id,
        amount: pounds(10),
        method: "pm_card_visa".to_owned(),
        description: "Order".to_owned(),
    };
    reference(shop.gateway().charge(&request).await)
}

fn reference(outcome: Outcome) -> String {
    match outcome {
        Outcome::Settled { provider_reference } => provider_reference,
        other => panic!("{other:?}"),
    }
}

async fn refund(shop: &Shop, refund_id: Uuid, placed: Placed, charge: &str) {
    let request = RefundRequest {
        refund_id,
        payment_id: placed.payment_id.0,
        provider_reference: charge.to_owned(),
        amount: pounds(3),
    };
    reference(shop.gateway().refund(&request).await);
}

#[tokio::test]
async fn a_known_attempt_is_settled_however_young_and_an_unknown_one_is_an_orphan() {
    let shop = Shop::open().await;
    let placed = shop.buy("pm_card_visa").await;
    charge(&shop, placed.attempt_id.0, placed.payment_id.0).await;
    let lost = charge(&shop, Uuid::now_v7(), Uuid::now_v7()).await;
    let intents = shop.intents().await;
    let first = catch_up(&shop, &intents).await;
    assert_eq!((first.listed, first.payments_settled), (2, 1));
    assert!(shop.story(placed).await.contains(&"OrderPaid"));
    let [orphan] = first.orphans.as_slice() else {
        panic!("{first:?}");
    };
    assert_eq!(
        (
            orphan.kind,
            orphan.reason,
            orphan.amount,
            &orphan.provider_reference
        ),
        (
            OrphanKind::Charge,
            OrphanReason::UnknownPayment,
            pounds(10),
            &lost
        )
    );
    let head = shop.log.head().await.unwrap();
    let second = catch_up(&shop, &intents).await;
    assert_eq!((second.payments_settled, second.orphans.len()), (0, 1));
    assert_eq!(shop.log.head().await.unwrap(), head, "what is known is no news");
    intents.close().await;
    shop.close().await;
}

#[tokio::test]
async fn refunds_are_settled_if_they_were_asked_for_here() {
    let shop = Shop::open().await;
    let placed = shop.buy("pm_card_visa").await;
    let charge = charge(&shop, placed.attempt_id.0, placed.payment_id.0).await;
    let settle = SettlePayment {
        payment_id: placed.payment_id,
        attempt_id: placed.attempt_id,
        provider_reference: charge.clone(),
        at: shop.now(),
    };
    shop.command(|work| settlement::settle_payment(work, &settle))
        .await;
    let asked = RefundPayment {
        payment_id: placed.payment_id,
        refund_id: RefundId::generate(),
        amount: Some(pounds(3)),
        reason: "goodwill".to_owned(),
        at: shop.now(),
    };
    shop.command(|work| settlement::refund_payment(work, &asked))
        .await;
    refund(&shop, asked.refund_id.0, placed, &charge).await;
    refund(&shop, Uuid::now_v7(), placed, &charge).await;
    let intents = shop.intents().await;
    let caught_up = catch_up(&shop, &intents).await;
    assert_eq!((caught_up.refunds_settled, caught_up.orphans.len()), (1, 1));
    let orphan = &caught_up.orphans[0];
    assert_eq!(
        (orphan.kind, orphan.reason, orphan.payment_id, orphan.amount),
        (
            OrphanKind::Refund,
            OrphanReason::UnknownRefund,
            Some(placed.payment_id),
            pounds(3)
        )
    );
    assert_eq!(catch_up(&shop, &intents).await.refunds_settled, 0);
    intents.close().await;
    shop.close().await;
}

#[tokio::test]
async fn payouts_are_settled_if_they_were_asked_for_here() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    deposit(&shop).await;
    until_balance(&shop, pounds(20)).await;
    workers.stop().await;
    let payout = |withdrawal_id: Uuid| PayoutRequest {
        withdrawal_id,
        account_id: shop.customer.0,
        amount: pounds(5),
        destination: "acct_bank".to_owned(),
    };
    let asked = RequestWithdrawal {
        account_id: shop.customer,
        withdrawal_id: WithdrawalId::generate(),
        amount: pounds(5),
        destination: "acct_bank".to_owned(),
        at: shop.now(),
    };
    shop.command(|work| wallets::request_withdrawal(work, &asked))
        .await;
    reference(shop.gateway().payout(&payout(asked.withdrawal_id.0)).await);
    reference(shop.gateway().payout(&payout(Uuid::now_v7())).await);
    let intents = shop.intents().await;
    let first = catch_up(&shop, &intents).await;
    assert_eq!((first.payouts_settled, first.orphans.len()), (1, 1));
    assert_eq!(first.orphans[0].reason, OrphanReason::UnknownPayout);
    // What is concluded by now is still known.
    let second = catch_up(&shop, &intents).await;
    assert_eq!((second.payouts_settled, second.orphans.len()), (0, 1));
    intents.close().await;
    shop.close().await;
}

#[tokio::test]
async fn an_orphan_is_given_back_once() {
    let shop = Shop::open().await;
    charge(&shop, Uuid::now_v7(), Uuid::now_v7()).await;
    let intents = shop.intents().await;
    let found = catch_up(&shop, &intents).await.orphans.remove(0);
    intents.close().await;
    drop(intents);
    let id = domain::orphan::orphan_id(&found.provider_reference);
    let at = shop.now();
    for refund_id in [RefundId::generate(), RefundId::generate()] {
        shop.command(|work| orphans::refund_orphan(work, id, refund_id, "nobody ordered", at))
            .await;
    }
    let workers = shop.work().await;
    workers.until_count(Lane::Settlement, "done", 1).await;
    until("the refund", async || {
        let charges = shop.charges().await;
        charges[0].amount_refunded_minor == 10_00
    })
    .await;
    assert!(
        catch_up(&shop, &workers.intents).await.orphans.is_empty(),
        "it was given back"
    );
    workers.stop().await;
    shop.close().await;
}
