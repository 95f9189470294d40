//! `POST /api/auth/logout`: a session ends.

use axum::extract::State;
use domain::DomainError;
use domain::accounts::end_session;
use domain::session::SessionError;
use events::ids::SessionId;
use events::session::SessionEnd;
use web::position::Accepted;

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Rejected, Unauthenticated};
use crate::routes::refresh_session::RefreshBody;
use crate::secret_token::SecretToken;

/// Ends a session
///
/// Its refresh token is good no longer; the access tokens that are out run out by themselves.
/// Ending what is over changes nothing.
#[utoipa::path(
    post, path = "/api/auth/logout", tag = "auth",
    params(CommandHeaders), request_body = RefreshBody,
    responses((status = 204), Rejected, Unauthenticated)
)]
#[tracing::instrument(name = "command.log_out", skip_all)]
pub async fn log_out(
    State(commands): State<Commands>,
    incoming: Incoming<RefreshBody>,
) -> Result<Accepted<()>, ApiError> {
    let context = commands.context(None, &incoming);
    let session = SecretToken::<SessionId>::parse(&incoming.body.refresh_token)
        .ok_or_else(|| DomainError::from(SessionError::Over))?;
    let end = |work: &mut domain::UnitOfWork| end_session(work, session.id, SessionEnd::LoggedOut);
    Ok(answer::no_content(commands.execute(&context, end).await?))
}
