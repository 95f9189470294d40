//! `GET /api/analytics/sales-over-time`: orders, units and money per day, week or month; of the shop, of a seller, or of
//! one product, category or country of theirs.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use events::ids::{CategoryId, ProductId};
use events::money::Currency;
use read_models::ViewName;
use read_models::periods::{Period, Unit};
use read_models::query::Snapshot;
use read_models::query::analytics::{self, Subject};
use read_models::sales_figures::{FiguresKey, Part, SalesFigures, Scope};
use read_models::sums::Sum;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::position::MinPosition;
use web::{Caller, Problem, Query};

use super::figures::Figures;
use super::span::{Asked, Span};
use super::{Refused, currency, scope, wrong};
use crate::Terms;
use crate::chart::{Chart, Colour, Columns, Mark, Measure, Plot, Series};
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};
use crate::report::{CsvTable, Format, Report, respond};
use crate::routes::{Denied, QueryHeaders, Unanswered};

/// A category's sales depend on what is below it.
pub const VIEWS: &[ViewName] = &[ViewName::SalesFigures, ViewName::Categories];

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SalesOverTimeParams {
    /// The first day (UTC), such as `2010-12-01`; 30 days, 26 weeks or 12 months before the last, if missing.
    from: Option<String>,
    /// The last day; the last that has figures, if missing.
    to: Option<String>,
    /// `day`, `week` or `month`. Days can be asked for a year at once, weeks and months for ten.
    bucket: Option<String>,
    /// `me`, or the id of a seller; for staff, everything, if missing.
    seller: Option<String>,
    /// Of one product. At most one of `product`, `category` and `country`.
    product: Option<String>,
    /// A category's id; what is below it now counts, too. An order across several categories counts once in each of them.
    category: Option<String>,
    country: Option<String>,
    /// The shop's, if missing.
    currency: Option<String>,
    /// `json`, `csv` or `svg`; what `Accept` likes best, if missing.
    format: Option<String>,
}

impl SalesOverTimeParams {
    fn part(&self) -> Result<Part, Problem> {
        let unknown = |field, text: &str| wrong(field, "invalid_id", format_args!("{text:?} is no id"));
        match (&self.product, &self.category, &self.country) {
            (None, None, None) => Ok(Part::all()),
            (Some(text), None, None) => {
                let id: ProductId = text.parse().map_err(|_| unknown("product", text))?;
                Ok(Part::product(id))
            }
            (None, Some(text), None) => {
                let id: CategoryId = text.parse().map_err(|_| unknown("category", text))?;
                Ok(Part::category(Some(id)))
            }
            (None, None, Some(country)) => Ok(Part::country(country)),
            _ => Err(wrong(
                "product",
                "too_many_filters",
                "at most one of product, category and country",
            )),
        }
    }
}

/// Sales of one day, week or month.
#[derive(Serialize, ToSchema)]
pub struct SalesOfPeriod {
    /// Such as `2011-03-09`, `2011-W10` or `2011-03`.
    period: String,
    #[serde(flatten)]
    figures: Figures,
}

/// One item for each period, in their order, also where nothing was sold. Of the first and the last week or month only the
/// days asked for count.
#[derive(Serialize, ToSchema)]
pub struct SalesOverTime {
    bucket: &'static str,
    /// Null if nothing was ever sold.
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    #[schema(value_type = String)]
    currency: Currency,
    items: Vec<SalesOfPeriod>,
    total: Figures,
    #[serde(skip)]
    of: &'static str,
}

/// Reads what is asked for; the span needs to know when there were sales at all.
pub async fn read(snapshot: &mut Snapshot, asked: Asked, subject: Subject) -> Result<SalesOverTime, Problem> {
    let conn = snapshot.conn();
    let last = analytics::last_day(conn, &subject).await.map_err(store_failed)?;
    let span = asked.until(last)?;
    let days = match span {
        None => Vec::new(),
        Some(span) => {
            let (from, to) = (Period::of(Unit::Day, span.from), Period::of(Unit::Day, span.to));
            analytics::series(conn, &subject, from, to)
                .await
                .map_err(store_failed)?
        }
    };
    Ok(SalesOverTime::new(asked.bucket, span, &subject, &days))
}

