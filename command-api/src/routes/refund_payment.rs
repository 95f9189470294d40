//! `POST /api/payments/{id}/refund`: staff give money back; the goods stay where they are.

use axum::extract::State;
use domain::settlement::{self, RefundPayment};
use events::account::Role;
use events::ids::{PaymentId, RefundId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::money::MoneyDto;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::commands::Commands;
use crate::deps::Terms;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Conflict, Forbidden, NotFound, Rejected, Unauthenticated};
use crate::validation::{Checks, NOTE_MAX_CHARS};

/// Unless something else is said.
const REASON: &str = "goodwill";

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundPaymentBody {
    /// All that is left, if missing.
    amount: Option<MoneyDto>,
    reason: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct RequestedRefundAnswer {
    #[schema(value_type = Uuid)]
    refund_id: RefundId,
}

/// Refunds a payment, or a part of it
///
/// 409 `payment_not_settled`, `refund_too_high`.
#[utoipa::path(
    post, path = "/api/payments/{id}/refund", tag = "payments", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The payment."), CommandHeaders), request_body = RefundPaymentBody,
    responses((status = 202, body = RequestedRefundAnswer), Rejected, Unauthenticated, Forbidden, NotFound, Conflict)
)]
#[tracing::instrument(name = "command.refund_payment", skip_all)]
pub async fn refund_payment(
    caller: Caller,
    Path(payment_id): Path<PaymentId>,
    State(commands): State<Commands>,
    State(terms): State<Terms>,
    incoming: Incoming<RefundPaymentBody>,
) -> Result<Accepted<RequestedRefundAnswer>, ApiError> {
    caller.require(Role::Staff)?;
    let context = commands.context(Some(caller.account), &incoming);
    let RefundPaymentBody { amount, reason } = incoming.body;
    let mut checks = Checks::default();
    let reason = checks.optional_text("reason", reason, NOTE_MAX_CHARS);
    let amount = amount.map(|amount| checks.money("amount", amount, terms.currency));
    checks.done()?;
    let refund_id = RefundId::generate();
    let command = RefundPayment {
        payment_id,
        refund_id,
        amount,
        reason: reason.unwrap_or_else(|| REASON.to_owned()),
        at: context.now,
    };
    let refund = |work: &mut domain::UnitOfWork| {
        settlement::refund_payment(work, &command)?;
        Ok(RequestedRefundAnswer { refund_id })
    };
    Ok(answer::later(commands.execute(&context, refund).await?))
}
