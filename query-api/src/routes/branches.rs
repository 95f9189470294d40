//! `GET /api/branches`: the branches of the chain, when each was last heard of, and which days it owes.

use std::collections::{BTreeSet, HashMap};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Days, NaiveDate, Utc};
use events::account::Role;
use events::ids::BranchId;
use platform::call_log::CallLog;
use read_models::ViewName;
use read_models::branches::Branch;
use read_models::query::{Snapshot, branches, daily_reports};
use serde::Serialize;
use utoipa::ToSchema;
use web::paging::{Page, decode_cursor};
use web::position::MinPosition;
use web::{Caller, Path, Problem, Query};

use super::{Denied, Missing, PageParams, QueryHeaders, Unanswered};
use crate::answer;
use crate::errors::{calls_failed, store_failed};
use crate::late_days;
use crate::reads::{Picture, Reads};

const VIEWS: &[ViewName] = &[ViewName::Branches, ViewName::DailyReports];
/// How many days back owed ones are listed: what is older, the report of the daily revenue tells.
const DAYS_BACK: u64 = 92;
/// From the last day that is over everywhere to one that headquarters still takes.
const DAYS_AHEAD: u64 = 4;
/// Days of a page's branches, with room for several currencies each.
const REPORTED_MAX: i64 = 100_000;

/// A branch.
#[derive(Serialize, ToSchema)]
pub struct BranchDocument {
    #[schema(value_type = Uuid)]
    id: BranchId,
    name: String,
    location: String,
    region: String,
    url: String,
    time_zone: String,
    /// Whether it has a token that is good.
    has_token: bool,
    registered_at: DateTime<Utc>,
    /// When it last called with a good token, for whatever.
    last_contact_at: Option<DateTime<Utc>>,
    last_report: Option<LastReport>,
    /// The latest day of the last three months that it has reported, whenever that was.
    last_reported_day: Option<NaiveDate>,
    /// Calls that were refused since the last that went well; of whoever said to be this branch.
    failing_calls: FailingCalls,
    /// Days of the last three months that are over everywhere on Earth, and that it hasn't reported.
    late_days: Vec<NaiveDate>,
    /// For `If-Match`.
    version: u64,
}

/// What a branch calls in vain.
#[derive(Serialize, ToSchema)]
pub struct FailingCalls {
    /// A hundred may be more.
    count: usize,
    last: Option<FailedCall>,
}

/// The last of these calls.
#[derive(Serialize, ToSchema)]
pub struct FailedCall {
    at: DateTime<Utc>,
    method: String,
    path: String,
    status: Option<u16>,
    /// The problem's code, and which fields were at fault.
    error: Option<String>,
}

/// The last report that came in.
#[derive(Serialize, ToSchema)]
pub struct LastReport {
    day: NaiveDate,
    received_at: DateTime<Utc>,
}

/// All branches, the latest registered first
///
/// For staff.
#[utoipa::path(
    get, path = "/api/branches", tag = "chain", security(("bearer" = [])), params(PageParams, QueryHeaders),
    responses((status = 200, body = Page<BranchDocument>), Unanswered, Denied)
)]
pub async fn list(
    caller: Caller,
    Query(params): Query<PageParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(calls): State<Option<CallLog>>,
) -> Result<Response, Problem> {
    caller.require(Role::Staff)?;
    let after = params.cursor.as_deref().map(decode_cursor).transpose()?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let found = branches::branches(snapshot.conn(), after, params.limit.with_lookahead())
        .await
        .map_err(store_failed)?;
    let page = Page::cut(found, params.limit, |branch| (branch.registered_at, branch.id));
    let mut owed = owed(&mut snapshot, &page.items).await?;
    drop(snapshot);
    let mut items = Vec::with_capacity(page.items.len());
    for branch in page.items {
        let owed = owed.remove(&branch.id).unwrap_or_default();
        items.push(document(branch, owed, calls.as_ref()).await?);
    }
    let page = Page {
        items,
        next_cursor: page.next_cursor,
    };
    answer::private(&headers, position, &page)
}

