//! Stripe's webhooks: who sent this payload, when, and what it says. Pure: no request, no clock, no store.
//!
//! What follows from an event is left to the caller, who must expect the same event twice and events out of order.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use uuid::Uuid;

/// The header that carries the time of sending and the signatures.
pub const SIGNATURE_HEADER: &str = "stripe-signature";
/// Stripe's default: within five minutes a stolen payload could be replayed, clocks differ by less.
pub const TOLERANCE: Duration = Duration::from_mins(5);
/// Stripe's events are a few kilobytes.
pub const MAX_PAYLOAD_BYTES: usize = 256 * 1024;
/// While a secret is rolled two signatures are sent; more than a few are an attempt to make us work.
const MAX_SIGNATURES: usize = 8;

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
    read_event(payload)
}

/// `t=1700000000,v1=<hex>,v1=<hex>`; other schemes (`v0`) are test signatures and are ignored.
struct SignatureHeader<'a> {
    seconds: &'a str,
    sent: DateTime<Utc>,
    signatures: Vec<Vec<u8>>,
}

impl<'a> SignatureHeader<'a> {
    fn parse(header: &'a str) -> Result<Self, WebhookError> {
        let mut seconds = None;
        let mut signatures = Vec::new();
        for part in header.split(',') {
            match part.trim().split_once('=').ok_or(WebhookError::MalformedHeader)? {
                ("t", text) => seconds = Some(text),
                ("v1", _) if signatures.len() == MAX_SIGNATURES => return Err(WebhookError::MalformedHeader),
                ("v1", text) => {
                    signatures.push(hex::decode(text).map_err(|_| WebhookError::MalformedHeader)?);
                }
                _ => {}
            }
        }
        let seconds = seconds.ok_or(WebhookError::MalformedHeader)?;
        let sent = seconds
            .parse()
            .ok()
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .ok_or(WebhookError::MalformedHeader)?;
        if signatures.is_empty() {
            return Err(WebhookError::MalformedHeader);
        }
        Ok(Self {
            seconds,
            sent,
            signatures,
        })
    }

    fn check_signature(&self, payload: &[u8], secret: &str) -> Result<(), WebhookError> {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
            return Err(WebhookError::WrongSignature);
        };
        mac.update(self.seconds.as_bytes());
        mac.update(b".");
        mac.update(payload);
        let fits = |signature: &Vec<u8>| mac.clone().verify_slice(signature).is_ok();
        if self.signatures.iter().any(fits) {
            Ok(())
        } else {
            Err(WebhookError::WrongSignature)
        }
    }

    fn check_time(&self, now: DateTime<Utc>, tolerance: Duration) -> Result<(), WebhookError> {
        if (now - self.sent)
            .abs()
            .to_std()
            .is_ok_and(|apart| apart <= tolerance)
        {
            Ok(())
        } else {
            Err(WebhookError::OutsideTolerance {
                sent: self.sent,
                now,
                tolerance,
            })
        }
    }
}

#[derive(Deserialize)]
struct Envelope {
    id: String,
    created: i64,
    #[serde(rename = "type")]
    name: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: serde_json::Value,
}

/// Ours, on the provider's objects.
#[expect(clippy::struct_field_names, reason = "the names on the wire")]
#[derive(Deserialize, Default)]
struct Metadata {
    attempt_id: Option<String>,
    payment_id: Option<String>,
    refund_id: Option<String>,
    withdrawal_id: Option<String>,
}

#[derive(Deserialize)]
struct Intent {
    id: String,
    amount_received: i64,
    currency: String,
    last_payment_error: Option<PaymentError>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize, Default)]
