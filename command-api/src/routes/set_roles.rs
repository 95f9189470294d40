//! `PUT /api/users/{id}/roles`: an admin says what somebody may do.

use std::collections::BTreeSet;

use axum::extract::State;
use domain::accounts::change_roles;
use events::account::Role;
use events::ids::AccountId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::position::Accepted;
use web::{Caller, Path, Problem};

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Conflict, Forbidden, NotFound, Rejected, Unauthenticated};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRolesBody {
    /// At least one of `customer`, `seller`, `staff`, `admin`, `branch`.
    #[schema(value_type = Vec<String>)]
    roles: BTreeSet<Role>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct RolesAnswer {
    #[schema(value_type = Uuid)]
    account_id: AccountId,
    #[schema(value_type = Vec<String>)]
    roles: BTreeSet<Role>,
}

/// Sets somebody's roles
///
/// They hold from the next access token on, in at most 15 minutes. 409 `own_admin_role`: nobody
/// stops being an admin by their own hand, so that there is always one.
#[utoipa::path(
    put, path = "/api/users/{id}/roles", tag = "users", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The account."), CommandHeaders), request_body = SetRolesBody,
    responses((status = 200, body = RolesAnswer), Rejected, Unauthenticated, Forbidden, NotFound, Conflict)
)]
#[tracing::instrument(name = "command.set_roles", skip_all)]
pub async fn set_roles(
    caller: Caller,
    Path(account_id): Path<AccountId>,
    State(commands): State<Commands>,
    incoming: Incoming<SetRolesBody>,
) -> Result<Accepted<RolesAnswer>, ApiError> {
    caller.require(Role::Admin)?;
    let context = commands.context(Some(caller.account), &incoming);
    let roles = incoming.body.roles;
    if account_id == caller.account && !roles.contains(&Role::Admin) {
        let detail = "Another admin has to do this.";
        return Err(Problem::conflict("own_admin_role", detail).into());
    }
    let change = |work: &mut domain::UnitOfWork| {
        change_roles(work, account_id, &roles)?;
        let roles = roles.clone();
        Ok(RolesAnswer { account_id, roles })
    };
    Ok(answer::ok(commands.execute(&context, change).await?))
}
