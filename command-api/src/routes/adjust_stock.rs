//! `POST /api/products/{id}/stock`: units come in, or a count corrects the books.

use axum::extract::State;
use domain::catalogue::{self, ChangeStock, StockChange};
use events::ids::{ProductId, Sku};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::position::Accepted;
use web::{Caller, Path, Problem};

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::only_sku;
use crate::problems::{CommandHeaders, Conflict, NotFound, Rejected, Unauthenticated};
use crate::validation::{Checks, NOTE_MAX_CHARS};

/// Either `receive`, or `adjust`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdjustStockBody {
    /// Needed if the product has several variants.
    #[schema(value_type = Option<String>)]
    sku: Option<Sku>,
    /// Units that came in.
    #[schema(minimum = 1)]
    receive: Option<u32>,
    /// Units that a count found more (or, negative, fewer) than was thought.
    adjust: Option<i64>,
    reason: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct StockAnswer {
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    #[schema(value_type = String)]
    sku: Sku,
}

/// Changes what is on a shelf
///
/// Sellers do it for their own products; to anyone else a product isn't there. 409
/// `stock_below_zero`: units that are promised to orders can't be taken away.
#[utoipa::path(
    post, path = "/api/products/{id}/stock", tag = "products", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The product."), CommandHeaders), request_body = AdjustStockBody,
    responses((status = 200, body = StockAnswer), Rejected, Unauthenticated, NotFound, Conflict)
)]
#[tracing::instrument(name = "command.adjust_stock", skip_all)]
pub async fn adjust_stock(
    caller: Caller,
    Path(product_id): Path<ProductId>,
    State(commands): State<Commands>,
    incoming: Incoming<AdjustStockBody>,
) -> Result<Accepted<StockAnswer>, ApiError> {
    let context = commands.context(Some(caller.account), &incoming);
    let by = super::authority(&caller);
    let body = incoming.body;
    let (change, reason) = check(body.receive, body.adjust, body.reason)?;
    let change_stock = |work: &mut domain::UnitOfWork| {
        let sku = only_sku::choose(work, product_id, body.sku.as_ref())?;
        let command = ChangeStock {
            product_id,
            sku: sku.clone(),
            by,
            change: change.clone(),
            reason: reason.clone(),
        };
        catalogue::change_stock(work, &command)?;
        Ok(StockAnswer { product_id, sku })
    };
    let accepted = commands.execute(&context, change_stock).await;
    Ok(answer::ok(
        accepted.map_err(|error| only_sku::explain(error, "sku"))?,
    ))
}

fn check(
    receive: Option<u32>,
    adjust: Option<i64>,
    reason: Option<String>,
) -> Result<(StockChange, String), Problem> {
    let mut checks = Checks::default();
    let reason = checks.text("reason", &reason.unwrap_or_default(), NOTE_MAX_CHARS);
    let change = match (receive, adjust) {
        (Some(units), None) => {
            checks.require(
                units > 0,
                "receive",
                "quantity_invalid",
                "at least one unit comes in",
            );
            StockChange::Receive(units)
        }
        (None, Some(delta)) => {
            checks.require(
                delta != 0,
                "adjust",
                "quantity_invalid",
                "an adjustment changes something",
            );
            StockChange::Adjust(delta)
        }
        _ => {
            checks.refuse("receive", "ambiguous", "say either `receive` or `adjust`");
            StockChange::Adjust(0)
        }
    };
    checks.done()?;
    Ok((change, reason))
}