impl SalesOverTime {
    fn new(bucket: Unit, span: Option<Span>, subject: &Subject, days: &[SalesFigures]) -> Self {
        let none = |period| {
            SalesFigures::none(FiguresKey {
                scope: subject.scope,
                part: subject.part.clone(),
                currency: subject.currency,
                period,
            })
        };
        let mut items = Vec::new();
        let mut total = none(Period::of(Unit::All, NaiveDate::default()));
        let mut days = days.iter().peekable();
        for period in span.into_iter().flat_map(Span::buckets) {
            let mut sums = none(period);
            let is_in = |day: &&SalesFigures| Period::of(bucket, day.key.period.first_day()) == period;
            while let Some(day) = days.next_if(is_in) {
                sums.add(day, 1);
            }
            total.add(&sums, 1);
            items.push(SalesOfPeriod {
                period: period.to_string(),
                figures: Figures::new(&sums, subject.currency),
            });
        }
        Self {
            bucket: bucket.as_str(),
            from: span.map(|span| span.from),
            to: span.map(|span| span.to),
            currency: subject.currency,
            items,
            total: Figures::new(&total, subject.currency),
            of: match subject.scope {
                Scope::Buyer(_) => "Purchases",
                _ => "Sales",
            },
        }
    }
}

/// ` from 2011-03-01 to 2011-03-31`, if there is a span.
pub fn span_words(from: Option<NaiveDate>, to: Option<NaiveDate>) -> String {
    from.zip(to)
        .map(|(from, to)| format!(", {from} to {to}"))
        .unwrap_or_default()
}

/// `-2011-03-01-2011-03-31`, if there is a span.
pub fn span_suffix(from: Option<NaiveDate>, to: Option<NaiveDate>) -> String {
    from.zip(to)
        .map(|(from, to)| format!("-{from}-{to}"))
        .unwrap_or_default()
}

impl Report for SalesOverTime {
    fn file_name(&self) -> String {
        format!(
            "{}-per-{}{}",
            self.of.to_lowercase(),
            self.bucket,
            span_suffix(self.from, self.to)
        )
    }

    fn table(&self) -> CsvTable {
        const HEAD: [&str; 10] = Figures::csv_head(&["period"]);
        let rows = self.items.iter();
        CsvTable {
            head: &HEAD,
            rows: rows
                .map(|item| item.figures.csv_row(vec![item.period.clone()]))
                .collect(),
        }
    }

    fn chart(&self) -> Chart {
        let values = |of: fn(&Figures) -> i64| self.items.iter().map(|item| of(&item.figures)).collect();
        let series = |name, colour, mark, values| Series {
            name,
            colour,
            mark,
            values,
        };
        let title = format!(
            "{} per {}{}",
            self.of,
            self.bucket,
            span_words(self.from, self.to)
        );
        Chart {
            description: format!(
                "{title}: {} net in all. A column per {} for what was paid and, below zero, for what was taken back; a \
                 line for the difference.",
                self.total.net, self.bucket
            ),
            title,
            measure: Measure::Money(self.currency),
            plot: Plot::Columns(Columns {
                names: self.items.iter().map(|item| item.period.clone()).collect(),
                series: vec![
                    series("gross", Colour::Blue, Mark::Column, values(Figures::gross_minor)),
                    series(
                        "refunds",
                        Colour::Orange,
                        Mark::Column,
                        values(|figures| figures.refunds_minor().wrapping_neg()),
                    ),
                    series(
                        "net",
                        Colour::Dark,
                        Mark::Line,
                        values(|figures| figures.net.amount_minor()),
                    ),
                ],
                stacked: false,
            }),
            empty: match self.of {
                "Sales" => "No sales",
                _ => "No purchases",
            },
        }
    }
}

/// Sales per day, week or month
///
/// The shop's for staff; one's own for everybody who sells, with `seller=me`.
#[utoipa::path(
    get, path = "/api/analytics/sales-over-time", tag = "analytics", security(("bearer" = [])),
    params(SalesOverTimeParams, QueryHeaders),
    responses((status = 200, description = "The report.", content(
        (SalesOverTime = "application/json"), (String = "text/csv"), (String = "image/svg+xml")
    )), Unanswered, Denied, Refused)
)]
pub async fn report(
    caller: Caller,
    Query(params): Query<SalesOverTimeParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(terms): State<Terms>,
) -> Result<Response, Problem> {
    let scope = scope(&caller, params.seller.as_deref())?;
    let format = Format::asked(params.format.as_deref(), &headers)?;
    let asked = Asked::read(
        params.bucket.as_deref(),
        params.from.as_deref(),
        params.to.as_deref(),
    )?;
    let subject = Subject {
        scope,
        part: params.part()?,
        currency: currency(params.currency.as_deref(), terms.currency)?,
    };
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let report = read(&mut snapshot, asked, subject).await?;
    drop(snapshot);
    respond(&headers, position, format, &report)
}
