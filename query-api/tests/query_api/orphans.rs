//! Orphans, for admins alone.

use events::ids::RefundId;
use events::money::Money;
use events::orphan::{
    OrphanAcknowledged, OrphanEvent, OrphanRefundFailed, OrphanRefundRequested, OrphanRefunded,
};
use serde_json::{Value, json};

use crate::database::{Database, on_each_database};
use crate::shop::{Shop, admin};
use crate::story::*;

on_each_database! {
    orphans_come_the_last_first_with_what_became_of_them,
}

fn of(event: impl Into<OrphanEvent>) -> events::Event {
    events::Event::Orphan(event.into())
}

async fn orphans_come_the_last_first_with_what_became_of_them(database: Database) {
    let shop = Shop::open(database).await;
    let refund_id = RefundId::default();
    let requested = |n| OrphanRefundRequested {
        orphan_id: orphan(n),
        refund_id,
        provider_reference: format!("pi_{n}"),
        amount: Money::new(100, gbp(0).currency()),
        reason: "nobody ordered".to_owned(),
        requested_at: at(700),
    };
    shop.tell([
        orphan_found(1),
        orphan_found(2),
        orphan_found(3),
        of(requested(1)),
        of(OrphanRefunded {
            orphan_id: orphan(1),
            refund_id,
            amount: gbp(100),
            provider_reference: "re_1".to_owned(),
            refunded_at: at(701),
        }),
        of(requested(2)),
        of(OrphanRefundFailed {
            orphan_id: orphan(2),
            refund_id,
            code: "disputed".to_owned(),
            message: "No.".to_owned(),
        }),
        of(OrphanAcknowledged {
            orphan_id: orphan(3),
            reason: "by hand".to_owned(),
            acknowledged_at: at(702),
        }),
    ])
    .await;
    let list = async |query: &str| {
        let answer = shop
            .get(format!("/api/payments/orphans{query}"))
            .by(&admin())
            .await
            .ok();
        answer.items().to_vec()
    };
    let summary = |orphan: &Value| {
        (
            number(&orphan["id"]),
            orphan["status"].as_str().unwrap().to_owned(),
        )
    };
    let all: Vec<_> = list("").await.iter().map(summary).collect();
    let expected = [(3, "acknowledged"), (2, "open"), (1, "refunded")];
    assert_eq!(all, expected.map(|(n, status)| (n, status.to_owned())));
    let open = list("?status=open").await;
    assert_eq!(open.len(), 1);
    assert_eq!(open[0]["failure"], json!({"code": "disputed", "message": "No."}));
    let first = shop.get("/api/payments/orphans?limit=2").by(&admin()).await.ok();
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let rest = list(&format!("?limit=2&cursor={cursor}")).await;
    assert_eq!(
        rest.iter()
            .map(|orphan| number(&orphan["id"]))
            .collect::<Vec<_>>(),
        [1]
    );
    let one = shop
        .get(format!("/api/payments/orphans/{}", orphan(1)))
        .by(&admin())
        .await
        .ok();
    assert_eq!(one.body["refund_reference"], "re_1");
    assert_eq!(one.body["note"], "nobody ordered");
    shop.get(format!("/api/payments/orphans/{}", orphan(9)))
        .by(&admin())
        .await
        .refused(404, "not_found");
}
