//! `GET /api/orders/{id}/history`: what happened to an order, who did it, and in words for people. Another's order isn't
//! there.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use events::envelope::Actor;
use events::ids::{AccountId, OrderId};
use read_models::ViewName;
use read_models::order_history::OrderEntry;
use read_models::query::history;
use serde::Serialize;
use utoipa::ToSchema;
use web::paging::{Page, decode_cursor};
use web::position::MinPosition;
use web::{Caller, Path, Problem, Query};

use super::orders::visible;
use super::{Denied, Missing, PageParams, QueryHeaders, Unanswered};
use crate::answer;
use crate::doer::Doer;
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};

const VIEWS: &[ViewName] = &[ViewName::Orders];

/// Who did something to an order, as its customer sees them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DoneBy {
    Customer,
    Staff,
    /// A timer, a worker, or the payment provider through one.
    System,
}

impl DoneBy {
    fn of(actor: Actor, customer: Option<AccountId>) -> Self {
        match actor {
            Actor::Account(account) if Some(account) == customer => Self::Customer,
            Actor::Account(_) => Self::Staff,
            Actor::System | Actor::Anonymous => Self::System,
        }
    }
}

/// Something that happened to an order.
#[derive(Serialize, ToSchema)]
pub struct OrderHistoryItem {
    position: u64,
    at: DateTime<Utc>,
    /// The event's type, such as `OrderShipped`.
    #[serde(rename = "type")]
    event: String,
    by: DoneBy,
    /// Who exactly: `{"kind": "account", "id": …}`, `{"kind": "system"}` or `{"kind": "anonymous"}`; for who isn't staff,
    /// other people are `{"kind": "someone"}`.
    #[schema(value_type = Object)]
    actor: Doer,
    /// For people, such as `Shipped with Royal Mail, tracking number 17`.
    summary: String,
    /// The same for programs.
    details: serde_json::Value,
}

impl OrderHistoryItem {
    fn new(entry: OrderEntry, customer: Option<AccountId>, caller: &Caller) -> Self {
        Self {
            position: entry.position,
            at: entry.at,
            event: entry.event,
            by: DoneBy::of(entry.actor, customer),
            actor: Doer::seen_by(caller, entry.actor),
            summary: entry.summary,
            details: entry.details,
        }
    }
}

/// Everything that happened to an order, its payment and its emails
///
/// Oldest first.
#[utoipa::path(
    get, path = "/api/orders/{id}/history", tag = "orders", security(("bearer" = [])),
    params(("id" = Uuid, Path), PageParams, QueryHeaders),
    responses((status = 200, body = Page<OrderHistoryItem>), Unanswered, Denied, Missing)
)]
pub async fn history(
    caller: Caller,
    Path(id): Path<OrderId>,
    Query(params): Query<PageParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    let after = params.cursor.as_deref().map_or(Ok(0), decode_cursor)?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let order = visible(&mut snapshot, id, &caller).await?;
    let found = history::of_order(snapshot.conn(), id, after, params.limit.with_lookahead()).await;
    drop(snapshot);
    let page = Page::cut(found.map_err(store_failed)?, params.limit, |entry| entry.position);
    let customer = order.document.customer;
    let page = page.map(|entry| OrderHistoryItem::new(entry, customer, &caller));
    answer::private(&headers, position, &page)
}
