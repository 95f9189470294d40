//! Events: how they are shaped, recorded and signed, in Stripe's scheme (`Stripe-Signature: t=…,v1=…`). When they are
//! sent, and what to do when nobody takes them, is left to `background`.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use sqlx::SqliteConnection;

use crate::error::StoreError;
use crate::objects::{Resource, new_id};
use crate::store::outbox;

/// The version of the dialect, as Stripe dates them.
const API_VERSION: &str = "2024-06-20";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    PaymentIntentSucceeded,
    PaymentIntentPaymentFailed,
    ChargeRefunded,
    RefundUpdated,
    PayoutPaid,
    PayoutFailed,
}

impl EventKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::PaymentIntentSucceeded => "payment_intent.succeeded",
            Self::PaymentIntentPaymentFailed => "payment_intent.payment_failed",
            Self::ChargeRefunded => "charge.refunded",
            Self::RefundUpdated => "refund.updated",
            Self::PayoutPaid => "payout.paid",
            Self::PayoutFailed => "payout.failed",
        }
    }
}

/// Puts an event about `resource` into the outbox, in the caller's transaction.
pub(crate) async fn record(
    books: &mut SqliteConnection,
    kind: EventKind,
    resource: &impl Resource,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let id = new_id("evt");
    let event = json!({
        "id": id,
        "object": "event",
        "api_version": API_VERSION,
        "created": now.timestamp(),
        "data": { "object": resource.to_json() },
        "livemode": false,
        "pending_webhooks": 1,
        "type": kind.as_str(),
    });
    outbox::insert(books, &id, kind.as_str(), &event.to_string(), now).await
}

/// The value of `Stripe-Signature`: HMAC-SHA256 of `<unix seconds>.<payload>` under the endpoint's secret.
pub(crate) fn signature(payload: &str, secret: &str, at: DateTime<Utc>) -> String {
    let seconds = at.timestamp();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        // HMAC hashes keys that are longer than a block and pads shorter ones: no length is refused.
        .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
    mac.update(format!("{seconds}.{payload}").as_bytes());
    format!("t={seconds},v1={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with `printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test`.
    #[test]
    fn the_signature_is_hmac_sha256_of_time_and_payload() {
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        assert_eq!(
            signature(r#"{"id":"evt_1"}"#, "whsec_test", at),
            "t=1700000000,v1=c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925"
        );
    }
}
