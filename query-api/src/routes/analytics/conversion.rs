//! `GET /api/analytics/conversion`: carts that became orders, per day, week or month. For staff.

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

/// Carts begun and ordered per day, week or month
///
/// For staff.
#[utoipa::path(
    get, path = "/api/analytics/conversion", tag = "analytics", security(("bearer" = [])),
    params(PeriodParams, QueryHeaders),
    responses((status = 200, description = "The report.", content(
        (Conversion = "application/json"), (String = "text/csv"), (String = "image/svg+xml")
    )), Unanswered, Denied, Refused)
)]
pub async fn conversion(
    caller: Caller,
    Query(params): Query<PeriodParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    let found = Found::read(&caller, &params, min, &headers, &reads).await?;
    let report = Conversion {
        bucket: found.bucket,
        from: found.first_day(),
        to: found.last_day(),
        items: found.items(),
    };
    respond(&headers, found.position, found.format, &report)
}
