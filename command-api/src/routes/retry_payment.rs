//! `POST /api/payments/{id}/retry`: the customer pays another way after a decline.

use axum::extract::State;
use domain::Authority;
use domain::settlement::{self, RetryPayment};
use events::ids::{AttemptId, PaymentId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::body::PaymentBody;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Conflict, NotFound, Rejected, Unauthenticated};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryPaymentBody {
    payment: PaymentBody,
}

/// The answer of a command about a payment.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct PaymentAnswer {
    #[schema(value_type = Uuid)]
    pub payment_id: PaymentId,
}

/// Tries a payment again
///
/// By who has to pay. 409 `payment_not_declined` while the last try is under way or has succeeded,
/// `order_expired`, `wallet_not_covered`.
#[utoipa::path(
    post, path = "/api/payments/{id}/retry", tag = "payments", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The payment."), CommandHeaders), request_body = RetryPaymentBody,
    responses((status = 202, body = PaymentAnswer), Rejected, Unauthenticated, NotFound, Conflict)
)]
#[tracing::instrument(name = "command.retry_payment", skip_all)]
pub async fn retry_payment(
    caller: Caller,
    Path(payment_id): Path<PaymentId>,
    State(commands): State<Commands>,
    incoming: Incoming<RetryPaymentBody>,
) -> Result<Accepted<PaymentAnswer>, ApiError> {
    let context = commands.context(Some(caller.account), &incoming);
    let command = RetryPayment {
        payment_id,
        by: Authority::Account(caller.account),
        method: incoming.body.payment.into(),
        attempt_id: AttemptId::generate(),
        at: context.now,
    };
    let retry = |work: &mut domain::UnitOfWork| {
        settlement::retry_payment(work, &command)?;
        Ok(PaymentAnswer { payment_id })
    };
    Ok(answer::later(commands.execute(&context, retry).await?))
}
