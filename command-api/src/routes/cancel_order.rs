//! `POST /api/orders/{id}/cancel`: the customer or staff call an order off.

use axum::extract::State;
use domain::cancellation::{self, CancelOrder};
use events::ids::{OrderId, RefundId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::{Incoming, NoFields};
use crate::problems::{CommandHeaders, Conflict, NotFound, Rejected, Unauthenticated};

/// The answer of a command about an order.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct OrderIdAnswer {
    #[schema(value_type = Uuid)]
    pub order_id: OrderId,
}

/// Cancels an order
///
/// Its goods go back to the shelf and what was paid goes back to the customer. 409 `order_status`
/// once it has left. Cancelling twice changes nothing.
#[utoipa::path(
    post, path = "/api/orders/{id}/cancel", tag = "orders", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The order."), CommandHeaders), request_body = NoFields,
    responses((status = 200, body = OrderIdAnswer), Rejected, Unauthenticated, NotFound, Conflict)
)]
#[tracing::instrument(name = "command.cancel_order", skip_all)]
pub async fn cancel_order(
    caller: Caller,
    Path(order_id): Path<OrderId>,
    State(commands): State<Commands>,
    incoming: Incoming<NoFields>,
) -> Result<Accepted<OrderIdAnswer>, ApiError> {
    let context = commands.context(Some(caller.account), &incoming);
    let command = CancelOrder {
        order_id,
        by: super::authority(&caller),
        refund_id: RefundId::generate(),
        at: context.now,
    };
    let cancel = |work: &mut domain::UnitOfWork| {
        cancellation::cancel_order(work, &command)?;
        Ok(OrderIdAnswer { order_id })
    };
    Ok(answer::ok(commands.execute(&context, cancel).await?))
}
