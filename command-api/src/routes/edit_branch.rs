//! `PATCH /api/branches/{id}`: headquarters changes what it knows of a branch.

use axum::extract::State;
use domain::branch::{Branch, BranchCommand, BranchError};
use events::account::Role;
use events::branch::BranchProfile;
use events::ids::BranchId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::etag::IfMatch;
use web::position::Accepted;
use web::{Caller, Path};

use super::register_branch::check_profile;
use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{
    CommandHeaders, EditHeaders, Forbidden, NotFound, Outdated, Rejected, Unauthenticated,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditBranchBody {
    name: Option<String>,
    location: Option<String>,
    region: Option<String>,
    url: Option<String>,
    time_zone: Option<String>,
}

/// The answer of a command about a branch.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct BranchAnswer {
    #[schema(value_type = Uuid)]
    pub branch_id: BranchId,
}

/// Edits a branch
///
/// For admins. What is missing stays. A branch that moves to another region takes its past with it.
#[utoipa::path(
    patch, path = "/api/branches/{id}", tag = "chain", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The branch."), CommandHeaders, EditHeaders),
    request_body = EditBranchBody,
    responses((status = 200, body = BranchAnswer), Rejected, Unauthenticated, Forbidden, NotFound, Outdated)
)]
#[tracing::instrument(name = "command.edit_branch", skip_all)]
pub async fn edit_branch(
    caller: Caller,
    if_match: IfMatch,
    Path(branch_id): Path<BranchId>,
    State(commands): State<Commands>,
    incoming: Incoming<EditBranchBody>,
) -> Result<Accepted<BranchAnswer>, ApiError> {
    caller.require(Role::Admin)?;
    let context = commands.context(Some(caller.account), &incoming);
    let before = commands
        .inspect(&context, |work| {
            let branch = work.read::<Branch>(branch_id)?;
            if !branch.exists() {
                return Err(BranchError::NotFound.into());
            }
            Ok(branch.profile().clone())
        })
        .await?;
    check_profile(&incoming.body.onto(before))?;
    let edit = |work: &mut domain::UnitOfWork| {
        work.expect_version::<Branch>(branch_id, if_match.expected_version())?;
        let before = work.read::<Branch>(branch_id)?.profile().clone();
        let profile = incoming.body.onto(before);
        work.handle::<Branch>(branch_id, BranchCommand::Edit { profile })?;
        Ok(BranchAnswer { branch_id })
    };
    Ok(answer::ok(commands.execute(&context, edit).await?))
}

impl EditBranchBody {
    /// The profile with what is to be changed.
    fn onto(&self, before: BranchProfile) -> BranchProfile {
        let text = |new: &Option<String>, old: String| new.as_ref().map_or(old, |new| new.trim().to_owned());
        let url = text(&self.url, before.url);
        BranchProfile {
            name: text(&self.name, before.name),
            location: text(&self.location, before.location),
            region: text(&self.region, before.region),
            url: url.trim_end_matches('/').to_owned(),
            time_zone: text(&self.time_zone, before.time_zone),
        }
    }
}
