//! Facts about orphans: money that moved at the payment provider and that the log doesn't account for, as after a restore
//! from a backup. Each stream is one movement, from its finding to what a person made of it.

use std::fmt;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::{OrphanId, PaymentId, RefundId};
use crate::money::Money;

/// Which way the money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrphanKind {
    /// A card was charged.
    Charge,
    /// A charge was given back.
    Refund,
    /// A wallet was paid out.
    Payout,
}

/// Why it has no place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrphanReason {
    /// It bears none of our ids: made by hand, or by another system.
    Foreign,
    /// No such payment is in the log.
    UnknownPayment,
    /// The payment was settled by another charge: the customer paid twice.
    ChargedTwice,
    /// What the log knows is for another amount.
    OtherAmount,
    /// The payment refuses the charge's attempt.
    OtherAttempt,
    /// The payment is known, and not that it was given back.
    UnknownRefund,
    /// No such withdrawal is in the log: the money may still be in a wallet, too.
    UnknownPayout,
}

impl OrphanKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::Payout => "payout",
        }
    }
}

impl OrphanReason {
    pub const ALL: [Self; 7] = [
        Self::Foreign,
        Self::UnknownPayment,
        Self::ChargedTwice,
        Self::OtherAmount,
        Self::OtherAttempt,
        Self::UnknownRefund,
        Self::UnknownPayout,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Foreign => "foreign",
            Self::UnknownPayment => "unknown_payment",
            Self::ChargedTwice => "charged_twice",
            Self::OtherAmount => "other_amount",
            Self::OtherAttempt => "other_attempt",
            Self::UnknownRefund => "unknown_refund",
            Self::UnknownPayout => "unknown_payout",
        }
    }
}

impl fmt::Display for OrphanKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for OrphanReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A comparison of both ledgers came upon it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrphanFound {
    pub orphan_id: OrphanId,
    pub kind: OrphanKind,
    pub reason: OrphanReason,
    /// The provider's name for the movement.
    pub provider_reference: String,
    /// The payment that it says it belongs to.
    pub payment_id: Option<PaymentId>,
    /// What isn't accounted for; of a charge, what hasn't been given back.
    pub amount: Money,
    /// By the provider's clock.
    pub moved_at: DateTime<Utc>,
    pub found_at: DateTime<Utc>,
}

/// Staff want a charge to be given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrphanRefundRequested {
    pub orphan_id: OrphanId,
    pub refund_id: RefundId,
    pub provider_reference: String,
    pub amount: Money,
    pub reason: String,
    pub requested_at: DateTime<Utc>,
}

/// The provider has given it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrphanRefunded {
    pub orphan_id: OrphanId,
    pub refund_id: RefundId,
    pub amount: Money,
    /// The provider's name for the refund.
    pub provider_reference: String,
    pub refunded_at: DateTime<Utc>,
}

/// The provider won't give it back; somebody may try again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrphanRefundFailed {
    pub orphan_id: OrphanId,
    pub refund_id: RefundId,
    pub code: String,
    pub message: String,
}

/// Staff know of it and have dealt with it otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrphanAcknowledged {
    pub orphan_id: OrphanId,
    pub reason: String,
    pub acknowledged_at: DateTime<Utc>,
}

events! {
    /// What happens to an orphan.
    OrphanEvent {
        OrphanFound = 1,
        OrphanRefundRequested = 1,
        OrphanRefunded = 1,
        OrphanRefundFailed = 1,
        OrphanAcknowledged = 1,
    }
}

impl OrphanEvent {
    pub fn orphan_id(&self) -> OrphanId {
        match self {
            Self::OrphanFound(event) => event.orphan_id,
            Self::OrphanRefundRequested(event) => event.orphan_id,
            Self::OrphanRefunded(event) => event.orphan_id,
            Self::OrphanRefundFailed(event) => event.orphan_id,
            Self::OrphanAcknowledged(event) => event.orphan_id,
        }
    }
}
