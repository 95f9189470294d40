//! `GET /api/analytics/customers`: new and returning customers per day, week or month. For staff.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use read_models::customer_figures::CustomerFigures;
use serde::Serialize;
use utoipa::ToSchema;
use web::position::MinPosition;
use web::{Caller, Problem, Query};

use super::Refused;
use super::customer_figures::{Found, PeriodParams};
use super::sales_over_time::{span_suffix, span_words};
use crate::chart::{Chart, Colour, Columns, Mark, Measure, Plot, Series};
use crate::reads::Reads;
use crate::report::{CsvTable, Report, respond};
use crate::routes::{Denied, QueryHeaders, Unanswered};

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

impl From<&CustomerFigures> for CustomersOfPeriod {
    fn from(figures: &CustomerFigures) -> Self {
        Self {
            period: figures.period.to_string(),
            new: figures.new_customers,
            returning: figures.returning_customers,
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

/// New and returning customers per day, week or month
///
/// For staff.
#[utoipa::path(
    get, path = "/api/analytics/customers", tag = "analytics", security(("bearer" = [])),
    params(PeriodParams, QueryHeaders),
    responses((status = 200, description = "The report.", content(
        (Customers = "application/json"), (String = "text/csv"), (String = "image/svg+xml")
    )), Unanswered, Denied, Refused)
)]
pub async fn customers(
    caller: Caller,
    Query(params): Query<PeriodParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    let found = Found::read(&caller, &params, min, &headers, &reads).await?;
    let report = Customers {
        bucket: found.bucket,
        from: found.first_day(),
        to: found.last_day(),
        items: found.items(),
    };
    respond(&headers, found.position, found.format, &report)
}
