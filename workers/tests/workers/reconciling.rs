//! Both ledgers side by side.

use chrono::TimeDelta;
use domain::settlement::{self, SettlePayment};
use events::ids::PaymentId;
use events::money::Money;
use platform::clock::Clock;
use uuid::Uuid;
use workers::gateway::{ChargeRequest, Outcome};
use workers::intents::{Intents, Lane};
use workers::reconciliation::{OrphanReason, Reconciliation, ReconciliationReport};

use crate::shop::{Placed, Shop, pounds};

#[tokio::test]
async fn what_both_sides_have_is_confirmed_once() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_visa").await;
    shop.until_event(placed, "OrderPaid").await;
    workers.until_planned(&shop).await;
    let report = reconcile(&shop, &workers.intents).await;
    assert_eq!((report.listed, report.confirmed), (1, 1));
    assert!(
        report.orphans.is_empty() && report.missing.is_empty() && report.settled.is_empty(),
        "{report:?}"
    );
    assert_eq!(reconcile(&shop, &workers.intents).await.confirmed, 0);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_charge_that_nobody_recorded_is_settled() {
    let shop = Shop::open().await;
    let placed = shop.buy("pm_card_visa").await;
    charge(&shop, Some(placed.attempt_id.0), placed.payment_id.0, pounds(10)).await;
    let intents = shop.intents().await;
    let report = reconcile(&shop, &intents).await;
    assert_eq!(report.settled, [placed.payment_id]);
    assert!(shop.story(placed).await.contains(&"OrderPaid"));
    intents.close().await;
    shop.close().await;
}

#[tokio::test]
async fn charges_without_a_place_in_the_log_are_reported() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let paid = shop.buy("pm_card_visa").await;
    workers.until_count(Lane::Settlement, "done", 1).await;
    workers.stop().await;
    let open = shop.buy("pm_card_visa").await;
    charge(&shop, None, paid.payment_id.0, pounds(10)).await;
    charge(&shop, None, Uuid::now_v7(), pounds(10)).await;
    charge(&shop, Some(open.attempt_id.0), open.payment_id.0, pounds(11)).await;
    let intents = shop.intents().await;
    let mut reasons: Vec<_> = reconcile(&shop, &intents)
        .await
        .orphans
        .iter()
        .map(|orphan| orphan.reason)
        .collect();
    reasons.sort_by_key(|reason| format!("{reason:?}"));
    assert_eq!(
        reasons,
        [
            OrphanReason::ChargedTwice,
            OrphanReason::OtherAmount,
            OrphanReason::UnknownPayment
        ]
    );
    assert!(!shop.story(open).await.contains(&"OrderPaid"));
    intents.close().await;
    shop.close().await;
}

#[tokio::test]
async fn a_settled_payment_that_the_provider_doesnt_have_is_missing() {
    let shop = Shop::open().await;
    let intents = shop.intents().await;
    intents.close().await;
    drop(intents);
    let placed = shop.buy("pm_card_visa").await;
    settle_by_rumour(&shop, placed).await;
    let workers = shop.work().await;
    workers.until_planned(&shop).await;
    let report = reconcile(&shop, &workers.intents).await;
    assert_eq!(report.missing.len(), 1);
    assert_eq!(report.missing[0].payment_id, placed.payment_id);
    assert_eq!(
        reconcile(&shop, &workers.intents).await.missing.len(),
        1,
        "it stays until it is found"
    );
    workers.stop().await;
    shop.close().await;
}

async fn reconcile(shop: &Shop, intents: &Intents) -> ReconciliationReport {
    // Beyond the time in which a charge may still be in the middle of being settled.
    shop.clock.advance(TimeDelta::minutes(6));
    let reconciliation = Reconciliation {
        executor: shop.executor.clone(),
        intents: intents.clone(),
        gateway: shop.gateway(),
        clock: Clock::Manual(shop.clock.clone()),
    };
    reconciliation.run(shop.now() - TimeDelta::days(1)).await.unwrap()
}

async fn charge(shop: &Shop, attempt_id: Option<Uuid>, payment_id: Uuid, amount: Money) {
    let request = ChargeRequest {
        attempt_id: attempt_id.unwrap_or_else(Uuid::now_v7),
        payment_id,
        amount,
        method: "pm_card_visa".to_owned(),
        description: "Order".to_owned(),
    };
    assert!(matches!(
        shop.gateway().charge(&request).await,
        Outcome::Settled { .. }
    ));
}

/// The log says that it was charged; the provider knows nothing of it.
async fn settle_by_rumour(shop: &Shop, placed: Placed) {
    let settle = SettlePayment {
        payment_id: PaymentId(placed.payment_id.0),
        attempt_id: placed.attempt_id,
        provider_reference: "pi_rumour".to_owned(),
        at: shop.now(),
    };
    shop.command(|work| settlement::settle_payment(work, &settle))
        .await;
}
