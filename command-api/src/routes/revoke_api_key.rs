//! `DELETE /api/api-keys/{id}`: a key is good no longer.

use axum::extract::State;
use domain::api_keys;
use events::ids::ApiKeyId;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::{Incoming, NoFields};
use crate::problems::{CommandHeaders, NotFound, Rejected, Unauthenticated};

/// Revokes an API key
///
/// The command API refuses it from now on, the query API as soon as it has heard of it: at once if it is asked as of
/// the position in the answer.
#[utoipa::path(
    delete, path = "/api/api-keys/{id}", tag = "api keys", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The key's id, not the key."), CommandHeaders),
    responses((status = 204), Rejected, Unauthenticated, NotFound)
)]
#[tracing::instrument(name = "command.revoke_api_key", skip_all)]
pub async fn revoke_api_key(
    caller: Caller,
    Path(key_id): Path<ApiKeyId>,
    State(commands): State<Commands>,
    incoming: Incoming<NoFields>,
) -> Result<Accepted<()>, ApiError> {
    let context = commands.context(Some(caller.account), &incoming);
    let (account, now) = (caller.account, context.now);
    let revoke = |work: &mut domain::UnitOfWork| api_keys::revoke_api_key(work, account, key_id, now);
    Ok(answer::no_content(commands.execute(&context, revoke).await?))
}
