//! `POST /api/branches/{id}/token`: a branch gets a new token.

use axum::extract::State;
use domain::branch::{Branch, BranchCommand};
use events::account::Role;
use events::ids::BranchId;
use web::position::Accepted;
use web::{Caller, Path, Problem};

use super::register_branch::BranchTokenAnswer;
use crate::branch_token::BranchToken;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::{Incoming, NoFields};
use crate::problems::{Forbidden, NotFound, Rejected, Unauthenticated};

/// Gives a branch a new token
///
/// For admins. The one before ends at once; until the branch has the new one, its reports wait, and none is lost. No
/// idempotency key: the answer is a secret and isn't kept.
#[utoipa::path(
    post, path = "/api/branches/{id}/token", tag = "chain", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The branch.")), request_body = NoFields,
    responses((status = 200, body = BranchTokenAnswer), Rejected, Unauthenticated, Forbidden, NotFound)
)]
#[tracing::instrument(name = "command.rotate_branch_token", skip_all)]
pub async fn rotate_branch_token(
    caller: Caller,
    Path(branch_id): Path<BranchId>,
    State(commands): State<Commands>,
    incoming: Incoming<NoFields>,
) -> Result<Accepted<BranchTokenAnswer>, ApiError> {
    caller.require(Role::Admin)?;
    let incoming = incoming.keyless();
    let context = commands.context(Some(caller.account), &incoming);
    let token = BranchToken::generate(branch_id).map_err(Problem::internal)?;
    let rotate = |work: &mut domain::UnitOfWork| {
        let (token_hash, at) = (token.hash(), context.now);
        work.handle::<Branch>(branch_id, BranchCommand::RotateToken { token_hash, at })
    };
    let accepted = commands.execute(&context, rotate).await?;
    let token = token.reveal();
    Ok(Accepted::ok(
        accepted.position,
        BranchTokenAnswer { branch_id, token },
    ))
}
