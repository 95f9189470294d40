//! Stripe's webhooks: who sent this payload, when, and what it says. Pure: no request, no clock, no store.
//!
//! What follows from an event is left to the caller, who must expect the same event twice and events out of order.

mod payload;
mod signature;

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use signature::SignatureHeader;

/// The header that carries the time of sending and the signatures.
pub const SIGNATURE_HEADER: &str = "stripe-signature";
/// Stripe's default: within five minutes a stolen payload could be replayed, clocks differ by less.
pub const TOLERANCE: Duration = Duration::from_mins(5);
/// Stripe's events are a few kilobytes.
pub const MAX_PAYLOAD_BYTES: usize = 256 * 1024;

/// Why a payload is not believed. Answer 400, and keep the reason for the log.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    #[error("the payload has {bytes} bytes, more than {MAX_PAYLOAD_BYTES}")]
    TooLarge { bytes: usize },
    #[error("the signature header is not of the form t=…,v1=…")]
    MalformedHeader,
    #[error("the payload was sent at {sent}, more than {tolerance:?} from {now}")]
    OutsideTolerance {
        sent: DateTime<Utc>,
        now: DateTime<Utc>,
        tolerance: Duration,
    },
    #[error("no signature in the header fits the payload")]
    WrongSignature,
    #[error("the signed payload is no event")]
    MalformedEvent(#[from] serde_json::Error),
}

/// What the provider says has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookEvent {
    /// `evt_…`: the same for each delivery of this event.
    pub id: String,
    pub created: DateTime<Utc>,
    pub kind: WebhookKind,
}

/// The events that matter to a shop. Ids of ours are absent on objects that were not made by this shop. Amounts are in
/// Stripe's minor units, currencies in upper case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookKind {
    PaymentSucceeded {
        provider_reference: String,
        attempt_id: Option<Uuid>,
        payment_id: Option<Uuid>,
        amount_minor: i64,
        currency: String,
    },
    PaymentFailed {
        provider_reference: String,
        attempt_id: Option<Uuid>,
        payment_id: Option<Uuid>,
        code: String,
        message: String,
    },
    /// The whole refunded so far, over all refunds of the charge.
    ChargeRefunded {
        provider_reference: String,
        attempt_id: Option<Uuid>,
        payment_id: Option<Uuid>,
        amount_refunded_minor: i64,
        currency: String,
    },
    /// One refund changed its status (`pending`, `succeeded`, `failed`, `canceled`, `requires_action`).
    RefundUpdated {
        refund_reference: String,
        refund_id: Option<Uuid>,
        status: String,
        amount_minor: i64,
        currency: String,
    },
    PayoutPaid {
        provider_reference: String,
        withdrawal_id: Option<Uuid>,
    },
    PayoutFailed {
        provider_reference: String,
        withdrawal_id: Option<Uuid>,
        code: String,
        message: String,
    },
    /// Any other event: take it with 200 and do nothing.
    Other { name: String },
}

