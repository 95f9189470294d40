//! `POST /api/auth/email/verify/request`: another link to verify an address is sent, if it has an account and isn't
//! verified.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use domain::accounts::EMAIL_SCOPE;
use domain::email_verification;
use events::ids::AccountId;
use executor::CommandContext;
use serde::Deserialize;
use utoipa::ToSchema;
use web::Problem;

use crate::accounts;
use crate::clients::Client;
use crate::commands::Commands;
use crate::email_verification::prepare;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::personal_data::PersonalData;
use crate::problems::{Rejected, TooMany};
use crate::throttle::Throttles;
use crate::validation::claimed;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestEmailVerificationBody {
    email: String,
}

/// Asks for another link to verify an address
///
/// The answer is the same whether the address has an account or not, is verified or not, and has no position for that
/// reason. No idempotency key: the newest link is the one that works.
#[utoipa::path(
    post, path = "/api/auth/email/verify/request", tag = "auth", request_body = RequestEmailVerificationBody,
    responses(
        (status = 202, description = "If there is such an account and it isn't verified, an email is on its way."),
        Rejected, TooMany
    )
)]
#[tracing::instrument(name = "command.request_email_verification", skip_all)]
pub async fn request_email_verification(
    State(commands): State<Commands>,
    State(personal_data): State<PersonalData>,
    State(throttles): State<Arc<Throttles>>,
    client: Client,
    incoming: Incoming<RequestEmailVerificationBody>,
) -> Result<StatusCode, ApiError> {
    let incoming = incoming.keyless();
    let context = commands.context(None, &incoming);
    let email = claimed(incoming.body.email.trim());
    client.asks_for_mail(context.now)?;
    throttles
        .verifications
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
    let profile = accounts::find_profile(personal_data, account_id, &account).await?;
    if profile.is_none() {
        return Ok(()); // erased: as if it had never been
    }
    let command = prepare(personal_data, account_id, context.now).await?;
    commands
        .execute(context, |work| email_verification::request(work, &command))
        .await?;
    Ok(())
}
