//! `POST /api/payments/webhooks/stripe`: the payment provider tells what became of a payment, a
//! refund or a payout. The settlement worker asks as well; whoever is first, the second changes nothing.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, Utc};
use domain::settlement::{self, DeclinePayment, SettlePayment};
use domain::wallets::{self, FailedPayout};
use domain::{Decision, Refusal, UnitOfWork};
use events::ids::{AccountId, AttemptId, PaymentId, RefundId, WithdrawalId};
use executor::{CommandContext, ExecuteError};
use serde::Deserialize;
use uuid::Uuid;
use web::Problem;
use web::request_id::RequestId;
use web::stripe_webhook::{self, SIGNATURE_HEADER, TOLERANCE, WebhookError, WebhookEvent, WebhookKind};

use crate::commands::Commands;
use crate::deps::WebhookSecret;
use crate::errors::ApiError;
use crate::problems::{NotFound, Rejected};

/// Takes a webhook of the payment provider
///
/// 400 `webhook_signature` unless the provider signed it within the last five minutes; 404
/// `webhooks_off` if the shop has no secret to check that with. 200 for everything else, also for
/// what isn't ours. No idempotency key: a delivery that comes twice changes nothing twice.
#[utoipa::path(
    post, path = "/api/payments/webhooks/stripe", tag = "payments",
    params(("Stripe-Signature" = String, Header, description = "The time of sending, and signatures.")),
    request_body = Object,
    responses((status = 200, description = "Taken, or none of ours."), Rejected, NotFound)
)]
#[tracing::instrument(name = "command.receive_stripe_webhook", skip_all)]
pub async fn receive_stripe_webhook(
    State(commands): State<Commands>,
    State(WebhookSecret(secret)): State<WebhookSecret>,
    request_id: RequestId,
    headers: HeaderMap,
    payload: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<StatusCode, ApiError> {
    let secret = secret.ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "webhooks_off").with_detail("This shop takes no webhooks.")
    })?;
    let payload = payload.map_err(|_| Problem::payload_too_large())?;
    let signature = headers
        .get(SIGNATURE_HEADER)
        .and_then(|value| value.to_str().ok());
    let mut context = commands.system_context();
    context.correlation_id = request_id.as_uuid();
    let now = context.now;
    let event = stripe_webhook::verify(&payload, signature.unwrap_or_default(), &secret, now, TOLERANCE)
        .map_err(|error| refuse(&error))?;
    let Some(report) = Report::of(&event, &Ours::of(&payload), now) else {
        tracing::info!(event.id, "a webhook is about nothing of ours");
        return Ok(StatusCode::OK);
    };
    record(&commands, &context, &event, &report).await?;
    Ok(StatusCode::OK)
}

/// The sender learns nothing of why: it may be somebody else.
fn refuse(error: &WebhookError) -> Problem {
    tracing::warn!(error = %error, "a webhook was refused");
    match error {
        WebhookError::TooLarge { .. } => Problem::payload_too_large(),
        _ => Problem::bad_request("webhook_signature", "The signature isn't good."),
    }
}

