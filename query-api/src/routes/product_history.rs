//! `GET /api/products/{id}/history`: the answer to "why is this 47?", for people: every entry with the stock before and
//! after it, and a sentence that says what happened.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use events::ids::{OrderId, ProductId, Sku};
use read_models::ViewName;
use read_models::product_history::{ProductEntry, StockMovement};
use read_models::products::StockLevel;
use read_models::query::{history, products};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::paging::{Limit, Page, decode_cursor};
use web::position::MinPosition;
use web::{Caller, Path, Problem, Query};

use super::{Denied, Missing, QueryHeaders, Unanswered};
use crate::doer::Doer;
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};
use crate::{answer, sentence};

const VIEWS: &[ViewName] = &[ViewName::Products];

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Params {
    /// What happened to this SKU alone.
    #[param(value_type = Option<String>)]
    sku: Option<Sku>,
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit,
    cursor: Option<String>,
}

/// Something that happened to a product or its stock.
#[derive(Serialize, ToSchema)]
pub struct ProductHistoryItem {
    position: u64,
    at: DateTime<Utc>,
    /// The event's type, such as `StockReceived`.
    #[serde(rename = "type")]
    event: String,
    /// What happened, in a sentence.
    summary: String,
    /// Who did it: `{"kind": "account", "id": …}`, `{"kind": "system"}` or `{"kind": "anonymous"}`; for who isn't staff,
    /// other people are `{"kind": "someone"}`.
    #[schema(value_type = Object)]
    actor: Doer,
    /// The SKU that it is about, if it is about one.
    #[schema(value_type = Option<String>)]
    sku: Option<Sku>,
    /// What it did to the stock, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    stock: Option<StockChange>,
    details: serde_json::Value,
}

#[derive(Serialize, ToSchema)]
pub struct StockChange {
    #[schema(value_type = String)]
    sku: Sku,
    before: StockFigures,
    change: Change,
    /// Afterwards.
    level: StockFigures,
    #[schema(value_type = Option<Uuid>)]
    order_id: Option<OrderId>,
    reason: Option<String>,
}

/// Units of a SKU.
#[derive(Serialize, ToSchema)]
pub struct StockFigures {
    /// On the shelf.
    on_hand: i64,
    /// Of these, promised to orders.
    reserved: i64,
    /// That can be bought.
    available: i64,
}

/// By how many units each figure changed.
#[derive(Serialize, ToSchema)]
pub struct Change {
    on_hand: i64,
    reserved: i64,
}

impl StockFigures {
    fn of(level: StockLevel) -> Self {
        Self {
            on_hand: level.on_hand,
            reserved: level.reserved,
            available: level.available(),
        }
    }
}

impl StockChange {
    fn of(movement: StockMovement) -> Self {
        Self {
            before: StockFigures::of(movement.before()),
            change: Change {
                on_hand: movement.change.on_hand,
                reserved: movement.change.reserved,
            },
            level: StockFigures::of(movement.level),
            sku: movement.sku,
            order_id: movement.order_id,
            reason: movement.reason,
        }
    }
}

impl ProductHistoryItem {
    fn of(entry: ProductEntry, caller: &Caller) -> Self {
        let actor = Doer::seen_by(caller, entry.actor);
        Self {
            summary: sentence::of(&entry, actor),
            position: entry.position,
            at: entry.at,
            event: entry.event,
            actor,
            sku: entry.sku,
            stock: entry.stock.map(StockChange::of),
            details: entry.details,
        }
    }
}

/// Everything that happened to a product and its stock
///
/// Oldest first, each with the stock before and after it; for staff and its seller.
#[utoipa::path(
    get, path = "/api/products/{id}/history", tag = "products", security(("bearer" = [])),
    params(("id" = Uuid, Path), Params, QueryHeaders),
    responses((status = 200, body = Page<ProductHistoryItem>), Unanswered, Denied, Missing)
)]
pub async fn history(
    caller: Caller,
    Path(id): Path<ProductId>,
    Query(params): Query<Params>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    let after = params.cursor.as_deref().map_or(Ok(0), decode_cursor)?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let product = products::product(snapshot.conn(), id)
        .await
        .map_err(store_failed)?;
    let product = product.ok_or_else(Problem::not_found)?;
    if !caller.is_staff() && product.document.seller != Some(caller.account) {
        return Err(Problem::not_found());
    }
    let (sku, limit) = (params.sku.as_ref(), params.limit.with_lookahead());
    let found = history::of_product(snapshot.conn(), id, sku, after, limit).await;
    drop(snapshot);
    let page = Page::cut(found.map_err(store_failed)?, params.limit, |entry| entry.position);
    let page = page.map(|entry| ProductHistoryItem::of(entry, &caller));
    answer::private(&headers, position, &page)
}
