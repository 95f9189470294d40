//! `POST /api/payments/orphans/{id}/refund`: an admin gives back a charge that the log doesn't account for.

use axum::extract::State;
use domain::orphans;
use events::account::Role;
use events::ids::{OrphanId, RefundId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::body::ReasonBody;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Conflict, Forbidden, NotFound, Rejected, Unauthenticated};

#[derive(Serialize, Deserialize, ToSchema)]
pub struct OrphanAnswer {
    #[schema(value_type = Uuid)]
    pub orphan_id: OrphanId,
}

/// Gives an orphaned charge back, whole
///
/// The provider is asked in the background; `GET /api/payments/orphans/{id}` tells what became of it. Once it is under way or
/// done, asking again changes nothing. 409 `orphan_not_refundable`, `orphan_acknowledged`.
#[utoipa::path(
    post, path = "/api/payments/orphans/{id}/refund", tag = "payments", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The orphan."), CommandHeaders), request_body = ReasonBody,
    responses((status = 202, body = OrphanAnswer), Rejected, Unauthenticated, Forbidden, NotFound, Conflict)
)]
#[tracing::instrument(name = "command.refund_orphan", skip_all)]
pub async fn refund_orphan(
    caller: Caller,
    Path(orphan_id): Path<OrphanId>,
    State(commands): State<Commands>,
    incoming: Incoming<ReasonBody>,
) -> Result<Accepted<OrphanAnswer>, ApiError> {
    caller.require(Role::Admin)?;
    let context = commands.context(Some(caller.account), &incoming);
    let reason = incoming.body.check()?;
    let refund_id = RefundId::generate();
    let refund = |work: &mut domain::UnitOfWork| {
        orphans::refund_orphan(work, orphan_id, refund_id, &reason, context.now)?;
        Ok(OrphanAnswer { orphan_id })
    };
    Ok(answer::later(commands.execute(&context, refund).await?))
}
