//! The payment provider as the workers see it: charge, refund, pay out, and ask what became of each. The provider is
//! chosen once, at start.
//!
//! An outcome says what is *known*. Silence is [`Outcome::Unknown`], never a refusal: whoever gets it asks
//! ([`PaymentGateway::look_up_charge`] and its like) or repeats the *same* request, which is safe because our id is the
//! provider's idempotency key. When to do so, and what a known outcome means for an order, is left to the settlement.

mod movements;
mod stripe;

use chrono::{DateTime, Utc};
use events::money::Money;
use uuid::Uuid;

pub use movements::{ProviderPayout, ProviderRefund};
pub use stripe::{StripeGateway, StripeSettings};

/// Why the gateway could not be made, or could not list.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error("the payment gateway's setting `{name}` is unusable: {reason}")]
    Setting {
        name: &'static str,
        reason: &'static str,
    },
    #[error("the payment gateway cannot make its HTTP client")]
    Client(#[source] reqwest::Error),
    #[error("the payment provider could not be asked: {reason}")]
    Unavailable { reason: String },
    #[error("the payment provider refused to answer: {code}: {message}")]
    Refused { code: String, message: String },
}

/// What came of a request that moves money. All text comes from the provider and may be shown to staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Settled { provider_reference: String },
    /// The bank or the provider said no for good: this attempt moves no money, another may.
    Declined { code: String, message: String },
    /// Accepted, but not done yet: a webhook or a look-up will tell.
    Pending { provider_reference: String },
    /// Nobody knows: a timeout, a cut connection, an answer of 5xx, another request with the same id in progress.
    Unknown { reason: String },
    /// The request itself is wrong (an unknown payment method, an amount out of range): repeating it is useless.
    Refused { code: String, message: String },
}

/// What came of a charge.
pub type ChargeOutcome = Outcome;
/// What came of a refund.
pub type RefundOutcome = Outcome;
/// What came of a payout.
pub type PayoutOutcome = Outcome;

/// What the provider remembers of an earlier request. Asking never moves money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    Settled {
        provider_reference: String,
    },
    Declined {
        code: String,
        message: String,
    },
    Pending {
        provider_reference: String,
    },
    /// The provider has no trace of it. A request that is still on its way may yet arrive: repeat the *same* request
    /// (same id) to make sure, rather than a new one.
    NotFound,
    /// It is not among what was read, and there is more than is read. The provider still knows the request's idempotency
    /// key, though: the *same* request asks its books, so whoever still wants it may repeat it. Nothing else follows
    /// from this: it may well have been carried out.
    NotListed {
        reason: String,
    },
    /// The provider could not be asked, or its answer is unclear.
    Unknown {
        reason: String,
    },
}

/// Charge a customer. A repetition must be equal in every field: the provider refuses one id with two meanings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeRequest {
    /// The idempotency key.
    pub attempt_id: Uuid,
    pub payment_id: Uuid,
    /// Above zero.
    pub amount: Money,
    /// The provider's name of the payment method, such as `pm_card_visa`.
    pub method: String,
    /// What the customer reads; no personal data.
    pub description: String,
}

/// Give back a charge, whole or in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    /// The idempotency key.
    pub refund_id: Uuid,
    /// Whose refund it is, so that a webhook tells it.
    pub payment_id: Uuid,
    /// The reference under which the charge was settled.
    pub provider_reference: String,
    /// Above zero, in the currency of the charge.
    pub amount: Money,
}

/// Pay money out of the shop's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutRequest {
    /// The idempotency key.
    pub withdrawal_id: Uuid,
    /// Whose wallet it leaves, so that a webhook tells it.
    pub account_id: Uuid,
    /// Above zero.
    pub amount: Money,
    /// The provider's name of the account to pay to.
    pub destination: String,
}

/// Where a page of charges begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChargePageRequest {
    /// Leave out charges made before this.
    pub created_since: Option<DateTime<Utc>>,
    /// [`ChargePage::next`] of the page before.
    pub after: Option<String>,
}

/// A page of the provider's charges, newest first, at most a hundred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargePage {
    pub charges: Vec<ProviderCharge>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
}

/// A charge in the provider's books, for the comparison with ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderCharge {
    /// What [`Outcome::Settled`] gave as the reference.
    pub provider_reference: String,
    /// Absent on charges that this shop did not make.
    pub attempt_id: Option<Uuid>,
    pub payment_id: Option<Uuid>,
    pub amount: Money,
    pub refunded: Money,
    pub status: ProviderChargeStatus,
    pub created: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderChargeStatus {
    Succeeded,
    Pending,
    Failed,
}

/// The provider, chosen at start.
#[derive(Debug, Clone)]
pub enum PaymentGateway {
    /// Stripe, or the sandbox that speaks its dialect.
    Stripe(StripeGateway),
}

impl PaymentGateway {
    /// Charges once, however often the same request is made.
    pub async fn charge(&self, request: &ChargeRequest) -> ChargeOutcome {
        match self {
            Self::Stripe(stripe) => stripe.charge(request).await,
        }
    }

    /// Asks what became of an attempt; the reference makes it cheaper and surer, if there is one.
    pub async fn look_up_charge(
        &self,
        attempt_id: Uuid,
        payment_id: Uuid,
        provider_reference: Option<&str>,
    ) -> Lookup {
        match self {
            Self::Stripe(stripe) => {
                stripe
                    .look_up_charge(attempt_id, payment_id, provider_reference)
                    .await
            }
        }
    }

    /// Refunds once, however often the same request is made.
    pub async fn refund(&self, request: &RefundRequest) -> RefundOutcome {
        match self {
            Self::Stripe(stripe) => stripe.refund(request).await,
        }
    }

    /// Asks what became of a refund of the charge `provider_reference`.
    pub async fn look_up_refund(&self, refund_id: Uuid, provider_reference: &str) -> Lookup {
        match self {
            Self::Stripe(stripe) => stripe.look_up_refund(refund_id, provider_reference).await,
        }
    }

    /// Pays out once, however often the same request is made.
    pub async fn payout(&self, request: &PayoutRequest) -> PayoutOutcome {
        match self {
            Self::Stripe(stripe) => stripe.payout(request).await,
        }
    }

    /// Asks what became of a payout that was first requested at `requested_at`; `provider_reference` is the payout's
    /// own, if a [`Outcome::Pending`] gave one.
    pub async fn look_up_payout(
        &self,
        withdrawal_id: Uuid,
        provider_reference: Option<&str>,
        requested_at: DateTime<Utc>,
    ) -> Lookup {
        match self {
            Self::Stripe(stripe) => {
                stripe
                    .look_up_payout(withdrawal_id, provider_reference, requested_at)
                    .await
            }
        }
    }

    /// A page of the provider's charges, for the reconciliation of both ledgers.
    pub async fn list_charges(&self, page: &ChargePageRequest) -> Result<ChargePage, GatewayError> {
        match self {
            Self::Stripe(stripe) => stripe.list_charges(page).await,
        }
    }

    /// The provider's refunds since a time, but for those that failed.
    pub async fn list_refunds(&self, since: DateTime<Utc>) -> Result<Vec<ProviderRefund>, GatewayError> {
        match self {
            Self::Stripe(stripe) => stripe.list_refunds(since).await,
        }
    }

    /// The provider's payouts since a time, but for those that failed.
    pub async fn list_payouts(&self, since: DateTime<Utc>) -> Result<Vec<ProviderPayout>, GatewayError> {
        match self {
            Self::Stripe(stripe) => stripe.list_payouts(since).await,
        }
    }
}