struct PaymentError {
    code: Option<String>,
    decline_code: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Charge {
    id: String,
    payment_intent: Option<String>,
    amount_refunded: i64,
    currency: String,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Refund {
    id: String,
    status: String,
    amount: i64,
    currency: String,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Payout {
    id: String,
    failure_code: Option<String>,
    failure_message: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

fn read_event(payload: &[u8]) -> Result<WebhookEvent, WebhookError> {
    let envelope: Envelope = serde_json::from_slice(payload)?;
    Ok(WebhookEvent {
        id: envelope.id,
        created: DateTime::from_timestamp(envelope.created, 0).unwrap_or_default(),
        kind: read_kind(envelope.name, envelope.data.object)?,
    })
}

fn read_kind(name: String, object: serde_json::Value) -> Result<WebhookKind, serde_json::Error> {
    Ok(match name.as_str() {
        "payment_intent.succeeded" => payment_succeeded(serde_json::from_value(object)?),
        "payment_intent.payment_failed" => payment_failed(serde_json::from_value(object)?),
        "charge.refunded" => charge_refunded(serde_json::from_value(object)?),
        "refund.created" | "refund.updated" | "refund.failed" => {
            refund_updated(serde_json::from_value(object)?)
        }
        "payout.paid" => payout_paid(serde_json::from_value(object)?),
        "payout.failed" => payout_failed(serde_json::from_value(object)?),
        _ => WebhookKind::Other { name },
    })
}

fn payment_succeeded(intent: Intent) -> WebhookKind {
    WebhookKind::PaymentSucceeded {
        provider_reference: intent.id,
        attempt_id: our_id(intent.metadata.attempt_id),
        payment_id: our_id(intent.metadata.payment_id),
        amount_minor: intent.amount_received,
        currency: intent.currency.to_ascii_uppercase(),
    }
}

fn payment_failed(intent: Intent) -> WebhookKind {
    let error = intent.last_payment_error.unwrap_or_default();
    WebhookKind::PaymentFailed {
        provider_reference: intent.id,
        attempt_id: our_id(intent.metadata.attempt_id),
        payment_id: our_id(intent.metadata.payment_id),
        code: error.decline_code.or(error.code).unwrap_or_else(unknown_code),
        message: error.message.unwrap_or_default(),
    }
}

fn charge_refunded(charge: Charge) -> WebhookKind {
    WebhookKind::ChargeRefunded {
        provider_reference: charge.payment_intent.unwrap_or(charge.id),
        attempt_id: our_id(charge.metadata.attempt_id),
        payment_id: our_id(charge.metadata.payment_id),
        amount_refunded_minor: charge.amount_refunded,
        currency: charge.currency.to_ascii_uppercase(),
    }
}

fn refund_updated(refund: Refund) -> WebhookKind {
    WebhookKind::RefundUpdated {
        refund_reference: refund.id,
        refund_id: our_id(refund.metadata.refund_id),
        status: refund.status,
        amount_minor: refund.amount,
        currency: refund.currency.to_ascii_uppercase(),
    }
}

fn payout_paid(payout: Payout) -> WebhookKind {
    WebhookKind::PayoutPaid {
        provider_reference: payout.id,
        withdrawal_id: our_id(payout.metadata.withdrawal_id),
    }
}

fn payout_failed(payout: Payout) -> WebhookKind {
    WebhookKind::PayoutFailed {
        provider_reference: payout.id,
        withdrawal_id: our_id(payout.metadata.withdrawal_id),
        code: payout.failure_code.unwrap_or_else(unknown_code),
        message: payout.failure_message.unwrap_or_default(),
    }
}

/// Text that is no id of ours was not written by us.
fn our_id(text: Option<String>) -> Option<Uuid> {
    text.and_then(|text| text.parse().ok())
}

fn unknown_code() -> String {
    "unknown".to_owned()
}

#[cfg(test)]
mod tests {
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
        let kind = read_kind("payment_intent.succeeded".to_owned(), object).unwrap();
        assert!(
            matches!(kind, WebhookKind::PaymentSucceeded { attempt_id: None, .. }),
            "{kind:?}"
        );
    }
}
