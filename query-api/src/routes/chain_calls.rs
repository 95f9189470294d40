//! `GET /api/chain/calls`: who called whom in the chain, and what came of it; also what was refused.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use events::account::Role;
use events::ids::BranchId;
use platform::call_log::{self, CallFilter, CallLog, LoggedCall};
use read_models::ViewName;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::paging::{Limit, Page, decode_cursor};
use web::position::MinPosition;
use web::{Caller, Problem, Query};

use super::{Denied, QueryHeaders, Unanswered};
use crate::answer;
use crate::errors::calls_failed;
use crate::reads::Reads;

/// The calls themselves stand in no view.
const VIEWS: &[ViewName] = &[ViewName::Branches];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// A branch called us.
    Incoming,
    /// We called headquarters.
    Outgoing,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CallParams {
    /// Of this branch only.
    #[param(value_type = Option<Uuid>)]
    branch: Option<BranchId>,
    /// `incoming` or `outgoing`.
    #[param(value_type = Option<String>)]
    direction: Option<Direction>,
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit,
    cursor: Option<String>,
}

/// A call.
#[derive(Serialize, ToSchema)]
pub struct ChainCall {
    at: DateTime<Utc>,
    direction: Direction,
    /// The branch that its token says it is, good or not; or `headquarters`.
    peer: Option<String>,
    method: String,
    path: String,
    /// Null if no answer came.
    status: Option<u16>,
    duration_ms: u64,
    /// Why it failed: the problem's code, or why no answer came.
    error: Option<String>,
}

/// Calls between this shop and its chain, newest first
///
/// For admins. The last 200,000 of the last 90 days.
#[utoipa::path(
    get, path = "/api/chain/calls", tag = "chain", security(("bearer" = [])), params(CallParams, QueryHeaders),
    responses((status = 200, body = Page<ChainCall>), Unanswered, Denied)
)]
pub async fn list(
    caller: Caller,
    Query(params): Query<CallParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(calls): State<Option<CallLog>>,
) -> Result<Response, Problem> {
    caller.require(Role::Admin)?;
    let before: Option<i64> = params.cursor.as_deref().map(decode_cursor).transpose()?;
    let position = reads.picture(VIEWS, min).await?.position;
    let filter = CallFilter {
        direction: params.direction.map(|direction| match direction {
            Direction::Incoming => call_log::Direction::Incoming,
            Direction::Outgoing => call_log::Direction::Outgoing,
        }),
        peer: params.branch.map(|branch| branch.to_string()),
    };
    let found = match calls {
        Some(calls) => calls
            .list(&filter, before, params.limit.with_lookahead())
            .await
            .map_err(calls_failed)?,
        None => vec![],
    };
    let page = Page::cut(found, params.limit, |logged| logged.seq);
    answer::private(&headers, position, &page.map(document))
}

fn document(LoggedCall { call, .. }: LoggedCall) -> ChainCall {
    ChainCall {
        at: call.at,
        direction: match call.direction {
            call_log::Direction::Incoming => Direction::Incoming,
            call_log::Direction::Outgoing => Direction::Outgoing,
        },
        peer: call.peer,
        method: call.method,
        path: call.path,
        status: call.status,
        duration_ms: call.duration_ms,
        error: call.error,
    }
}
