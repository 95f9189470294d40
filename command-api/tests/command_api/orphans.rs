//! Orphans: admins give them back or acknowledge them.

use domain::orphan::orphan_id;
use domain::orphans;
use events::envelope::Actor;
use events::money::{Currency, Money};
use events::orphan::{OrphanFound, OrphanKind, OrphanReason};
use executor::{CommandContext, Executor};
use serde_json::json;
use uuid::Uuid;

use crate::harness::{Person, Shop};

/// A shop with an orphan of this kind, its path, and its admin.
async fn with_orphan(kind: OrphanKind) -> (Shop, String, Person) {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let found = OrphanFound {
        orphan_id: orphan_id("pi_lost"),
        kind,
        reason: OrphanReason::UnknownPayment,
        provider_reference: "pi_lost".to_owned(),
        payment_id: None,
        amount: Money::new(12_34, Currency::GBP),
        moved_at: shop.now(),
        found_at: shop.now(),
    };
    let context = CommandContext::new(Actor::System, shop.now(), Uuid::now_v7());
    Executor::new(shop.log.clone())
        .execute(&context, |work| orphans::report_orphan(work, &found))
        .await
        .unwrap();
    (shop, format!("/api/payments/orphans/{}", found.orphan_id), admin)
}

#[tokio::test]
async fn an_admin_gives_a_charge_back_and_only_once() {
    let (shop, path, admin) = with_orphan(OrphanKind::Charge).await;
    let head = shop.head().await;
    let why = json!({"reason": "nobody ordered it"});
    let ann = shop.person().await;
    let refund = format!("{path}/refund");
    shop.post(&refund).json(&why).await.refused(401, "token_missing");
    shop.post(&refund)
        .by(&ann)
        .json(&why)
        .await
        .refused(403, "role_required");
    let registered = shop.head().await;
    assert!(registered > head);
    for _ in 0..2 {
        shop.post(&refund).by(&admin).json(&why).await.expect(202);
    }
    let acknowledge = format!("{path}/acknowledge");
    shop.post(&acknowledge)
        .by(&admin)
        .json(&why)
        .await
        .refused(409, "orphan_refunded");
    assert_eq!(shop.types_after(registered).await, ["OrphanRefundRequested"]);
}

#[tokio::test]
async fn what_cannot_be_given_back_is_acknowledged() {
    let (shop, path, admin) = with_orphan(OrphanKind::Payout).await;
    let (refund, acknowledge) = (format!("{path}/refund"), format!("{path}/acknowledge"));
    let why = json!({"reason": "taken from the wallet by hand"});
    shop.post(&refund)
        .by(&admin)
        .json(&why)
        .await
        .refused(409, "orphan_not_refundable");
    let empty = json!({"reason": " "});
    let nothing = shop.post(&acknowledge).by(&admin).json(&empty).await.expect(422);
    assert_eq!(nothing.body["errors"][0]["field"], "reason");
    let head = shop.head().await;
    for _ in 0..2 {
        shop.post(&acknowledge).by(&admin).json(&why).await.expect(200);
    }
    assert_eq!(shop.types_after(head).await, ["OrphanAcknowledged"]);
    let unknown = format!("/api/payments/orphans/{}/acknowledge", Uuid::now_v7());
    shop.post(unknown)
        .by(&admin)
        .json(&why)
        .await
        .refused(404, "orphan_not_found");
}
