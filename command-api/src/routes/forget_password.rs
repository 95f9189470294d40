//! `POST /api/auth/password/forgot`: a link to set a new password is sent, if there is an account.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chrono::TimeDelta;
use domain::accounts::{RequestPasswordReset, request_password_reset};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::Problem;

use crate::clients::Client;
use crate::commands::Commands;
use crate::emailed_link::addressee;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::personal_data::PersonalData;
use crate::problems::{Rejected, TooMany};
use crate::secret_token::SecretToken;
use crate::throttle::Throttles;

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
    client.asks_for_mail(context.now)?;
    let (throttle, email) = (&throttles.resets, &incoming.body.email);
    let addressee = addressee(&commands, &personal_data, &context, throttle, email).await?;
    if let Some(account_id) = addressee {
        let token = SecretToken::generate(account_id).map_err(Problem::internal)?;
        let command = RequestPasswordReset {
            account_id,
            reset_id: Uuid::now_v7(),
            token_hash: token.hash(),
            token: personal_data.seal_text(account_id, token.reveal()).await?,
            expires_at: context.now + RESET_TOKEN_LIFETIME,
        };
        commands
            .execute(&context, |work| request_password_reset(work, &command))
            .await?;
    }
    Ok(StatusCode::ACCEPTED)
}
