//! `POST /api/payments/orphans/{id}/acknowledge`: an admin has dealt with an orphan otherwise.

use axum::extract::State;
use domain::orphans;
use events::account::Role;
use events::ids::OrphanId;
use web::position::Accepted;
use web::{Caller, Path};

use super::refund_orphan::OrphanAnswer;
use crate::answer;
use crate::body::ReasonBody;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Conflict, Forbidden, NotFound, Rejected, Unauthenticated};

/// Takes an orphan off the list of what is to be done
///
/// The reason says what was done about it. Twice changes nothing. 409 `orphan_refunded`.
#[utoipa::path(
    post, path = "/api/payments/orphans/{id}/acknowledge", tag = "payments", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The orphan."), CommandHeaders), request_body = ReasonBody,
    responses((status = 200, body = OrphanAnswer), Rejected, Unauthenticated, Forbidden, NotFound, Conflict)
)]
#[tracing::instrument(name = "command.acknowledge_orphan", skip_all)]
pub async fn acknowledge_orphan(
    caller: Caller,
    Path(orphan_id): Path<OrphanId>,
    State(commands): State<Commands>,
    incoming: Incoming<ReasonBody>,
) -> Result<Accepted<OrphanAnswer>, ApiError> {
    caller.require(Role::Admin)?;
    let context = commands.context(Some(caller.account), &incoming);
    let reason = incoming.body.check()?;
    let acknowledge = |work: &mut domain::UnitOfWork| {
        orphans::acknowledge_orphan(work, orphan_id, &reason, context.now)?;
        Ok(OrphanAnswer { orphan_id })
    };
    Ok(answer::ok(commands.execute(&context, acknowledge).await?))
}
