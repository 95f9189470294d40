//! Stripe's `PaymentIntents`, refunds and payouts. Our ids travel twice: as the idempotency key, so that a repetition
//! moves no money, and as metadata, so that a look-up finds what a lost answer left behind.
//!
//! How a request is sent and its failure read is left to `http`, the shapes on the wire to `wire`.

mod amount;
mod http;
mod lookup;
mod movements;
mod wire;

use std::fmt;
use std::time::Duration;

use super::{
    ChargeOutcome, ChargePage, ChargePageRequest, ChargeRequest, GatewayError, Outcome, PayoutOutcome,
    PayoutRequest, RefundOutcome, RefundRequest,
};
use amount::to_stripe;
use http::{Client, Failure, Form};
use wire::{Charge, Intent, Page, Payout, Refund};

/// Stripe's largest page.
const PAGE_LIMIT: &str = "100";

/// How to reach Stripe.
#[derive(Clone)]
pub struct StripeSettings {
    /// `https://api.stripe.com`, or the sandbox's address; without a path.
    pub base_url: String,
    /// `sk_…`; never logged.
    pub secret_key: String,
    /// From sending to the end of the answer; above zero. After it the outcome is unknown.
    pub request_timeout: Duration,
}

impl StripeSettings {
    /// Longer than Stripe takes to hear from a slow bank, short enough for a worker that waits.
    pub const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
}

impl fmt::Debug for StripeSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeSettings")
            .field("base_url", &self.base_url)
            .field("secret_key", &"(secret)")
            .field("request_timeout", &self.request_timeout)
            .finish()
    }
}

/// A connection to Stripe; clones share it.
#[derive(Debug, Clone)]
pub struct StripeGateway {
    client: Client,
}

impl StripeGateway {
    /// Checks the settings; nothing is sent yet.
    pub fn new(settings: StripeSettings) -> Result<Self, GatewayError> {
        Ok(Self {
            client: Client::new(settings)?,
        })
    }

    pub(super) async fn charge(&self, request: &ChargeRequest) -> ChargeOutcome {
        let Some(amount) = to_stripe(request.amount) else {
            return unpayable_amount();
        };
        let form = Form::new()
            .amount(amount, request.amount.currency())
            .field("payment_method", &request.method)
            .field("payment_method_types[]", "card")
            .field("confirm", "true")
            // Nobody sits in front of a worker: a card that asks its holder something is declined instead.
            .field("error_on_requires_action", "true")
            .field("description", &request.description)
            .field("metadata[attempt_id]", &request.attempt_id.to_string())
            .field("metadata[payment_id]", &request.payment_id.to_string());
        match self
            .client
            .post("/v1/payment_intents", request.attempt_id, form)
            .await
        {
            Ok(intent) => Intent::outcome(intent),
            Err(failure) => failure.into(),
        }
    }

    pub(super) async fn refund(&self, request: &RefundRequest) -> RefundOutcome {
        let Some(amount) = to_stripe(request.amount) else {
            return unpayable_amount();
        };
        let form = Form::new()
            .field("amount", &amount.to_string())
            .field("payment_intent", &request.provider_reference)
            .field("metadata[refund_id]", &request.refund_id.to_string())
            .field("metadata[payment_id]", &request.payment_id.to_string());
        match self.client.post("/v1/refunds", request.refund_id, form).await {
            Ok(refund) => Refund::outcome(refund),
            Err(failure) => failure.into(),
        }
    }

    pub(super) async fn payout(&self, request: &PayoutRequest) -> PayoutOutcome {
        let Some(amount) = to_stripe(request.amount) else {
            return unpayable_amount();
        };
        let form = Form::new()
            .amount(amount, request.amount.currency())
            .field("destination", &request.destination)
            .field("metadata[withdrawal_id]", &request.withdrawal_id.to_string())
            .field("metadata[account_id]", &request.account_id.to_string());
        match self.client.post("/v1/payouts", request.withdrawal_id, form).await {
            Ok(payout) => Payout::outcome(payout),
            Err(failure) => failure.into(),
        }
    }

    pub(super) async fn list_charges(&self, request: &ChargePageRequest) -> Result<ChargePage, GatewayError> {
        let mut query = vec![("limit", PAGE_LIMIT.to_owned())];
        if let Some(since) = request.created_since {
            query.push(("created[gte]", since.timestamp().to_string()));
        }
        if let Some(after) = &request.after {
            query.push(("starting_after", after.clone()));
        }
        let page: Page<Charge> = self.client.get("/v1/charges", &query).await?;
        let next = page
            .data
            .last()
            .filter(|_| page.has_more)
            .map(|charge| charge.id.clone());
        let charges = page
            .data
            .into_iter()
            .map(Charge::into_provider_charge)
            .collect::<Result<_, _>>()?;
        Ok(ChargePage { charges, next })
    }
}

fn unpayable_amount() -> Outcome {
    Outcome::Refused {
        code: "amount_unpayable".to_owned(),
        message: "Stripe takes no such amount in this currency.".to_owned(),
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Declined { code, message } => Self::Declined { code, message },
            Failure::Refused { code, message } | Failure::Missing { code, message } => {
                Self::Refused { code, message }
            }
            Failure::Unknown { reason } | Failure::TooLong { reason } => Self::Unknown { reason },
        }
    }
}

impl From<Failure> for GatewayError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Declined { code, message }
            | Failure::Refused { code, message }
            | Failure::Missing { code, message } => Self::Refused { code, message },
            Failure::Unknown { reason } | Failure::TooLong { reason } => Self::Unavailable { reason },
        }
    }
}
