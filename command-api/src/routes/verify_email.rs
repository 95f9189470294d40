//! `POST /api/auth/email/verify`: the link in the email was followed.

use axum::extract::State;
use domain::DomainError;
use domain::account::AccountError;
use domain::email_verification::{self, VerifyEmail};
use events::ids::AccountId;
use serde::Deserialize;
use utoipa::ToSchema;
use web::position::Accepted;

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::Rejected;
use crate::secret_token::SecretToken;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyEmailBody {
    /// Out of the email's link.
    token: String,
}

/// Verifies an email address
///
/// The token is good once and for a day: `verification_token_invalid` after that, and after the address was changed. No
/// idempotency key: the token is one.
#[utoipa::path(
    post, path = "/api/auth/email/verify", tag = "auth", request_body = VerifyEmailBody,
    responses((status = 204), Rejected)
)]
#[tracing::instrument(name = "command.verify_email", skip_all)]
pub async fn verify_email(
    State(commands): State<Commands>,
    incoming: Incoming<VerifyEmailBody>,
) -> Result<Accepted<()>, ApiError> {
    let incoming = incoming.keyless();
    let context = commands.context(None, &incoming);
    let token = SecretToken::<AccountId>::parse(&incoming.body.token)
        .ok_or_else(|| DomainError::from(AccountError::VerificationTokenInvalid))?;
    let command = VerifyEmail {
        account_id: token.id,
        token_hash: token.hash(),
        at: context.now,
    };
    let verify = |work: &mut domain::UnitOfWork| email_verification::verify(work, &command);
    Ok(answer::no_content(commands.execute(&context, verify).await?))
}
