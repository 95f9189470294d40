//! `POST /api/auth/password/reset`: the link in the email was followed.

use axum::extract::State;
use domain::DomainError;
use domain::account::AccountError;
use domain::accounts::{self as use_cases, ResetPassword};
use events::ids::AccountId;
use serde::Deserialize;
use utoipa::ToSchema;
use web::position::Accepted;

use crate::accounts;
use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::passwords::Passwords;
use crate::personal_data::PersonalData;
use crate::problems::{Rejected, TooMany};
use crate::secret_token::SecretToken;
use crate::validation::Checks;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPasswordBody {
    /// Out of the email's link.
    token: String,
    /// 10 to 128 characters.
    password: String,
}

/// Sets a new password
///
/// The token is good once and for an hour: `reset_token_invalid` after that. No idempotency key:
/// the token is one. Every session of before ends: its refresh token is no longer good, and its access token runs out
/// within a quarter of an hour.
#[utoipa::path(
    post, path = "/api/auth/password/reset", tag = "auth", request_body = ResetPasswordBody,
    responses((status = 204), Rejected, TooMany)
)]
#[tracing::instrument(name = "command.reset_password", skip_all)]
pub async fn reset_password(
    State(commands): State<Commands>,
    State(personal_data): State<PersonalData>,
    State(passwords): State<Passwords>,
    incoming: Incoming<ResetPasswordBody>,
) -> Result<Accepted<()>, ApiError> {
    let incoming = incoming.keyless();
    let context = commands.context(None, &incoming);
    let ResetPasswordBody { token, password } = incoming.body;
    let invalid = || DomainError::from(AccountError::ResetTokenInvalid);
    let token = SecretToken::<AccountId>::parse(&token).ok_or_else(invalid)?;
    let account = accounts::find(&commands, &context, token.id).await?;
    // Nothing is sealed for an account that isn't there: the vault would keep a key for nobody.
    let profile = accounts::find_profile(&personal_data, token.id, &account).await?;
    let profile = profile.ok_or_else(invalid)?;
    let mut checks = Checks::default();
    checks.password("password", &password, &profile.username, profile.email.as_deref());
    checks.done()?;
    let hash = passwords.hash(password).await?;
    let command = ResetPassword {
        account_id: token.id,
        token_hash: token.hash(),
        password: personal_data.seal_text(token.id, &hash).await?,
        at: context.now,
    };
    let reset = |work: &mut domain::UnitOfWork| use_cases::reset_password(work, &command);
    Ok(answer::no_content(commands.execute(&context, reset).await?))
}
