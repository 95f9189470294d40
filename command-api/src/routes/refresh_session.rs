//! `POST /api/auth/refresh`: a refresh token becomes the next pair of tokens.

use axum::extract::State;
use domain::DomainError;
use domain::accounts::{self, RefreshSession};
use domain::session::SessionError;
use events::ids::SessionId;
use serde::Deserialize;
use utoipa::ToSchema;
use web::Problem;
use web::position::Accepted;
use web::tokens::AccessTokens;

use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{Rejected, Unauthenticated};
use crate::secret_token::SecretToken;
use crate::sessions::{REFRESH_TOKEN_LIFETIME, SessionAnswer};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshBody {
    /// As the last login or refresh answered it.
    pub refresh_token: String,
}

/// Goes on with a session
///
/// A refresh token is good once. Using it again ends the session, since somebody else holds a copy;
/// from then on every token of it is answered with `session_over`. No idempotency key: the answer is
/// a secret and isn't kept.
#[utoipa::path(
    post, path = "/api/auth/refresh", tag = "auth", request_body = RefreshBody,
    responses((status = 200, body = SessionAnswer), Rejected, Unauthenticated)
)]
#[tracing::instrument(name = "command.refresh_session", skip_all)]
pub async fn refresh_session(
    State(commands): State<Commands>,
    State(tokens): State<AccessTokens>,
    incoming: Incoming<RefreshBody>,
) -> Result<Accepted<SessionAnswer>, ApiError> {
    let incoming = incoming.keyless();
    let context = commands.context(None, &incoming);
    let over = || DomainError::from(SessionError::Over);
    let presented = SecretToken::<SessionId>::parse(&incoming.body.refresh_token).ok_or_else(over)?;
    let next = SecretToken::generate(presented.id).map_err(Problem::internal)?;
    let command = RefreshSession {
        session_id: presented.id,
        presented_hash: presented.hash(),
        token_hash: next.hash(),
        at: context.now,
        expires_at: context.now + REFRESH_TOKEN_LIFETIME,
    };
    let refresh = |work: &mut domain::UnitOfWork| accounts::refresh_session(work, &command);
    let accepted = commands.execute(&context, refresh).await?;
    let (account_id, roles) = accepted.value.ok_or_else(over)?;
    let answer = SessionAnswer::new(&tokens, &next, account_id, roles, context.now);
    Ok(Accepted::ok(accepted.position, answer))
}
