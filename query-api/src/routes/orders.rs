//! `GET /api/orders`: one's own orders; all of them for staff. Another's order isn't there.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use events::ids::{AccountId, OrderId};
use events::order::Contact;
use read_models::ViewName;
use read_models::orders::{Order, OrderDocument, OrderStatus};
use read_models::query::orders::OrderFilter;
use read_models::query::{Snapshot, orders};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use web::paging::{Limit, Page, decode_cursor};
use web::position::MinPosition;
use web::{Caller, Path, Problem, Query};

use super::{Denied, Missing, QueryHeaders, Unanswered};
use crate::answer;
use crate::errors::store_failed;
use crate::personal_data::PersonalData;
use crate::reads::{Picture, Reads};
use crate::schema;

const VIEWS: &[ViewName] = &[ViewName::Orders];

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// `awaiting_payment`, `paid`, `shipped`, `delivered`, `cancelled` or `returned`.
    #[param(value_type = Option<String>)]
    status: Option<OrderStatus>,
    /// For staff: this customer's only.
    #[param(value_type = Option<Uuid>)]
    customer: Option<AccountId>,
    /// Placed at this time or later.
    from: Option<DateTime<Utc>>,
    /// Placed before this time.
    to: Option<DateTime<Utc>>,
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit,
    cursor: Option<String>,
}

/// Orders, newest first
///
/// One's own; staff see all.
#[utoipa::path(
    get, path = "/api/orders", tag = "orders", security(("bearer" = [])), params(ListParams, QueryHeaders),
    responses((status = 200, body = Page<schema::Order>), Unanswered, Denied)
)]
pub async fn list(
    caller: Caller,
    Query(params): Query<ListParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    let customer = if caller.is_staff() {
        params.customer
    } else {
        Some(caller.account)
    };
    let filter = OrderFilter {
        customer,
        status: params.status,
        from: params.from,
        to: params.to,
    };
    let after = params.cursor.as_deref().map(decode_cursor).transpose()?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let found = orders::orders(snapshot.conn(), filter, after, params.limit.with_lookahead()).await;
    drop(snapshot);
    let found = found.map_err(store_failed)?;
    let page = Page::cut(found, params.limit, |order| {
        (order.document.placed_at, order.document.id)
    });
    answer::private(&headers, position, &page.map(|order| order.document))
}

/// An order with its contact.
#[derive(Serialize)]
struct Detail {
    #[serde(flatten)]
    order: OrderDocument,
    contact: Option<Contact>,
}

/// An order
#[utoipa::path(
    get, path = "/api/orders/{id}", tag = "orders", security(("bearer" = [])),
    params(("id" = Uuid, Path), QueryHeaders),
    responses((status = 200, body = schema::Order), Unanswered, Denied, Missing)
)]
pub async fn one(
    caller: Caller,
    Path(id): Path<OrderId>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(personal_data): State<PersonalData>,
) -> Result<Response, Problem> {
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let order = visible(&mut snapshot, id, &caller).await?;
    drop(snapshot);
    let contact = personal_data
        .contact(id, order.document.customer, &order.contact)
        .await?;
    let version = order.document.version;
    answer::versioned(
        &headers,
        position,
        version,
        &Detail {
            order: order.document,
            contact,
        },
    )
}

/// The order, if it's the caller's or the caller is staff.
pub(super) async fn visible(snapshot: &mut Snapshot, id: OrderId, caller: &Caller) -> Result<Order, Problem> {
    let order = orders::order(snapshot.conn(), id).await.map_err(store_failed)?;
    let may_see = |order: &Order| caller.is_staff() || order.document.customer == Some(caller.account);
    order.filter(may_see).ok_or_else(Problem::not_found)
}
