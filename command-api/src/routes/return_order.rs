//! `POST /api/orders/{id}/return`: goods come back, and their price with them.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::fulfilment::{self, ReturnOrder};
use events::ids::{OrderId, RefundId, Sku};
use events::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::money::MoneyDto;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::body::QuantityBody;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Conflict, NotFound, Rejected, Unauthenticated};
use crate::validation::{Checks, NOTE_MAX_CHARS};

/// Unless something else is said.
const REASON: &str = "returned";

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnOrderBody {
    /// Everything that hasn't come back yet, if missing.
    lines: Option<Vec<QuantityBody>>,
    reason: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct RefundAnswer {
    /// What goes back to the customer.
    #[schema(value_type = MoneyDto)]
    refund: Money,
}

/// Returns an order, or a part of it
///
/// By staff, or by the customer once it was delivered: 409 `order_status` before. 409
/// `return_exceeds_order` for more than was bought.
#[utoipa::path(
    post, path = "/api/orders/{id}/return", tag = "orders", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The order."), CommandHeaders), request_body = ReturnOrderBody,
    responses((status = 200, body = RefundAnswer), Rejected, Unauthenticated, NotFound, Conflict)
)]
#[tracing::instrument(name = "command.return_order", skip_all)]
pub async fn return_order(
    caller: Caller,
    Path(order_id): Path<OrderId>,
    State(commands): State<Commands>,
    incoming: Incoming<ReturnOrderBody>,
) -> Result<Accepted<RefundAnswer>, ApiError> {
    let context = commands.context(Some(caller.account), &incoming);
    let ReturnOrderBody { lines, reason } = incoming.body;
    let mut checks = Checks::default();
    let reason = checks.optional_text("reason", reason, NOTE_MAX_CHARS);
    let quantities = lines.map(|lines| check_lines(&mut checks, lines));
    checks.done()?;
    let command = ReturnOrder {
        order_id,
        by: super::authority(&caller),
        quantities,
        refund_id: RefundId::generate(),
        reason: reason.unwrap_or_else(|| REASON.to_owned()),
        at: context.now,
    };
    let take_back = |work: &mut domain::UnitOfWork| {
        let refund = fulfilment::return_order(work, &command)?;
        Ok(RefundAnswer { refund })
    };
    Ok(answer::ok(commands.execute(&context, take_back).await?))
}

/// Units per SKU, over all lines.
fn check_lines(checks: &mut Checks, lines: Vec<QuantityBody>) -> BTreeMap<Sku, u32> {
    checks.require(
        !lines.is_empty(),
        "lines",
        "missing",
        "say what comes back, or leave `lines` out",
    );
    let mut quantities = BTreeMap::new();
    for (index, line) in lines.into_iter().enumerate() {
        let field = format!("lines[{index}].quantity");
        checks.require(
            line.quantity > 0,
            &field,
            "quantity_invalid",
            "a quantity is at least 1",
        );
        let sum = quantities.entry(line.sku).or_insert(0_u32);
        *sum = sum.saturating_add(line.quantity);
    }
    quantities
}