/// A branch
///
/// For staff.
#[utoipa::path(
    get, path = "/api/branches/{id}", tag = "chain", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The branch."), QueryHeaders),
    responses((status = 200, body = BranchDocument), Unanswered, Denied, Missing)
)]
pub async fn one(
    caller: Caller,
    Path(id): Path<BranchId>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(calls): State<Option<CallLog>>,
) -> Result<Response, Problem> {
    caller.require(Role::Staff)?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let branch = branches::branch(snapshot.conn(), id)
        .await
        .map_err(store_failed)?
        .ok_or_else(Problem::not_found)?;
    let mut owed = owed(&mut snapshot, std::slice::from_ref(&branch)).await?;
    drop(snapshot);
    let version = branch.version;
    let owed = owed.remove(&id).unwrap_or_default();
    let document = document(branch, owed, calls.as_ref()).await?;
    answer::versioned(&headers, position, version, &document)
}

/// What a branch has told, and what it hasn't.
#[derive(Default)]
struct Owed {
    late: Vec<NaiveDate>,
    last_reported: Option<NaiveDate>,
}

/// What each of these owes.
async fn owed(snapshot: &mut Snapshot, branches: &[Branch]) -> Result<HashMap<BranchId, Owed>, Problem> {
    let to = late_days::last_day_over(Utc::now());
    let earliest = to - Days::new(DAYS_BACK - 1);
    let alone = match branches {
        [branch] => Some(branch.id),
        _ => None,
    };
    // A day may be told before it is over.
    let latest = to + Days::new(DAYS_AHEAD);
    let reported = daily_reports::reported_days(snapshot.conn(), alone, (earliest, latest), REPORTED_MAX)
        .await
        .map_err(store_failed)?;
    let mut days = HashMap::<_, BTreeSet<_>>::new();
    for (branch, day) in reported {
        days.entry(branch).or_default().insert(day);
    }
    let none = BTreeSet::new();
    let of = |branch: &Branch| {
        let from = earliest.max(branch.registered_at.date_naive());
        let reported = days.get(&branch.id).unwrap_or(&none);
        let owed = Owed {
            late: late_days::missing(from, to, reported).collect(),
            last_reported: reported.last().copied(),
        };
        (branch.id, owed)
    };
    Ok(branches.iter().map(of).collect())
}

async fn document(branch: Branch, owed: Owed, calls: Option<&CallLog>) -> Result<BranchDocument, Problem> {
    let last_contact_at = match calls {
        Some(calls) => calls
            .last_contact(&branch.id.to_string())
            .await
            .map_err(calls_failed)?,
        None => None,
    };
    let failing_calls = failing_calls(branch.id, calls).await?;
    let reported_at = branch.last_report.map(|last| last.received_at);
    let profile = branch.profile;
    Ok(BranchDocument {
        id: branch.id,
        name: profile.name,
        location: profile.location,
        region: profile.region,
        url: profile.url,
        time_zone: profile.time_zone,
        has_token: branch.has_token,
        registered_at: branch.registered_at,
        // The log of calls may have been lost; a report is a call, too.
        last_contact_at: last_contact_at.max(reported_at),
        last_report: branch.last_report.map(|last| LastReport {
            day: last.day,
            received_at: last.received_at,
        }),
        last_reported_day: owed.last_reported,
        failing_calls,
        late_days: owed.late,
        version: branch.version,
    })
}

async fn failing_calls(branch_id: BranchId, calls: Option<&CallLog>) -> Result<FailingCalls, Problem> {
    let failing = match calls {
        Some(calls) => calls
            .failing(&branch_id.to_string())
            .await
            .map_err(calls_failed)?,
        None => vec![],
    };
    let count = failing.len();
    let last = failing.into_iter().next().map(|logged| FailedCall {
        at: logged.call.at,
        method: logged.call.method,
        path: logged.call.path,
        status: logged.call.status,
        error: logged.call.error,
    });
    Ok(FailingCalls { count, last })
}
