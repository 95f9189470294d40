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
    /// Days of the last three months that are over everywhere on Earth, and that it hasn't reported.
    late_days: Vec<NaiveDate>,
    /// For `If-Match`.
    version: u64,
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
    let mut late = late(&mut snapshot, &page.items).await?;
    drop(snapshot);
    let mut items = Vec::with_capacity(page.items.len());
    for branch in page.items {
        let late_days = late.remove(&branch.id).unwrap_or_default();
        items.push(document(branch, late_days, calls.as_ref()).await?);
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
    let mut late = late(&mut snapshot, std::slice::from_ref(&branch)).await?;
    drop(snapshot);
    let version = branch.version;
    let late_days = late.remove(&id).unwrap_or_default();
    let document = document(branch, late_days, calls.as_ref()).await?;
    answer::versioned(&headers, position, version, &document)
}

/// The days that each of these owes.
async fn late(
    snapshot: &mut Snapshot,
    branches: &[Branch],
) -> Result<HashMap<BranchId, Vec<NaiveDate>>, Problem> {
    let to = late_days::last_day_over(Utc::now());
    let earliest = to - Days::new(DAYS_BACK - 1);
    let alone = match branches {
        [branch] => Some(branch.id),
        _ => None,
    };
    let reported = daily_reports::reported_days(snapshot.conn(), alone, (earliest, to), REPORTED_MAX)
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
        (branch.id, late_days::missing(from, to, reported).collect())
    };
    Ok(branches.iter().map(of).collect())
}

async fn document(
    branch: Branch,
    late_days: Vec<NaiveDate>,
    calls: Option<&CallLog>,
) -> Result<BranchDocument, Problem> {
    let last_contact_at = match calls {
        Some(calls) => calls
            .last_contact(&branch.id.to_string())
            .await
            .map_err(calls_failed)?,
        None => None,
    };
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
        late_days,
        version: branch.version,
    })
}
