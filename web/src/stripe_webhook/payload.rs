//! Stripe's objects as far as a shop wants to know, and the event that they tell of.

use chrono::DateTime;
use serde::Deserialize;
use uuid::Uuid;

use super::{WebhookError, WebhookEvent, WebhookKind};

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

pub fn read_event(payload: &[u8]) -> Result<WebhookEvent, WebhookError> {
    let envelope: Envelope = serde_json::from_slice(payload)?;
    Ok(WebhookEvent {
        id: envelope.id,
        created: DateTime::from_timestamp(envelope.created, 0).unwrap_or_default(),
        kind: read_kind(envelope.name, envelope.data.object)?,
    })
}

pub fn read_kind(name: String, object: serde_json::Value) -> Result<WebhookKind, serde_json::Error> {
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
