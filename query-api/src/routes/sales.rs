//! `GET /api/analytics/sales`: what was sold and what came back, per day, country or product; as JSON or CSV.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use events::account::Role;
use events::money::{Currency, Money};
use read_models::ViewName;
use read_models::query::sales::{self, SalesGroup, SalesSpan, SalesSum};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::money::MoneyDto;
use web::position::MinPosition;
use web::{Caller, Problem, Query};

use super::{Denied, QueryHeaders, Unanswered};
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};
use crate::report::{CsvTable, csv, harmless};
use crate::{Terms, answer};

const VIEWS: &[ViewName] = &[ViewName::Sales];
/// Rows of one report: thirty years of days, or the products of a very large shop.
const ROWS_MAX: i64 = 100_000;
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap();

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    #[default]
    Day,
    Country,
    Product,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    #[default]
    Json,
    Csv,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportParams {
    /// The first day (UTC), such as `2010-12-01`.
    from: Option<NaiveDate>,
    /// The last day.
    to: Option<NaiveDate>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    group: Group,
    /// The shop's, if missing.
    #[param(value_type = Option<String>)]
    currency: Option<Currency>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    format: Format,
}

/// Sums of one day, country or SKU, or of all.
#[derive(Serialize, ToSchema)]
pub struct Sums {
    /// The day, the country or the SKU; empty for all.
    key: String,
    orders: i64,
    units: i64,
    /// Of what was paid, on the day of the payment.
    #[schema(value_type = MoneyDto)]
    revenue: Money,
    /// Paid orders that were cancelled, returns, and credit notes.
    cancellations: i64,
    cancelled_units: i64,
    /// On the day of the cancellation.
    #[schema(value_type = MoneyDto)]
    cancelled_amount: Money,
}

impl Sums {
    fn new(sum: SalesSum, currency: Currency) -> Self {
        Self {
            key: sum.key,
            orders: sum.orders,
            units: sum.units,
            revenue: Money::new(sum.revenue_minor, currency),
            cancellations: sum.cancellations,
            cancelled_units: sum.cancelled_units,
            cancelled_amount: Money::new(sum.cancelled_minor, currency),
        }
    }
}

/// A report. By country or product, the largest revenue comes first.
#[derive(Serialize, ToSchema)]
pub struct SalesReport {
    items: Vec<Sums>,
    total: Sums,
}

/// What was sold, and what came back
///
/// For staff.
#[utoipa::path(
    get, path = "/api/analytics/sales", tag = "analytics", security(("bearer" = [])), params(ReportParams, QueryHeaders),
    responses((status = 200, description = "The report, as JSON or as CSV.", content(
        (SalesReport = "application/json"), (String = "text/csv")
    )), Unanswered, Denied)
)]
pub async fn report(
    caller: Caller,
    Query(params): Query<ReportParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(terms): State<Terms>,
) -> Result<Response, Problem> {
    caller.require(Role::Staff)?;
    let currency = params.currency.unwrap_or(terms.currency);
    let span = SalesSpan {
        from: params.from.unwrap_or(FIRST_DAY),
        to: params.to.unwrap_or(LAST_DAY),
        currency,
    };
    let group = match params.group {
        Group::Day => SalesGroup::Day,
        Group::Country => SalesGroup::Country,
        Group::Product => SalesGroup::Product,
    };
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let items = sales::sales(snapshot.conn(), span, group, ROWS_MAX)
        .await
        .map_err(store_failed)?;
    let total = sales::total(snapshot.conn(), span).await.map_err(store_failed)?;
    drop(snapshot);
    let report = SalesReport {
        items: items.into_iter().map(|sum| Sums::new(sum, currency)).collect(),
        total: Sums::new(total, currency),
    };
    match params.format {
        Format::Json => answer::private(&headers, position, &report),
        Format::Csv => csv(&headers, position, table(&report)),
    }
}

fn table(report: &SalesReport) -> CsvTable {
    let row = |sums: &Sums| {
        vec![
            harmless(&sums.key),
            sums.orders.to_string(),
            sums.units.to_string(),
            sums.revenue.to_decimal(),
            sums.cancellations.to_string(),
            sums.cancelled_units.to_string(),
            sums.cancelled_amount.to_decimal(),
            sums.revenue.currency().to_string(),
        ]
    };
    CsvTable {
        head: &[
            "key",
            "orders",
            "units",
            "revenue",
            "cancellations",
            "cancelled_units",
            "cancelled_amount",
            "currency",
        ],
        rows: report.items.iter().map(row).collect(),
    }
}
