//! `GET /api/payments/orphans`: money that moved at the payment provider and that the log doesn't account for. For admins.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use events::account::Role;
use events::ids::OrphanId;
use read_models::ViewName;
use read_models::orphans::OrphanStatus;
use read_models::query::orphans;
use serde::Deserialize;
use utoipa::IntoParams;
use web::paging::{Limit, Page, decode_cursor};
use web::position::MinPosition;
use web::{Caller, Path, Problem, Query};

use super::{Denied, Missing, QueryHeaders, Unanswered};
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};
use crate::{answer, schema};

const VIEWS: &[ViewName] = &[ViewName::Orphans];

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// `open`, `refunding`, `refunded` or `acknowledged`.
    #[param(value_type = Option<String>)]
    status: Option<OrphanStatus>,
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit,
    cursor: Option<String>,
}

/// Money that moved without us, the last first
///
/// What the payment provider has in its books and the shop's log doesn't account for, as after a restore from a backup. For
/// admins.
#[utoipa::path(
    get, path = "/api/payments/orphans", operation_id = "orphans", tag = "payments", security(("bearer" = [])),
    params(ListParams, QueryHeaders),
    responses((status = 200, body = Page<schema::Orphan>), Unanswered, Denied)
)]
pub async fn list(
    caller: Caller,
    Query(params): Query<ListParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    caller.require(Role::Admin)?;
    let after = params.cursor.as_deref().map(decode_cursor).transpose()?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let found = orphans::orphans(
        snapshot.conn(),
        params.status,
        after,
        params.limit.with_lookahead(),
    )
    .await;
    drop(snapshot);
    let found = found.map_err(store_failed)?;
    let page = Page::cut(found, params.limit, |orphan| {
        (orphan.document.moved_at, orphan.document.id)
    });
    answer::private(&headers, position, &page.map(|orphan| orphan.document))
}

/// An orphan
///
/// For admins.
#[utoipa::path(
    get, path = "/api/payments/orphans/{id}", operation_id = "orphan", tag = "payments", security(("bearer" = [])),
    params(("id" = Uuid, Path), QueryHeaders),
    responses((status = 200, body = schema::Orphan), Unanswered, Denied, Missing)
)]
pub async fn one(
    caller: Caller,
    Path(id): Path<OrphanId>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    caller.require(Role::Admin)?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let found = orphans::orphan(snapshot.conn(), id).await;
    drop(snapshot);
    let orphan = found.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    answer::private(&headers, position, &orphan.document)
}
