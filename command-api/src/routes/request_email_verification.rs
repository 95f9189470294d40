//! `POST /api/auth/email/verify/request`: another link to verify an address is sent, if it has an account and isn't
//! verified.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use domain::email_verification;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::clients::Client;
use crate::commands::Commands;
use crate::email_verification::prepare;
use crate::emailed_link::addressee;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::personal_data::PersonalData;
use crate::problems::{Rejected, TooMany};
use crate::throttle::Throttles;

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
    client.asks_for_mail(context.now)?;
    let (throttle, email) = (&throttles.verifications, &incoming.body.email);
    let addressee = addressee(&commands, &personal_data, &context, throttle, email).await?;
    if let Some(account_id) = addressee {
        let command = prepare(&personal_data, account_id, context.now).await?;
        commands
            .execute(&context, |work| email_verification::request(work, &command))
            .await?;
    }
    Ok(StatusCode::ACCEPTED)
}
