//! `GET /api/analytics/customers` and `GET /api/analytics/conversion`: new and returning customers, and carts that became
//! orders, per day, week or month. For staff.
//!
//! Who bought on two days of a week is one customer of that week: each length of period has figures of its own, so the first
//! and the last week or month count whole, and there is no total.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use events::account::Role;
use read_models::ViewName;
use read_models::customer_figures::CustomerFigures;
use read_models::periods::Period;
use read_models::query::analytics;
use read_models::sums::Sum;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::position::MinPosition;
use web::{Caller, Problem, Query};

use super::Refused;
use super::sales_over_time::{span_suffix, span_words};
use super::span::{Asked, Span};
use crate::chart::{Chart, Colour, Columns, Mark, Measure, Plot, Series};
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};
use crate::report::{CsvTable, Format, Report, respond};
use crate::routes::{Denied, QueryHeaders, Unanswered};

const VIEWS: &[ViewName] = &[ViewName::Customers];

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CustomersParams {
    /// A day (UTC) of the first period, such as `2010-12-01`; 30 days, 26 weeks or 12 months before the last, if missing.
    from: Option<String>,
    /// A day of the last period; the last that has figures, if missing.
    to: Option<String>,
    /// `day`, `week` or `month`. Days can be asked for a year at once, weeks and months for ten.
    bucket: Option<String>,
    /// `json`, `csv` or `svg`; what `Accept` likes best, if missing.
    format: Option<String>,
}

/// Customers of one day, week or month. Sales whose customer isn't known count nobody.
#[derive(Serialize, ToSchema)]
pub struct CustomersOfPeriod {
    /// Such as `2011-03-09`, `2011-W10` or `2011-03`.
    period: String,
    /// Bought in the period and never before it.
    new: i64,
    /// Bought in the period and before it.
    returning: i64,
}

/// One item for each period, in their order, also where nobody bought.
#[derive(Serialize, ToSchema)]
pub struct Customers {
    bucket: &'static str,
    /// Null if nobody ever bought.
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    items: Vec<CustomersOfPeriod>,
}

/// Carts of one day, week or month.
#[derive(Serialize, ToSchema)]
pub struct CartsOfPeriod {
    /// Such as `2011-03-09`, `2011-W10` or `2011-03`.
    period: String,
    /// Something was put into an empty cart.
    begun: i64,
    /// Carts that became an order in the period.
    ordered: i64,
    /// Of the carts begun in the period, those that became an order by now.
    converted: i64,
    /// `converted` of `begun`, in hundredths of a percent, rounded down; null where none was begun.
    conversion_basis_points: Option<i64>,
}

/// One item for each period, in their order, also where there were no carts.
#[derive(Serialize, ToSchema)]
pub struct Conversion {
    bucket: &'static str,
    /// Null if there never was a cart.
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    items: Vec<CartsOfPeriod>,
}

impl From<&CustomerFigures> for CustomersOfPeriod {
    fn from(figures: &CustomerFigures) -> Self {
        Self {
            period: figures.period.to_string(),
            new: figures.new_customers,
            returning: figures.returning_customers,
        }
    }
}

impl From<&CustomerFigures> for CartsOfPeriod {
    fn from(figures: &CustomerFigures) -> Self {
        let (begun, converted) = (figures.carts_begun, figures.carts_converted);
        Self {
            period: figures.period.to_string(),
            begun,
            ordered: figures.carts_ordered,
            converted,
            conversion_basis_points: converted.saturating_mul(10_000).checked_div(begun),
        }
    }
}

impl Report for Customers {
    fn file_name(&self) -> String {
        format!("customers-per-{}{}", self.bucket, span_suffix(self.from, self.to))
    }

    fn table(&self) -> CsvTable {
        let row = |item: &CustomersOfPeriod| {
            vec![
                item.period.clone(),
                item.new.to_string(),
                item.returning.to_string(),
            ]
        };
        CsvTable {
            head: &["period", "new", "returning"],
            rows: self.items.iter().map(row).collect(),
        }
    }

    fn chart(&self) -> Chart {
        let title = format!("Customers per {}{}", self.bucket, span_words(self.from, self.to));
        let series = |name, colour, of: fn(&CustomersOfPeriod) -> i64| Series {
            name,
            colour,
            mark: Mark::Column,
            values: self.items.iter().map(of).collect(),
        };
        Chart {
            description: format!("{title}: who bought for the first time, and, above them, who came back."),
            title,
            measure: Measure::Count("customers"),
            plot: Plot::Columns(Columns {
                names: self.items.iter().map(|item| item.period.clone()).collect(),
                series: vec![
                    series("new", Colour::Green, |item| item.new),
                    series("returning", Colour::Blue, |item| item.returning),
                ],
                stacked: true,
            }),
            empty: "No customers",
        }
    }
}

