//! `GET /api/reports/daily-revenue`: what the branches have reported, per day, branch, region or category; as JSON or CSV. Days that a
//! branch owes are listed as missing, and never counted as zero.

use std::collections::{BTreeSet, HashMap};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{Days, NaiveDate, Utc};
use events::account::Role;
use events::ids::BranchId;
use events::money::{Currency, Money};
use read_models::ViewName;
use read_models::branches::Branch;
use read_models::query::daily_reports::{self, RevenueGroup, RevenueSpan, RevenueSum};
use read_models::query::{Snapshot, branches, categories};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::money::MoneyDto;
use web::position::MinPosition;
use web::problem::FieldError;
use web::{Caller, Problem, Query};

use super::sales::Format;
use super::{Denied, QueryHeaders, Unanswered};
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};
use crate::report::{CsvTable, csv, harmless};
use crate::{Terms, answer, late_days};

const VIEWS: &[ViewName] = &[ViewName::Branches, ViewName::Categories, ViewName::DailyReports];
/// Days back that are reported unless something else is said.
const DAYS_BY_DEFAULT: u64 = 31;
/// A year with its leap day: bounds the days that are looked through for missing ones.
const DAYS_MAX: i64 = 366;
/// More branches than any chain that fits on one headquarters.
const BRANCHES_MAX: i64 = 10_000;
/// Rows of one report.
const ROWS_MAX: i64 = 20_000;
/// Days of branches that are looked through.
const REPORTED_MAX: i64 = 4_000_000;
/// Missing days that are listed; all are counted.
const MISSING_MAX: usize = 1_000;

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    #[default]
    Day,
    Branch,
    Region,
    /// As they were when the products were sold, each without those below it.
    Category,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RevenueParams {
    /// The first day, by each branch's own clock, such as `2026-03-01`; a month before the last, if missing.
    from: Option<NaiveDate>,
    /// The last day; today (UTC), if missing. At most a year after the first.
    to: Option<NaiveDate>,
    /// `day`, `branch`, `region` or `category`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    group_by: GroupBy,
    /// The shop's, if missing.
    #[param(value_type = Option<String>)]
    currency: Option<Currency>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    format: Format,
}

/// Sums of one day, branch, region or category, or of all.
#[derive(Serialize, ToSchema)]
pub struct RevenueSums {
    /// The day, the branch's id, the region or the category's slug; empty for all, and for what belongs to no category.
    key: String,
    /// The branch's name, where it is one; or the category's, where this shop has it.
    name: Option<String>,
    /// How many days of branches were reported.
    reports: i64,
    #[schema(value_type = MoneyDto)]
    revenue: Money,
    #[schema(value_type = MoneyDto)]
    loss: Money,
    /// What is left of the revenue.
    #[schema(value_type = MoneyDto)]
    net: Money,
    /// Null by category: an order may be of several.
    orders: Option<i64>,
    units: i64,
}

/// A day that a branch owes.
#[derive(Serialize, ToSchema)]
pub struct MissingDay {
    #[schema(value_type = Uuid)]
    branch_id: BranchId,
    day: NaiveDate,
}

#[derive(Serialize, ToSchema)]
pub struct RevenueReport {
    from: NaiveDate,
    to: NaiveDate,
    items: Vec<RevenueSums>,
    total: RevenueSums,
    /// Days that are over everywhere on Earth, and that a branch hasn't reported: the first thousand.
    missing: Vec<MissingDay>,
    /// How many there are.
    missing_count: usize,
}

/// What the branches took and lost
///
/// For staff. Each day of each branch counts by its last revision; a branch counts in the region that it is in now. By
/// category the sums come to the total as well: what a branch doesn't tell by category is in the one with an empty key.
#[utoipa::path(
    get, path = "/api/reports/daily-revenue", tag = "chain", security(("bearer" = [])),
    params(RevenueParams, QueryHeaders),
    responses((status = 200, description = "The report, as JSON or as CSV.", content(
        (RevenueReport = "application/json"), (String = "text/csv")
    )), Unanswered, Denied)
)]
pub async fn report(
    caller: Caller,
    Query(params): Query<RevenueParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(terms): State<Terms>,
) -> Result<Response, Problem> {
    caller.require(Role::Staff)?;
    let span = span(&params, terms.currency)?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let report = read(&mut snapshot, span, params.group_by)
        .await
        .map_err(store_failed)?;
    drop(snapshot);
    match params.format {
        Format::Json => answer::private(&headers, position, &report),
        Format::Csv => csv(&headers, position, table(&report)),
    }
}

