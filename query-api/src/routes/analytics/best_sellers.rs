//! `GET /api/analytics/best-sellers`: the products that sold best in a day, month or year, or ever, by revenue or by
//! units; of the shop, or of a seller.
//!
//! A period is one of the calendar's: for each there are sums of its own, in the order of the ranking, so that the best ten
//! of a year are ten rows.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use events::ids::ProductId;
use events::money::Currency;
use read_models::ViewName;
use read_models::query::analytics::Rank;
use read_models::sales_figures::Dimension;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::position::MinPosition;
use web::{Caller, Problem, Query};

use super::figures::Figures;
use super::ranking::{self, Ranked};
use super::{Refused, currency, limit, names, period, scope, wrong};
use crate::Terms;
use crate::chart::{Bar, Chart, Measure, Plot};
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
    period: String,
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
        format!("best-sellers-{}", self.period)
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
        let title = format!("Best sellers {}, by {}", ranking::words(&self.period), self.by);
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
    let currency = currency(params.currency.as_deref(), terms.currency)?;
    let ranked = Ranked {
        scope,
        period: period(params.period.as_deref())?,
        currency,
        limit: limit(params.limit, ROWS)?,
    };
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let (best, total) = ranked.read(&mut snapshot, Dimension::Product, rank).await?;
    let ids = best.iter().filter_map(|row| row.key.part.value.parse().ok());
    let mut names = names::products(&mut snapshot, &ids.collect::<Vec<ProductId>>()).await?;
    drop(snapshot);
    let items = best.into_iter().zip(1..).map(|(row, rank)| BestSeller {
        rank,
        name: names.remove(&row.key.part.value),
        figures: Figures::new(&row, currency),
        product_id: row.key.part.value,
    });
    let report = BestSellers {
        period: ranked.period.to_string(),
        by,
        currency,
        items: items.collect(),
        total: Figures::new(&total, currency),
    };
    respond(&headers, position, format, &report)
}