impl Report for Conversion {
    fn file_name(&self) -> String {
        format!(
            "conversion-per-{}{}",
            self.bucket,
            span_suffix(self.from, self.to)
        )
    }

    fn table(&self) -> CsvTable {
        let row = |item: &CartsOfPeriod| {
            let points = item.conversion_basis_points.map(|points| points.to_string());
            vec![
                item.period.clone(),
                item.begun.to_string(),
                item.ordered.to_string(),
                item.converted.to_string(),
                points.unwrap_or_default(),
            ]
        };
        CsvTable {
            head: &[
                "period",
                "begun",
                "ordered",
                "converted",
                "conversion_basis_points",
            ],
            rows: self.items.iter().map(row).collect(),
        }
    }

    fn chart(&self) -> Chart {
        let title = format!(
            "Carts begun per {}, and those ordered{}",
            self.bucket,
            span_words(self.from, self.to)
        );
        let series = |name, colour, of: fn(&CartsOfPeriod) -> i64| Series {
            name,
            colour,
            mark: Mark::Column,
            values: self.items.iter().map(of).collect(),
        };
        Chart {
            description: format!(
                "{title}: a pale column for the carts begun, before it a strong one for those of them that became an order."
            ),
            title,
            measure: Measure::Count("carts"),
            plot: Plot::Columns(Columns {
                names: self.items.iter().map(|item| item.period.clone()).collect(),
                series: vec![
                    series("begun", Colour::PaleBlue, |item| item.begun),
                    series("became an order", Colour::Blue, |item| item.converted),
                ],
                stacked: false,
            }),
            empty: "No carts",
        }
    }
}

/// New and returning customers per day, week or month
///
/// For staff.
#[utoipa::path(
    get, path = "/api/analytics/customers", tag = "analytics", security(("bearer" = [])),
    params(CustomersParams, QueryHeaders),
    responses((status = 200, description = "The report.", content(
        (Customers = "application/json"), (String = "text/csv"), (String = "image/svg+xml")
    )), Unanswered, Denied, Refused)
)]
pub async fn customers(
    caller: Caller,
    Query(params): Query<CustomersParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    let found = read(&caller, &params, min, &headers, &reads).await?;
    let report = Customers {
        bucket: found.bucket,
        from: found.span.map(|span| span.from),
        to: found.span.map(|span| span.to),
        items: found.periods.iter().map(CustomersOfPeriod::from).collect(),
    };
    respond(&headers, found.position, found.format, &report)
}

/// Carts begun and ordered per day, week or month
///
/// For staff.
#[utoipa::path(
    get, path = "/api/analytics/conversion", tag = "analytics", security(("bearer" = [])),
    params(CustomersParams, QueryHeaders),
    responses((status = 200, description = "The report.", content(
        (Conversion = "application/json"), (String = "text/csv"), (String = "image/svg+xml")
    )), Unanswered, Denied, Refused)
)]
pub async fn conversion(
    caller: Caller,
    Query(params): Query<CustomersParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    let found = read(&caller, &params, min, &headers, &reads).await?;
    let report = Conversion {
        bucket: found.bucket,
        from: found.span.map(|span| span.from),
        to: found.span.map(|span| span.to),
        items: found.periods.iter().map(CartsOfPeriod::from).collect(),
    };
    respond(&headers, found.position, found.format, &report)
}

/// What both reports are made of.
struct Found {
    format: Format,
    bucket: &'static str,
    span: Option<Span>,
    /// Each of the span's.
    periods: Vec<CustomerFigures>,
    position: u64,
}

async fn read(
    caller: &Caller,
    params: &CustomersParams,
    min: MinPosition,
    headers: &HeaderMap,
    reads: &Reads,
) -> Result<Found, Problem> {
    caller.require(Role::Staff)?;
    let format = Format::asked(params.format.as_deref(), headers)?;
    let asked = Asked::read(
        params.bucket.as_deref(),
        params.from.as_deref(),
        params.to.as_deref(),
    )?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let conn = snapshot.conn();
    let last = analytics::last_day_of_customers(conn)
        .await
        .map_err(store_failed)?;
    let span = asked.until(last)?;
    let rows = match span {
        None => Vec::new(),
        Some(Span { bucket, from, to }) => {
            let (from, to) = (Period::of(bucket, from), Period::of(bucket, to));
            analytics::customers(conn, from, to).await.map_err(store_failed)?
        }
    };
    drop(snapshot);
    let mut rows = rows.into_iter().peekable();
    let buckets = span.into_iter().flat_map(Span::buckets);
    let periods = buckets.map(|period| {
        rows.next_if(|row| row.period == period)
            .unwrap_or_else(|| CustomerFigures::none(period))
    });
    Ok(Found {
        format,
        bucket: asked.bucket.as_str(),
        span,
        periods: periods.collect(),
        position,
    })
}