fn span(params: &RevenueParams, currency: Currency) -> Result<RevenueSpan, Problem> {
    let to = params.to.unwrap_or_else(|| Utc::now().date_naive());
    let by_default = to.checked_sub_days(Days::new(DAYS_BY_DEFAULT - 1)).unwrap_or(to);
    let from = params.from.unwrap_or(by_default);
    if !(0..DAYS_MAX).contains(&(to - from).num_days()) {
        let message = "the last day is the first or up to a year later";
        let problem = Problem::bad_request("invalid_parameter", message);
        return Err(problem.with_errors(vec![FieldError::new("to", "span_invalid", message)]));
    }
    Ok(RevenueSpan {
        from,
        to,
        currency: params.currency.unwrap_or(currency),
    })
}

async fn read(
    snapshot: &mut Snapshot,
    span: RevenueSpan,
    group_by: GroupBy,
) -> Result<RevenueReport, read_models::store::StoreError> {
    let group = match group_by {
        GroupBy::Day => RevenueGroup::Day,
        GroupBy::Branch => RevenueGroup::Branch,
        GroupBy::Region => RevenueGroup::Region,
        GroupBy::Category => RevenueGroup::Category,
    };
    let sums = daily_reports::sums(snapshot.conn(), span, group, ROWS_MAX).await?;
    let total = daily_reports::total(snapshot.conn(), span).await?;
    let branches = branches::branches(snapshot.conn(), None, BRANCHES_MAX).await?;
    let days = (span.from, span.to);
    let reported = daily_reports::reported_days(snapshot.conn(), None, days, REPORTED_MAX).await?;
    let missing = missing(&branches, reported, days);
    let by_category = group == RevenueGroup::Category;
    let names: HashMap<String, String> = if by_category {
        category_names(snapshot).await?
    } else {
        let named = branches.iter();
        named
            .map(|branch| (branch.id.to_string(), branch.profile.name.clone()))
            .collect()
    };
    let item = |sum: RevenueSum| {
        let name = names.get(&sum.key).cloned();
        let mut sums = RevenueSums::new(sum, name, span.currency);
        sums.orders = sums.orders.filter(|_| !by_category);
        sums
    };
    Ok(RevenueReport {
        from: span.from,
        to: span.to,
        items: sums.into_iter().map(item).collect(),
        total: RevenueSums::new(total, None, span.currency),
        missing_count: missing.len(),
        missing: missing.into_iter().take(MISSING_MAX).collect(),
    })
}

/// The names of this shop's categories by slug; those that only a branch has are known by their slugs alone.
async fn category_names(
    snapshot: &mut Snapshot,
) -> Result<HashMap<String, String>, read_models::store::StoreError> {
    let categories = categories::categories(snapshot.conn()).await?;
    Ok(categories
        .into_iter()
        .map(|category| (category.slug, category.name))
        .collect())
}

fn missing(
    branches: &[Branch],
    reported: Vec<(BranchId, NaiveDate)>,
    (from, to): (NaiveDate, NaiveDate),
) -> Vec<MissingDay> {
    let to = to.min(late_days::last_day_over(Utc::now()));
    let mut days = HashMap::<_, BTreeSet<_>>::new();
    for (branch_id, day) in reported {
        days.entry(branch_id).or_default().insert(day);
    }
    let none = BTreeSet::new();
    let of = |branch: &Branch| {
        let branch_id = branch.id;
        let from = from.max(branch.registered_at.date_naive());
        let reported = days.get(&branch_id).unwrap_or(&none);
        late_days::missing(from, to, reported)
            .map(|day| MissingDay { branch_id, day })
            .collect::<Vec<_>>()
    };
    let mut missing: Vec<_> = branches.iter().flat_map(of).collect();
    missing.sort_unstable_by_key(|missing| (missing.day, missing.branch_id));
    missing
}

impl RevenueSums {
    fn new(sum: RevenueSum, name: Option<String>, currency: Currency) -> Self {
        Self {
            key: sum.key,
            name,
            reports: sum.reports,
            revenue: Money::new(sum.revenue_minor, currency),
            loss: Money::new(sum.loss_minor, currency),
            net: Money::new(sum.revenue_minor - sum.loss_minor, currency),
            orders: Some(sum.orders),
            units: sum.units,
        }
    }
}

fn table(report: &RevenueReport) -> CsvTable {
    let row = |sums: &RevenueSums| {
        vec![
            harmless(&sums.key),
            harmless(sums.name.as_deref().unwrap_or_default()),
            sums.reports.to_string(),
            sums.revenue.to_decimal(),
            sums.loss.to_decimal(),
            sums.net.to_decimal(),
            sums.orders.map(|orders| orders.to_string()).unwrap_or_default(),
            sums.units.to_string(),
            sums.revenue.currency().to_string(),
        ]
    };
    CsvTable {
        head: &[
            "key", "name", "reports", "revenue", "loss", "net", "orders", "units", "currency",
        ],
        rows: report.items.iter().map(row).collect(),
    }
}
