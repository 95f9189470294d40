//! `POST /api/auth/password/forgot`: a link to set a new password is sent, if there is an account.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chrono::TimeDelta;
use domain::accounts::{EMAIL_SCOPE, RequestPasswordReset, request_password_reset};
use events::ids::AccountId;
use executor::CommandContext;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::Problem;

use crate::accounts;
use crate::clients::Client;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::personal_data::PersonalData;
use crate::problems::{Rejected, TooMany};
use crate::secret_token::SecretToken;
use crate::throttle::Throttles;
use crate::validation::claimed;

/// How long the link works: long enough for a slow mail server, too short for an old mailbox.
const RESET_TOKEN_LIFETIME: TimeDelta = TimeDelta::hours(1);

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgetPasswordBody {
    email: String,
}

/// Asks for a new password
///
/// The answer is the same whether the address has an account or not, and has no position for that
/// reason. No idempotency key: the newest link is the one that works.
#[utoipa::path(
    post, path = "/api/auth/password/forgot", tag = "auth", request_body = ForgetPasswordBody,
    responses((status = 202, description = "If there is such an account, an email is on its way."), Rejected, TooMany)
)]
#[tracing::instrument(name = "command.forget_password", skip_all)]
pub async fn forget_password(
    State(commands): State<Commands>,
    State(personal_data): State<PersonalData>,
    State(throttles): State<Arc<Throttles>>,
    client: Client,
    incoming: Incoming<ForgetPasswordBody>,
) -> Result<StatusCode, ApiError> {
    let incoming = incoming.keyless();
    let context = commands.context(None, &incoming);
    let email = claimed(incoming.body.email.trim());
    client.asks_for_mail(context.now)?;
    throttles
        .resets
        .attempt(&email, context.now)
        .map_err(Problem::too_many_requests)?;
    if let Some(account_id) = commands.claiming_account(EMAIL_SCOPE, &email).await? {
        send_link(&commands, &personal_data, &context, account_id).await?;
    }
    Ok(StatusCode::ACCEPTED)
}

async fn send_link(
    commands: &Commands,
    personal_data: &PersonalData,
    context: &CommandContext,
    account_id: AccountId,
) -> Result<(), ApiError> {
    let account = accounts::find(commands, context, account_id).await?;
    if accounts::find_profile(personal_data, account_id, &account)
        .await?
        .is_none()
    {
        return Ok(()); // erased: as if it had never been
    }
    let token = SecretToken::generate(account_id).map_err(Problem::internal)?;
    let command = RequestPasswordReset {
        account_id,
        reset_id: Uuid::now_v7(),
        token_hash: token.hash(),
        token: personal_data.seal_text(account_id, token.reveal()).await?,
        expires_at: context.now + RESET_TOKEN_LIFETIME,
    };
    commands
        .execute(context, |work| request_password_reset(work, &command))
        .await?;
    Ok(())
}
