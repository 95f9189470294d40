//! Payments and wallets.

use chrono::Utc;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use uuid::Uuid;

use super::{Call, ONLY_OWNER, OWNER_AND_STAFF};
use crate::client::visa;
use crate::permissions::people::{People, Who, text};
use crate::permissions::rules::{ADMIN, ANY_ACCOUNT, OWNER, OWNER_OR_STAFF, PUBLIC, STAFF};
use crate::process::secret;

/// A call of this route that succeeds for `who`, if they may; none if it is no route of these.
pub async fn call(name: &str, _: Who, people: &People) -> Option<Call> {
    let route = name.split_once(' ')?.1;
    Some(match name {
        "GET /api/payments" => {
            let id = text(&people.paid_order().await, "payment_id");
            Call::new(ANY_ACCOUNT, route).showing(id, OWNER_AND_STAFF)
        }
        "GET /api/payments/{id}" => {
            let id = text(&people.paid_order().await, "payment_id");
            Call::new(OWNER_OR_STAFF, format!("/api/payments/{id}"))
        }
        "POST /api/payments/{id}/retry" => {
            Call::new(OWNER, format!("{}/retry", people.declined_payment().await))
                .with(json!({"payment": visa()}))
        }
        "POST /api/payments/{id}/refund" => {
            let id = text(&people.paid_order().await, "payment_id");
            Call::new(STAFF, format!("/api/payments/{id}/refund")).with(json!({}))
        }
        "POST /api/payments/webhooks/stripe" => signed_webhook(people, route),
        "GET /api/payments/orphans" => Call::new(ADMIN, route),
        // Only a shop that has lost its memory has orphans: `systems/backup.rs`.
        "GET /api/payments/orphans/{id}" => {
            Call::new(ADMIN, format!("/api/payments/orphans/{}", Uuid::now_v7())).in_vain(404)
        }
        "POST /api/payments/orphans/{id}/refund" | "POST /api/payments/orphans/{id}/acknowledge" => {
            Call::new(ADMIN, route.replace("{id}", &Uuid::now_v7().to_string()))
                .with(json!({"reason": "nobody ordered"}))
                .in_vain(404)
        }
        "GET /api/wallet" => Call::new(ANY_ACCOUNT, route),
        "GET /api/wallet/entries" => {
            let id = text(&people.paid_order().await, "order_id");
            Call::new(ANY_ACCOUNT, route).showing(id, ONLY_OWNER)
        }
        "POST /api/wallet/deposits" => {
            Call::new(ANY_ACCOUNT, route).with(json!({"amount": "1.00", "token": "pm_card_visa"}))
        }
        "POST /api/wallet/withdrawals" => {
            Call::new(ANY_ACCOUNT, route).with(json!({"amount": "1.00", "destination": "ba_test"}))
        }
        _ => return None,
    })
}
/// Whoever knows the secret may tell; it is about nothing of ours.
fn signed_webhook(people: &People, route: &str) -> Call {
    let now = Utc::now().timestamp();
    let event = json!({
        "id": "evt_1", "object": "event", "type": "customer.created", "created": now, "data": {"object": {}},
    });
    let secret = secret(&people.data_dir, "sandbox_webhook");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{now}.{event}").as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let mut call = Call::new(PUBLIC, route).with(event);
    call.headers
        .push(("stripe-signature", format!("t={now},v1={signature}")));
    call
}
