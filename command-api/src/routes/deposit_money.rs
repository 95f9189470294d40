//! `POST /api/wallet/deposits`: money is to come into the caller's wallet.

use axum::extract::State;
use domain::wallets::{self, RequestDeposit};
use events::ids::{AttemptId, PaymentId};
use serde::Deserialize;
use utoipa::ToSchema;
use web::Caller;
use web::money::MoneyDto;
use web::position::Accepted;

use crate::answer;
use crate::commands::Commands;
use crate::deps::Terms;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Rejected, Unauthenticated};
use crate::routes::retry_payment::PaymentAnswer;
use crate::validation::Checks;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DepositBody {
    amount: MoneyDto,
    /// What the payment provider's form gave the client for the card.
    #[schema(example = "pm_card_visa")]
    token: String,
}

/// Deposits money
///
/// It is in the wallet once the provider has charged the card; until then the payment is under way.
#[utoipa::path(
    post, path = "/api/wallet/deposits", tag = "wallet", security(("bearer" = [])),
    params(CommandHeaders), request_body = DepositBody,
    responses((status = 202, body = PaymentAnswer), Rejected, Unauthenticated)
)]
#[tracing::instrument(name = "command.deposit_money", skip_all)]
pub async fn deposit_money(
    caller: Caller,
    State(commands): State<Commands>,
    State(terms): State<Terms>,
    incoming: Incoming<DepositBody>,
) -> Result<Accepted<PaymentAnswer>, ApiError> {
    let context = commands.context(Some(caller.account), &incoming);
    let DepositBody { amount, token } = incoming.body;
    let mut checks = Checks::default();
    let amount = checks.money("amount", amount, terms.currency);
    checks.done()?;
    let payment_id = PaymentId::generate();
    let command = RequestDeposit {
        payment_id,
        attempt_id: AttemptId::generate(),
        account_id: caller.account,
        amount,
        card_token: token,
        at: context.now,
    };
    let deposit = |work: &mut domain::UnitOfWork| {
        wallets::request_deposit(work, &command)?;
        Ok(PaymentAnswer { payment_id })
    };
    Ok(answer::later(commands.execute(&context, deposit).await?))
}
