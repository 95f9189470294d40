//! `GET /api/analytics/items`: how many items are on sale, sold out, archived and removed; of the shop, or of a seller.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use read_models::ViewName;
use read_models::item_counts::ItemCounts;
use read_models::query::analytics;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::position::MinPosition;
use web::{Caller, Problem, Query};

use super::{Refused, scope};
use crate::chart::{Bar, Chart, Measure, Plot};
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};
use crate::report::{CsvTable, Format, Report, respond};
use crate::routes::{Denied, QueryHeaders, Unanswered};

const VIEWS: &[ViewName] = &[ViewName::Products];

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemsParams {
    /// `me`, or the id of a seller; for staff, everything, if missing.
    seller: Option<String>,
    /// `json`, `csv` or `svg`; what `Accept` likes best, if missing.
    format: Option<String>,
}

/// How many items there are in each state.
#[derive(Serialize, ToSchema)]
pub struct ItemsByStatus {
    /// With units to buy.
    on_sale: i64,
    /// Offered, and every unit is sold or promised.
    sold_out: i64,
    /// Taken off sale by their owner.
    archived: i64,
    removed: i64,
}

impl From<ItemCounts> for ItemsByStatus {
    fn from(counts: ItemCounts) -> Self {
        Self {
            on_sale: counts.on_sale,
            sold_out: counts.sold_out,
            archived: counts.archived,
            removed: counts.removed,
        }
    }
}

impl ItemsByStatus {
    fn counts(&self) -> [(&'static str, i64); 4] {
        [
            ("on_sale", self.on_sale),
            ("sold_out", self.sold_out),
            ("archived", self.archived),
            ("removed", self.removed),
        ]
    }
}

impl Report for ItemsByStatus {
    fn file_name(&self) -> String {
        "items-by-status".to_owned()
    }

    fn table(&self) -> CsvTable {
        let row = |(status, items): (&str, i64)| vec![status.to_owned(), items.to_string()];
        CsvTable {
            head: &["status", "items"],
            rows: self.counts().map(row).into(),
        }
    }

    fn chart(&self) -> Chart {
        let bars = self.counts().map(|(status, items)| Bar {
            name: status.replace('_', " "),
            value: items,
        });
        let words = bars.iter().map(|bar| format!("{} {}", bar.value, bar.name));
        Chart {
            title: "Items by status".to_owned(),
            description: format!("Items by status: {}.", words.collect::<Vec<_>>().join(", ")),
            measure: Measure::Count("items"),
            plot: Plot::Bars(bars.into()),
            empty: "No items",
        }
    }
}

/// Items by status
///
/// The shop's for staff; one's own for everybody who sells, with `seller=me`.
#[utoipa::path(
    get, path = "/api/analytics/items", tag = "analytics", security(("bearer" = [])),
    params(ItemsParams, QueryHeaders),
    responses((status = 200, description = "The report.", content(
        (ItemsByStatus = "application/json"), (String = "text/csv"), (String = "image/svg+xml")
    )), Unanswered, Denied, Refused)
)]
pub async fn report(
    caller: Caller,
    Query(params): Query<ItemsParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    let scope = scope(&caller, params.seller.as_deref())?;
    let format = Format::asked(params.format.as_deref(), &headers)?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let counts = analytics::items(snapshot.conn(), scope).await;
    drop(snapshot);
    let report = ItemsByStatus::from(counts.map_err(store_failed)?);
    respond(&headers, position, format, &report)
}
