//! `POST /api/wallet/withdrawals`: money leaves the caller's wallet for their bank.

use axum::extract::State;
use domain::wallets::{self, RequestWithdrawal};
use events::ids::WithdrawalId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::Caller;
use web::money::MoneyDto;
use web::position::Accepted;

use crate::answer;
use crate::commands::Commands;
use crate::deps::Terms;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Conflict, Rejected, Unauthenticated};
use crate::validation::Checks;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawBody {
    amount: MoneyDto,
    /// What the payment provider calls the bank account.
    destination: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct WithdrawalAnswer {
    #[schema(value_type = Uuid)]
    withdrawal_id: WithdrawalId,
}

/// Withdraws money
///
/// It leaves the wallet at once, and comes back if the bank doesn't take it. 409 `wallet_not_covered`.
#[utoipa::path(
    post, path = "/api/wallet/withdrawals", tag = "wallet", security(("bearer" = [])),
    params(CommandHeaders), request_body = WithdrawBody,
    responses((status = 202, body = WithdrawalAnswer), Rejected, Unauthenticated, Conflict)
)]
#[tracing::instrument(name = "command.withdraw_money", skip_all)]
pub async fn withdraw_money(
    caller: Caller,
    State(commands): State<Commands>,
    State(terms): State<Terms>,
    incoming: Incoming<WithdrawBody>,
) -> Result<Accepted<WithdrawalAnswer>, ApiError> {
    let context = commands.context(Some(caller.account), &incoming);
    let WithdrawBody { amount, destination } = incoming.body;
    let mut checks = Checks::default();
    let amount = checks.money("amount", amount, terms.currency);
    checks.done()?;
    let withdrawal_id = WithdrawalId::generate();
    let command = RequestWithdrawal {
        withdrawal_id,
        account_id: caller.account,
        amount,
        destination,
        at: context.now,
    };
    let withdraw = |work: &mut domain::UnitOfWork| {
        wallets::request_withdrawal(work, &command)?;
        Ok(WithdrawalAnswer { withdrawal_id })
    };
    Ok(answer::later(commands.execute(&context, withdraw).await?))
}
