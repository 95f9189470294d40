//! `POST /api/orders/{id}/deliver`: the parcel has arrived.

use axum::extract::State;
use domain::fulfilment;
use events::account::Role;
use events::ids::OrderId;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::{Incoming, NoFields};
use crate::problems::{CommandHeaders, Conflict, Forbidden, NotFound, Rejected, Unauthenticated};
use crate::routes::cancel_order::OrderIdAnswer;

/// Marks an order as delivered
///
/// 409 `order_status` unless it was shipped. Doing it twice changes nothing.
#[utoipa::path(
    post, path = "/api/orders/{id}/deliver", tag = "orders", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The order."), CommandHeaders), request_body = NoFields,
    responses((status = 200, body = OrderIdAnswer), Rejected, Unauthenticated, Forbidden, NotFound, Conflict)
)]
#[tracing::instrument(name = "command.deliver_order", skip_all)]
pub async fn deliver_order(
    caller: Caller,
    Path(order_id): Path<OrderId>,
    State(commands): State<Commands>,
    incoming: Incoming<NoFields>,
) -> Result<Accepted<OrderIdAnswer>, ApiError> {
    caller.require(Role::Staff)?;
    let context = commands.context(Some(caller.account), &incoming);
    let deliver = |work: &mut domain::UnitOfWork| {
        fulfilment::deliver_order(work, order_id, context.now)?;
        Ok(OrderIdAnswer { order_id })
    };
    Ok(answer::ok(commands.execute(&context, deliver).await?))
}
