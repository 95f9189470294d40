//! `DELETE /api/branches/{id}/token`: a branch is shut out.

use axum::extract::State;
use domain::branch::{Branch, BranchCommand};
use events::account::Role;
use events::ids::BranchId;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::{Incoming, NoFields};
use crate::problems::{CommandHeaders, Forbidden, NotFound, Rejected, Unauthenticated};

/// Revokes a branch's token
///
/// For admins. From now on the branch is refused, until it is given a new one; what it has reported stays. Revoking twice
/// changes nothing.
#[utoipa::path(
    delete, path = "/api/branches/{id}/token", tag = "chain", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The branch."), CommandHeaders),
    responses((status = 204, description = "It has no token."), Rejected, Unauthenticated, Forbidden, NotFound)
)]
#[tracing::instrument(name = "command.revoke_branch_token", skip_all)]
pub async fn revoke_branch_token(
    caller: Caller,
    Path(branch_id): Path<BranchId>,
    State(commands): State<Commands>,
    incoming: Incoming<NoFields>,
) -> Result<Accepted<()>, ApiError> {
    caller.require(Role::Admin)?;
    let context = commands.context(Some(caller.account), &incoming);
    let revoke = |work: &mut domain::UnitOfWork| {
        work.handle::<Branch>(branch_id, BranchCommand::RevokeToken { at: context.now })
    };
    Ok(answer::no_content(commands.execute(&context, revoke).await?))
}
