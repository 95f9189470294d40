//! `GET /api/payments`: one's own payments; all of them for staff. Another's payment isn't there.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use events::ids::{AccountId, PaymentId};
use read_models::ViewName;
use read_models::payments::{Payment, PaymentStatus};
use read_models::query::payments::{self, PaymentFilter};
use serde::Deserialize;
use utoipa::IntoParams;
use web::paging::{Limit, Page, decode_cursor};
use web::position::MinPosition;
use web::{Caller, Path, Problem, Query};

use super::{Denied, Missing, QueryHeaders, Unanswered};
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};
use crate::{answer, schema};

const VIEWS: &[ViewName] = &[ViewName::Payments];

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// `processing`, `settled`, `declined`, `cancelled`, `partially_refunded` or `refunded`.
    #[param(value_type = Option<String>)]
    status: Option<PaymentStatus>,
    /// For staff: this customer's only.
    #[param(value_type = Option<Uuid>)]
    customer: Option<AccountId>,
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit,
    cursor: Option<String>,
}

/// Payments, newest first
///
/// One's own; staff see all.
#[utoipa::path(
    get, path = "/api/payments", tag = "payments", security(("bearer" = [])), params(ListParams, QueryHeaders),
    responses((status = 200, body = Page<schema::Payment>), Unanswered, Denied)
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
    let filter = PaymentFilter {
        customer,
        status: params.status,
    };
    let after = params.cursor.as_deref().map(decode_cursor).transpose()?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let found = payments::payments(snapshot.conn(), filter, after, params.limit.with_lookahead()).await;
    drop(snapshot);
    let found = found.map_err(store_failed)?;
    let page = Page::cut(found, params.limit, |payment| {
        (payment.document.created_at, payment.document.id)
    });
    answer::private(&headers, position, &page.map(|payment| payment.document))
}

/// A payment
#[utoipa::path(
    get, path = "/api/payments/{id}", tag = "payments", security(("bearer" = [])),
    params(("id" = Uuid, Path), QueryHeaders),
    responses((status = 200, body = schema::Payment), Unanswered, Denied, Missing)
)]
pub async fn one(
    caller: Caller,
    Path(id): Path<PaymentId>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let payment = payments::payment(snapshot.conn(), id)
        .await
        .map_err(store_failed)?;
    drop(snapshot);
    let may_see = |payment: &Payment| caller.is_staff() || payment.document.customer == Some(caller.account);
    let payment = payment.filter(may_see).ok_or_else(Problem::not_found)?;
    answer::private(&headers, position, &payment.document)
}
