//! `POST /api/orders/{id}/ship`: staff hand the parcel over.

use axum::extract::State;
use domain::fulfilment::{self, ShipOrder};
use events::account::Role;
use events::ids::OrderId;
use serde::Deserialize;
use utoipa::ToSchema;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Conflict, Forbidden, NotFound, Rejected, Unauthenticated};
use crate::routes::cancel_order::OrderIdAnswer;
use crate::validation::{Checks, NOTE_MAX_CHARS};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipOrderBody {
    carrier: Option<String>,
    tracking_number: Option<String>,
}

/// Ships an order
///
/// 409 `order_status` unless it is paid.
#[utoipa::path(
    post, path = "/api/orders/{id}/ship", tag = "orders", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The order."), CommandHeaders), request_body = ShipOrderBody,
    responses((status = 200, body = OrderIdAnswer), Rejected, Unauthenticated, Forbidden, NotFound, Conflict)
)]
#[tracing::instrument(name = "command.ship_order", skip_all)]
pub async fn ship_order(
    caller: Caller,
    Path(order_id): Path<OrderId>,
    State(commands): State<Commands>,
    incoming: Incoming<ShipOrderBody>,
) -> Result<Accepted<OrderIdAnswer>, ApiError> {
    caller.require(Role::Staff)?;
    let context = commands.context(Some(caller.account), &incoming);
    let ShipOrderBody {
        carrier,
        tracking_number,
    } = incoming.body;
    let mut checks = Checks::default();
    let command = ShipOrder {
        order_id,
        carrier: checks.optional_line("carrier", carrier, NOTE_MAX_CHARS),
        tracking_number: checks.optional_line("tracking_number", tracking_number, NOTE_MAX_CHARS),
        at: context.now,
    };
    checks.done()?;
    let ship = |work: &mut domain::UnitOfWork| {
        fulfilment::ship_order(work, &command)?;
        Ok(OrderIdAnswer { order_id })
    };
    Ok(answer::ok(commands.execute(&context, ship).await?))
}
