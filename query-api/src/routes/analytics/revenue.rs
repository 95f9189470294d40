//! `GET /api/analytics/revenue`: what categories, countries or sellers have in the sales of a day, month or year, or of all
//! time; of the shop, or, but for sellers, of one seller.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use events::money::{Currency, Money};
use read_models::ViewName;
use read_models::query::Snapshot;
use read_models::query::analytics::Rank;
use read_models::sales_figures::{Dimension, SalesFigures, Scope};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::money::MoneyDto;
use web::position::MinPosition;
use web::{Caller, Problem, Query};

use super::figures::Figures;
use super::names::{self, Names};
use super::ranking::{self, Ranked};
use super::{Refused, currency, limit, period, scope, wrong};
use crate::Terms;
use crate::chart::{Bar, Chart, Measure, Plot};
use crate::personal_data::PersonalData;
use crate::reads::{Picture, Reads};
use crate::report::{CsvTable, Format, Report, harmless, respond};
use crate::routes::{Denied, QueryHeaders, Unanswered};

const VIEWS: &[ViewName] = &[ViewName::SalesFigures, ViewName::Categories, ViewName::Accounts];
const ROWS: u32 = 20;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RevenueParams {
    /// `category`, the default, `country` or `seller`.
    by: Option<String>,
    /// A day, month or year: `2011-03-09`, `2011-03`, `2011`; or `all`, the default.
    period: Option<String>,
    /// Up to 100; 20 if missing.
    limit: Option<u32>,
    /// `me`, or the id of a seller; for staff, everything, if missing.
    seller: Option<String>,
    /// The shop's, if missing.
    currency: Option<String>,
    /// `json`, `csv` or `svg`; what `Accept` likes best, if missing.
    format: Option<String>,
}

/// What one category, country or seller has in the sales.
#[derive(Serialize, ToSchema)]
pub struct RevenuePart {
    /// The country, or the id of the category or seller; null for what is in no category, and for the shop's own.
    key: Option<String>,
    /// The country, or the name as it is now; null for what has none.
    name: Option<String>,
    #[serde(flatten)]
    figures: Figures,
}

/// The largest net revenue first. A product counts in the category, and for the seller, that it had when it was ordered;
/// in its own category alone, not in those above it.
#[derive(Serialize, ToSchema)]
pub struct Revenue {
    by: &'static str,
    period: String,
    #[schema(value_type = String)]
    currency: Currency,
    items: Vec<RevenuePart>,
    /// What the parts that aren't shown come to.
    #[schema(value_type = MoneyDto)]
    others_net: Money,
    total: Figures,
}

impl Revenue {
    fn label(&self, part: &RevenuePart) -> String {
        match (&part.name, &part.key) {
            (Some(text), _) | (None, Some(text)) => text.clone(),
            (None, None) if self.by == "seller" => "the shop itself".to_owned(),
            (None, None) => "no category".to_owned(),
        }
    }
}

impl Report for Revenue {
    fn file_name(&self) -> String {
        format!("revenue-by-{}-{}", self.by, self.period)
    }

    fn table(&self) -> CsvTable {
        const HEAD: [&str; 11] = Figures::csv_head(&["key", "name"]);
        let row = |part: &RevenuePart| {
            let key = part.key.as_deref().map(harmless).unwrap_or_default();
            part.figures.csv_row(vec![key, harmless(&self.label(part))])
        };
        CsvTable {
            head: &HEAD,
            rows: self.items.iter().map(row).collect(),
        }
    }

    fn chart(&self) -> Chart {
        let title = format!("Net revenue {}, by {}", ranking::words(&self.period), self.by);
        let mut bars: Vec<_> = self
            .items
            .iter()
            .map(|part| Bar {
                name: self.label(part),
                value: part.figures.net.amount_minor(),
            })
            .collect();
        if !self.others_net.is_zero() {
            bars.push(Bar {
                name: "others".to_owned(),
                value: self.others_net.amount_minor(),
            });
        }
        let first = self.items.first();
        let first = first.map(|part| format!(" {} comes first.", self.label(part)));
        Chart {
            description: format!("{title}: {} in all.{}", self.total.net, first.unwrap_or_default()),
            title,
            measure: Measure::Money(self.currency),
            plot: Plot::Bars(bars),
            empty: "No sales",
        }
    }
}

/// Revenue by category, country or seller
///
/// The shop's for staff; one's own for everybody who sells, with `seller=me`.
#[utoipa::path(
    get, path = "/api/analytics/revenue", tag = "analytics", security(("bearer" = [])),
    params(RevenueParams, QueryHeaders),
    responses((status = 200, description = "The report.", content(
        (Revenue = "application/json"), (String = "text/csv"), (String = "image/svg+xml")
    )), Unanswered, Denied, Refused)
)]
pub async fn report(
    caller: Caller,
    Query(params): Query<RevenueParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(personal_data): State<PersonalData>,
    State(terms): State<Terms>,
) -> Result<Response, Problem> {
    let scope = scope(&caller, params.seller.as_deref())?;
    let format = Format::asked(params.format.as_deref(), &headers)?;
    let dimension = dimension(params.by.as_deref(), scope)?;
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
    let (rows, total) = ranked.read(&mut snapshot, dimension, Rank::Revenue).await?;
    let names = names_of(&mut snapshot, dimension, &rows, &personal_data).await?;
    drop(snapshot);
    let shown = rows
        .iter()
        .fold(0_i64, |sum, row| sum.wrapping_add(row.net_minor()));
    let report = Revenue {
        by: dimension.as_str(),
        period: ranked.period.to_string(),
        currency,
        others_net: Money::new(total.net_minor().wrapping_sub(shown), currency),
        items: rows.iter().map(|row| part(row, &names, currency)).collect(),
        total: Figures::new(&total, currency),
    };
    respond(&headers, position, format, &report)
}

fn dimension(by: Option<&str>, scope: Scope) -> Result<Dimension, Problem> {
    match by {
        None | Some("category") => Ok(Dimension::Category),
        Some("country") => Ok(Dimension::Country),
        // A seller's sales have one seller.
        Some("seller") if scope == Scope::Shop => Ok(Dimension::Seller),
        Some(other) => {
            let message = format_args!(
                "{other:?} is no dimension here: category, country, or seller of the whole shop"
            );
            Err(wrong("by", "unknown_dimension", message))
        }
    }
}

fn part(row: &SalesFigures, names: &Names, currency: Currency) -> RevenuePart {
    let value = &row.key.part.value;
    RevenuePart {
        key: (!value.is_empty()).then(|| value.clone()),
        name: match row.key.part.dimension {
            Dimension::Country => Some(value.clone()),
            _ => names.get(value).cloned(),
        },
        figures: Figures::new(row, currency),
    }
}

async fn names_of(
    snapshot: &mut Snapshot,
    dimension: Dimension,
    rows: &[SalesFigures],
    personal_data: &PersonalData,
) -> Result<Names, Problem> {
    let values = rows.iter().map(|row| row.key.part.value.as_str());
    match dimension {
        Dimension::Category => {
            let ids: Vec<_> = values.filter_map(|value| value.parse().ok()).collect();
            names::categories(snapshot, &ids).await
        }
        Dimension::Seller => {
            let ids: Vec<_> = values.filter_map(|value| value.parse().ok()).collect();
            let accounts = names::sellers(snapshot, &ids).await?;
            names::usernames(&accounts, personal_data).await
        }
        _ => Ok(Names::new()),
    }
}