async fn record(
    commands: &Commands,
    context: &CommandContext,
    event: &WebhookEvent,
    report: &Report,
) -> Result<(), ApiError> {
    match commands.execute(context, |work| report.decide(work)).await {
        Ok(_) => Ok(()),
        // The provider would only repeat it, and nothing would change; the reconciliation finds what is amiss.
        Err(ExecuteError::Refused(refusal)) => {
            let code = refusal.code();
            tracing::warn!(event.id, code, "a webhook doesn't fit what is known here");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// The ids of ours that the gateway puts on refunds and payouts, beside their own.
#[derive(Default, Deserialize)]
struct Ours {
    payment_id: Option<PaymentId>,
    account_id: Option<AccountId>,
}

impl Ours {
    fn of(payload: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Envelope {
            data: Data,
        }
        #[derive(Deserialize)]
        struct Data {
            object: Object,
        }
        #[derive(Deserialize)]
        struct Object {
            metadata: Ours,
        }
        serde_json::from_slice(payload)
            .map_or_else(|_| Self::default(), |Envelope { data }| data.object.metadata)
    }
}

/// What is to be recorded.
enum Report {
    PaymentSettled(SettlePayment),
    PaymentDeclined(DeclinePayment),
    RefundSettled {
        payment_id: PaymentId,
        refund_id: RefundId,
        reference: String,
    },
    RefundFailed {
        payment_id: PaymentId,
        refund_id: RefundId,
        status: String,
    },
    WithdrawalSettled {
        account_id: AccountId,
        withdrawal_id: WithdrawalId,
        reference: String,
    },
    PayoutFailed(FailedPayout),
}

impl Report {
    /// `None` for what isn't ours, and for what says nothing final.
    fn of(event: &WebhookEvent, ours: &Ours, at: DateTime<Utc>) -> Option<Self> {
        match event.kind.clone() {
            WebhookKind::PaymentSucceeded {
                provider_reference,
                attempt_id,
                payment_id,
                ..
            } => {
                let (payment_id, attempt_id) = ids_of_attempt(payment_id, attempt_id)?;
                Some(Self::PaymentSettled(SettlePayment {
                    payment_id,
                    attempt_id,
                    provider_reference,
                    at,
                }))
            }
            WebhookKind::PaymentFailed {
                attempt_id,
                payment_id,
                code,
                message,
                ..
            } => {
                let (payment_id, attempt_id) = ids_of_attempt(payment_id, attempt_id)?;
                Some(Self::PaymentDeclined(DeclinePayment {
                    payment_id,
                    attempt_id,
                    code,
                    message,
                }))
            }
            WebhookKind::RefundUpdated {
                refund_reference,
                refund_id,
                status,
                ..
            } => {
                let (payment_id, refund_id) = (ours.payment_id?, RefundId(refund_id?));
                match status.as_str() {
                    "succeeded" => {
                        let reference = refund_reference;
                        Some(Self::RefundSettled {
                            payment_id,
                            refund_id,
                            reference,
                        })
                    }
                    "failed" | "canceled" => Some(Self::RefundFailed {
                        payment_id,
                        refund_id,
                        status,
                    }),
                    _ => None,
                }
            }
            WebhookKind::PayoutPaid {
                provider_reference,
                withdrawal_id,
            } => Some(Self::WithdrawalSettled {
                account_id: ours.account_id?,
                withdrawal_id: WithdrawalId(withdrawal_id?),
                reference: provider_reference,
            }),
            WebhookKind::PayoutFailed {
                provider_reference,
                withdrawal_id,
                code,
                message,
            } => Some(Self::PayoutFailed(FailedPayout {
                account_id: ours.account_id?,
                withdrawal_id: WithdrawalId(withdrawal_id?),
                provider_reference,
                code,
                message,
                at,
            })),
            // Each refund of a charge comes as one of its own, too.
            WebhookKind::ChargeRefunded { .. } | WebhookKind::Other { .. } => None,
        }
    }

    fn decide(&self, work: &mut UnitOfWork) -> Decision<()> {
        match self {
            Self::PaymentSettled(command) => settlement::settle_payment(work, command),
            Self::PaymentDeclined(command) => settlement::decline_payment(work, command),
            Self::RefundSettled {
                payment_id,
                refund_id,
                reference,
            } => settlement::settle_refund(work, *payment_id, *refund_id, reference),
            Self::RefundFailed {
                payment_id,
                refund_id,
                status,
            } => settlement::fail_refund(work, *payment_id, *refund_id, status, "the provider gave up"),
            Self::WithdrawalSettled {
                account_id,
                withdrawal_id,
                reference,
            } => wallets::settle_withdrawal(work, *account_id, *withdrawal_id, reference),
            Self::PayoutFailed(command) => wallets::fail_payout(work, command),
        }
    }
}

fn ids_of_attempt(payment_id: Option<Uuid>, attempt_id: Option<Uuid>) -> Option<(PaymentId, AttemptId)> {
    Some((PaymentId(payment_id?), AttemptId(attempt_id?)))
}
