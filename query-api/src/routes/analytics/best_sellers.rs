//! `GET /api/analytics/best-sellers`: the products that sold best in a day, month or year, ever, or from one day to another,
//! by revenue or by units; of the shop, or of a seller.
//!
//! For each of the calendar's periods there are sums of its own, in the order of the ranking, so that the best ten of a year
//! are ten rows. Any other span is put together of such sums: a few for each product that sold in it.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use events::ids::ProductId;
use events::money::Currency;
use read_models::ViewName;
use read_models::query::analytics::{self, Rank, Ranking, Subject};
use read_models::query::{Snapshot, spans};
use read_models::sales_figures::{Dimension, Part, SalesFigures, Scope};
use read_models::store::StoreError;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::position::MinPosition;
use web::{Caller, Problem, Query};

use super::figures::Figures;
use super::when::When;
use super::{Refused, currency, limit, names, scope, wrong};
use crate::Terms;
use crate::chart::{Bar, Chart, Measure, Plot};
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};
use crate::report::{CsvTable, Format, Report, harmless, respond};
use crate::routes::{Denied, QueryHeaders, Unanswered};

const VIEWS: &[ViewName] = &[ViewName::SalesFigures, ViewName::Products];
const ROWS: u32 = 10;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BestSellersParams {
    /// A day, month or year: `2011-03-09`, `2011-03`, `2011`; or `all`, the default.
    period: Option<String>,
    /// Instead of a period: the first day (UTC) and the last, such as `2010-12-01`, at most ten years apart.
    from: Option<String>,
    to: Option<String>,
    /// `revenue`, the default, or `units`; both less what came back.
    by: Option<String>,
    /// Up to 100; 10 if missing.
    limit: Option<u32>,
    /// `me`, or the id of a seller; for staff, everything, if missing.
    seller: Option<String>,
    /// The shop's, if missing.
    currency: Option<String>,
    /// `json`, `csv` or `svg`; what `Accept` likes best, if missing.
    format: Option<String>,
}

/// A product and what was sold of it.
#[derive(Serialize, ToSchema)]
pub struct BestSeller {
    /// From 1 on.
    rank: usize,
    product_id: String,
    /// As it is named now.
    name: Option<String>,
    #[serde(flatten)]
    figures: Figures,
}

/// The best first; `total` is of all products.
#[derive(Serialize, ToSchema)]
pub struct BestSellers {
    /// As it was asked for; of a span of days `2011-03-09/2011-04-08`.
    period: String,
    /// Of a span, its first and last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<NaiveDate>,
    by: &'static str,
    #[schema(value_type = String)]
    currency: Currency,
    items: Vec<BestSeller>,
    total: Figures,
}

impl BestSeller {
    fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.product_id)
    }
}

impl Report for BestSellers {
    fn file_name(&self) -> String {
        format!("best-sellers-{}", self.period.replace('/', "-"))
    }

    fn table(&self) -> CsvTable {
        const HEAD: [&str; 12] = Figures::csv_head(&["rank", "product_id", "name"]);
        let row = |item: &BestSeller| {
            let name = item.name.as_deref().map(harmless).unwrap_or_default();
            let named = vec![item.rank.to_string(), item.product_id.clone(), name];
            item.figures.csv_row(named)
        };
        CsvTable {
            head: &HEAD,
            rows: self.items.iter().map(row).collect(),
        }
    }

    fn chart(&self) -> Chart {
        let by_units = self.by == "units";
        let value = |figures: &Figures| {
            if by_units {
                figures.net_units
            } else {
                figures.net.amount_minor()
            }
        };
        let when = match (self.from.zip(self.to), self.period.as_str()) {
            (Some((from, to)), _) => &format!("from {from} to {to}"),
            (None, "all") => "of all time",
            (None, period) => &format!("of {period}"),
        };
        let title = format!("Best sellers {when}, by {}", self.by);
        let first = self.items.first();
        let first = first.map(|item| format!(" {} comes first.", item.label()));
        let bars = self.items.iter().map(|item| Bar {
            name: item.label().to_owned(),
            value: value(&item.figures),
        });
        Chart {
            description: format!(
                "{title}: {} products.{}",
                self.items.len(),
                first.unwrap_or_default()
            ),
            title,
            measure: if by_units {
                Measure::Count("units")
            } else {
                Measure::Money(self.currency)
            },
            plot: Plot::Bars(bars.collect()),
            empty: "No sales",
        }
    }
}

/// The products that sold best
///
/// The shop's for staff; one's own for everybody who sells, with `seller=me`.
#[utoipa::path(
    get, path = "/api/analytics/best-sellers", tag = "analytics", security(("bearer" = [])),
    params(BestSellersParams, QueryHeaders),
    responses((status = 200, description = "The report.", content(
        (BestSellers = "application/json"), (String = "text/csv"), (String = "image/svg+xml")
    )), Unanswered, Denied, Refused)
)]
pub async fn report(
    caller: Caller,
    Query(params): Query<BestSellersParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(terms): State<Terms>,
) -> Result<Response, Problem> {
    let scope = scope(&caller, params.seller.as_deref())?;
    let format = Format::asked(params.format.as_deref(), &headers)?;
    let (rank, by) = match params.by.as_deref() {
        None | Some("revenue") => (Rank::Revenue, "revenue"),
        Some("units") => (Rank::Units, "units"),
        Some(other) => {
            let message = format_args!("{other:?} is neither revenue nor units");
            return Err(wrong("by", "unknown_order", message));
        }
    };
    let (from, to) = (params.from.as_deref(), params.to.as_deref());
    let when = When::read(params.period.as_deref(), from, to)?;
    let currency = currency(params.currency.as_deref(), terms.currency)?;
    let limit = limit(params.limit, ROWS)?;
    let whose = Whose {
        scope,
        currency,
        rank,
    };
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let (best, total) = read(&mut snapshot, whose, when, limit.into())
        .await
        .map_err(store_failed)?;
    let ids = best.iter().filter_map(|row| row.key.part.value.parse().ok());
    let mut names = names::products(&mut snapshot, &ids.collect::<Vec<ProductId>>()).await?;
    drop(snapshot);
    let items = best.into_iter().zip(1..).map(|(row, rank)| BestSeller {
        rank,
        name: names.remove(&row.key.part.value),
        figures: Figures::new(&row, currency),
        product_id: row.key.part.value,
    });
    let days = when.days();
    let report = BestSellers {
        period: when.to_string(),
        from: days.map(|(from, _)| from),
        to: days.map(|(_, to)| to),
        by,
        currency,
        items: items.collect(),
        total: Figures::new(&total, currency),
    };
    respond(&headers, position, format, &report)
}

/// Whose products, and which come first.
struct Whose {
    scope: Scope,
    currency: Currency,
    rank: Rank,
}

/// The best, and what all came to.
async fn read(
    snapshot: &mut Snapshot,
    whose: Whose,
    when: When,
    limit: i64,
) -> Result<(Vec<SalesFigures>, SalesFigures), StoreError> {
    let Whose {
        scope,
        currency,
        rank,
    } = whose;
    let conn = snapshot.conn();
    let periods = when.periods();
    let ranking = Ranking {
        scope,
        dimension: Dimension::Product,
        currency,
        period: when.first(),
        rank,
    };
    let all = Subject {
        scope,
        part: Part::all(),
        currency,
    };
    let best = match when {
        When::Period(_) => analytics::ranking(conn, ranking, limit).await?,
        When::Days(..) => spans::ranking(conn, ranking, &periods, limit).await?,
    };
    Ok((best, spans::sum(conn, &all, when.first(), &periods).await?))
}
