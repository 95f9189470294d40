//! Stripe's objects, as far as we read them, and what their status means to us. A status that we don't know is
//! unknown: Stripe adds some now and then.

use chrono::DateTime;
use serde::Deserialize;
use uuid::Uuid;

use super::amount::from_stripe;
use crate::gateway::{GatewayError, Lookup, Outcome, ProviderCharge, ProviderChargeStatus};

#[derive(Deserialize)]
pub(super) struct ErrorBody {
    pub error: ErrorDetail,
}

#[derive(Deserialize)]
pub(super) struct ErrorDetail {
    #[serde(rename = "type")]
    pub kind: String,
    pub code: Option<String>,
    pub decline_code: Option<String>,
    pub message: Option<String>,
}

impl ErrorDetail {
    /// The bank's own reason, where there is one, says more than `card_declined`.
    fn into_decline(self) -> Outcome {
        Outcome::Declined {
            code: self.decline_code.or(self.code).unwrap_or(self.kind),
            message: self.message.unwrap_or_default(),
        }
    }
}

/// A list or a search result.
#[derive(Deserialize)]
pub(super) struct Page<T> {
    pub data: Vec<T>,
    pub has_more: bool,
}

/// Ours; anything that is no id was not written by us.
#[expect(clippy::struct_field_names, reason = "the names on the wire")]
#[derive(Deserialize, Default)]
pub(super) struct Metadata {
    attempt_id: Option<String>,
    payment_id: Option<String>,
    refund_id: Option<String>,
    withdrawal_id: Option<String>,
    account_id: Option<String>,
}

impl Metadata {
    fn attempt_id(&self) -> Option<Uuid> {
        self.attempt_id.as_deref()?.parse().ok()
    }

    pub fn payment_id(&self) -> Option<Uuid> {
        self.payment_id.as_deref()?.parse().ok()
    }

    pub fn refund_id(&self) -> Option<Uuid> {
        self.refund_id.as_deref()?.parse().ok()
    }

    pub fn withdrawal_id(&self) -> Option<Uuid> {
        self.withdrawal_id.as_deref()?.parse().ok()
    }

    pub fn account_id(&self) -> Option<Uuid> {
        self.account_id.as_deref()?.parse().ok()
    }
}

#[derive(Deserialize)]
pub(super) struct Intent {
    pub id: String,
    status: String,
    last_payment_error: Option<ErrorDetail>,
    #[serde(default)]
    metadata: Metadata,
}

impl Intent {
    pub fn is_for(&self, attempt_id: Uuid, payment_id: Uuid) -> bool {
        self.metadata.attempt_id() == Some(attempt_id) && self.metadata.payment_id() == Some(payment_id)
    }

    pub fn outcome(self) -> Outcome {
        match self.status.as_str() {
            "succeeded" => settled(self.id),
            "processing" | "requires_capture" => pending(self.id),
            "canceled" => declined("canceled", "The payment was cancelled."),
            status => match self.last_payment_error {
                Some(error) if status == "requires_payment_method" => error.into_decline(),
                // Without an error the confirmation may still be under way.
                _ => unknown_status(status),
            },
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Refund {
    pub id: String,
    status: String,
    failure_reason: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

impl Refund {
    pub fn is_for(&self, refund_id: Uuid) -> bool {
        self.metadata.refund_id() == Some(refund_id)
    }

    pub fn outcome(self) -> Outcome {
        match self.status.as_str() {
            "succeeded" => settled(self.id),
            "pending" | "requires_action" => pending(self.id),
            "failed" | "canceled" => declined(
                self.failure_reason.as_deref().unwrap_or(&self.status),
                "The refund was not made.",
            ),
            _ => unknown_status(&self.status),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Payout {
    pub id: String,
    status: String,
    failure_code: Option<String>,
    failure_message: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

impl Payout {
    pub fn is_for(&self, withdrawal_id: Uuid) -> bool {
        self.metadata.withdrawal_id() == Some(withdrawal_id)
    }

    pub fn outcome(self) -> Outcome {
        match self.status.as_str() {
            "paid" => settled(self.id),
            "pending" | "in_transit" => pending(self.id),
            "failed" | "canceled" => declined(
                self.failure_code.as_deref().unwrap_or(&self.status),
                self.failure_message
                    .as_deref()
                    .unwrap_or("The payout was not made."),
            ),
            _ => unknown_status(&self.status),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Charge {
    pub id: String,
    amount: i64,
    amount_refunded: i64,
    created: i64,
    currency: String,
    payment_intent: Option<String>,
    status: ChargeStatus,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum ChargeStatus {
    Succeeded,
    Pending,
    Failed,
}

impl Charge {
    /// `Unavailable` if the provider's currency or time is beyond us.
    pub fn into_provider_charge(self) -> Result<ProviderCharge, GatewayError> {
        let unreadable = |what: &str| GatewayError::Unavailable {
            reason: format!("the {what} of charge {} is unreadable", self.id),
        };
        let money = |amount| from_stripe(amount, &self.currency).map_err(|_| unreadable("amount"));
        Ok(ProviderCharge {
            attempt_id: self.metadata.attempt_id(),
            payment_id: self.metadata.payment_id(),
            amount: money(self.amount)?,
            refunded: money(self.amount_refunded)?,
            status: match self.status {
                ChargeStatus::Succeeded => ProviderChargeStatus::Succeeded,
                ChargeStatus::Pending => ProviderChargeStatus::Pending,
                ChargeStatus::Failed => ProviderChargeStatus::Failed,
            },
            created: DateTime::from_timestamp(self.created, 0).ok_or_else(|| unreadable("time"))?,
            provider_reference: self.payment_intent.unwrap_or(self.id),
        })
    }
}

/// What an object that was found means to who asked for it.
pub(super) fn found(outcome: Outcome) -> Lookup {
    match outcome {
        Outcome::Settled { provider_reference } => Lookup::Settled { provider_reference },
        Outcome::Pending { provider_reference } => Lookup::Pending { provider_reference },
        Outcome::Declined { code, message } | Outcome::Refused { code, message } => {
            Lookup::Declined { code, message }
        }
        Outcome::Unknown { reason } => Lookup::Unknown { reason },
    }
}

fn settled(provider_reference: String) -> Outcome {
    Outcome::Settled { provider_reference }
}

fn pending(provider_reference: String) -> Outcome {
    Outcome::Pending { provider_reference }
}

fn declined(code: &str, message: &str) -> Outcome {
    Outcome::Declined {
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

fn unknown_status(status: &str) -> Outcome {
    Outcome::Unknown {
        reason: format!("the provider gave the status {status:?}"),
    }
}
