//! `GET /api/analytics/purchases`: what somebody bought per day, week or month. One's own; an admin sees anybody's.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use events::ids::AccountId;
use read_models::query::analytics::Subject;
use read_models::sales_figures::Part;
use serde::Deserialize;
use utoipa::IntoParams;
use web::position::MinPosition;
use web::{Caller, Problem, Query};

use super::sales_over_time::{self, SalesOverTime, VIEWS};
use super::span::Asked;
use super::{Refused, buyer, currency};
use crate::Terms;
use crate::reads::{Picture, Reads};
use crate::report::{Format, respond};
use crate::routes::{Denied, QueryHeaders, Unanswered};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PurchasesParams {
    /// The first day (UTC), such as `2010-12-01`; 30 days, 26 weeks or 12 months before the last, if missing.
    from: Option<String>,
    /// The last day; the last on which something was bought, if missing.
    to: Option<String>,
    /// `day`, `week` or `month`. Days can be asked for a year at once, weeks and months for ten.
    bucket: Option<String>,
    /// For admins: whose; the caller's, if missing.
    #[param(value_type = Option<Uuid>)]
    account: Option<AccountId>,
    /// The shop's, if missing.
    currency: Option<String>,
    /// `json`, `csv` or `svg`; what `Accept` likes best, if missing.
    format: Option<String>,
}

/// What somebody bought per day, week or month
///
/// One's own; an admin sees anybody's.
#[utoipa::path(
    get, path = "/api/analytics/purchases", tag = "analytics", security(("bearer" = [])),
    params(PurchasesParams, QueryHeaders),
    responses((status = 200, description = "The report.", content(
        (SalesOverTime = "application/json"), (String = "text/csv"), (String = "image/svg+xml")
    )), Unanswered, Denied, Refused)
)]
pub async fn report(
    caller: Caller,
    Query(params): Query<PurchasesParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(terms): State<Terms>,
) -> Result<Response, Problem> {
    let scope = buyer(&caller, params.account)?;
    let format = Format::asked(params.format.as_deref(), &headers)?;
    let asked = Asked::read(
        params.bucket.as_deref(),
        params.from.as_deref(),
        params.to.as_deref(),
    )?;
    let subject = Subject {
        scope,
        part: Part::all(),
        currency: currency(params.currency.as_deref(), terms.currency)?,
    };
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let report = sales_over_time::read(&mut snapshot, asked, subject).await?;
    drop(snapshot);
    respond(&headers, position, format, &report)
}