/// Believes a payload only if it was signed with `secret`, within `tolerance` of `now`, and reads its event.
/// `signature_header` is the value of [`SIGNATURE_HEADER`]. Signatures are compared in constant time.
pub fn verify(
    payload: &[u8],
    signature_header: &str,
    secret: &str,
    now: DateTime<Utc>,
    tolerance: Duration,
) -> Result<WebhookEvent, WebhookError> {
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(WebhookError::TooLarge { bytes: payload.len() });
    }
    let header = SignatureHeader::parse(signature_header)?;
    header.check_signature(payload, secret)?;
    header.check_time(now, tolerance)?;
    payload::read_event(payload)
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;

    use super::signature::MAX_SIGNATURES;
    use super::*;

    const PAYLOAD: &[u8] =
        br#"{"id":"evt_1","created":1700000000,"type":"customer.created","data":{"object":{}}}"#;
    const SECRET: &str = "whsec_test";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn sign(payload: &[u8], secret: &str, seconds: i64) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{seconds}.").as_bytes());
        mac.update(payload);
        hex::encode(mac.finalize().into_bytes())
    }

    fn header(secret: &str, seconds: i64) -> String {
        format!("t={seconds},v1={}", sign(PAYLOAD, secret, seconds))
    }

    fn verify_at(header: &str, now: i64) -> Result<WebhookEvent, WebhookError> {
        verify(PAYLOAD, header, SECRET, at(now), TOLERANCE)
    }

    /// The signature was computed with `openssl dgst -sha256 -hmac whsec_test`, not with this code.
    #[test]
    fn a_known_signature_is_believed() {
        let header = "t=1700000000,v1=cd14de5e26d60ae237aaec8a5b1d1cf4eb3735a5db614336c2ef1cd75104fa76";
        let event = verify_at(header, 1_700_000_010).unwrap();
        assert_eq!(event.id, "evt_1");
        assert_eq!(event.created, at(1_700_000_000));
        let name = "customer.created".to_owned();
        assert_eq!(event.kind, WebhookKind::Other { name });
    }

    #[test]
    fn a_forged_payload_or_another_secret_is_not() {
        let header = header(SECRET, 1_700_000_000);
        let mut forged = PAYLOAD.to_vec();
        forged[8] = b'2';
        let error = verify(&forged, &header, SECRET, at(1_700_000_000), TOLERANCE).unwrap_err();
        assert!(matches!(error, WebhookError::WrongSignature), "{error:?}");
        let error = verify(PAYLOAD, &header, "whsec_other", at(1_700_000_000), TOLERANCE).unwrap_err();
        assert!(matches!(error, WebhookError::WrongSignature), "{error:?}");
    }

    #[test]
    fn the_time_is_signed_and_must_be_near() {
        let header = header(SECRET, 1_700_000_000);
        assert!(verify_at(&header, 1_700_000_300).is_ok());
        assert!(verify_at(&header, 1_699_999_700).is_ok());
        for now in [1_700_000_301, 1_699_999_699] {
            let error = verify_at(&header, now).unwrap_err();
            assert!(
                matches!(error, WebhookError::OutsideTolerance { .. }),
                "{error:?}"
            );
        }
        let moved = header.replace("t=1700000000", "t=1700000300");
        assert!(matches!(
            verify_at(&moved, 1_700_000_300).unwrap_err(),
            WebhookError::WrongSignature
        ));
    }

    #[test]
    fn one_fitting_signature_among_several_is_enough() {
        let old = sign(PAYLOAD, "whsec_old", 1_700_000_000);
        let header = format!("{},v1={old},v0=00", header(SECRET, 1_700_000_000));
        assert!(verify_at(&header, 1_700_000_000).is_ok());
    }

    #[test]
    fn malformed_headers_are_refused() {
        let many = format!("t=1{}", ",v1=00".repeat(MAX_SIGNATURES + 1));
        for header in [
            "",
            "t=1",
            "v1=00",
            "t=x,v1=00",
            "t=1,v1=zz",
            "t=99999999999999999,v1=00",
            &many,
        ] {
            let error = verify_at(header, 1).unwrap_err();
            assert!(
                matches!(error, WebhookError::MalformedHeader),
                "{header}: {error:?}"
            );
        }
    }

    #[test]
    fn oversized_and_meaningless_payloads_are_refused() {
        let large = vec![b' '; MAX_PAYLOAD_BYTES + 1];
        let error = verify(&large, "t=1,v1=00", SECRET, at(1), TOLERANCE).unwrap_err();
        assert!(matches!(error, WebhookError::TooLarge { .. }));
        let header = format!("t=1,v1={}", sign(b"[]", SECRET, 1));
        let error = verify(b"[]", &header, SECRET, at(1), TOLERANCE).unwrap_err();
        assert!(matches!(error, WebhookError::MalformedEvent(_)), "{error:?}");
    }

    #[test]
    fn foreign_metadata_is_no_id_of_ours() {
        let object = serde_json::json!({
            "id": "pi_1", "amount_received": 5, "currency": "gbp", "metadata": { "attempt_id": "42" }
        });
        let kind = payload::read_kind("payment_intent.succeeded".to_owned(), object).unwrap();
        assert!(
            matches!(kind, WebhookKind::PaymentSucceeded { attempt_id: None, .. }),
            "{kind:?}"
        );
    }
}
