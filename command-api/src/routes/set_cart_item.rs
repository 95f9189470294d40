//! `PUT /api/cart/items/{sku}`: something goes into the cart, or more or less of it.

use axum::extract::State;
use domain::checkout::{self, SetCartItem};
use events::account::Role;
use events::ids::Sku;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Conflict, Forbidden, NotFound, Rejected, Unauthenticated};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetCartItemBody {
    /// At least 1, whatever the cart held before.
    #[schema(minimum = 1)]
    quantity: u32,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct CartItemAnswer {
    #[schema(value_type = String)]
    sku: Sku,
    quantity: u32,
}

/// Sets a cart's item
///
/// 409 `not_for_sale`, `cart_full`. The cart promises nothing: stock is taken when the order is placed.
#[utoipa::path(
    put, path = "/api/cart/items/{sku}", tag = "cart", security(("bearer" = [])),
    params(("sku" = String, Path, description = "The SKU."), CommandHeaders), request_body = SetCartItemBody,
    responses((status = 200, body = CartItemAnswer), Rejected, Unauthenticated, Forbidden, NotFound, Conflict)
)]
#[tracing::instrument(name = "command.set_cart_item", skip_all)]
pub async fn set_cart_item(
    caller: Caller,
    Path(sku): Path<Sku>,
    State(commands): State<Commands>,
    incoming: Incoming<SetCartItemBody>,
) -> Result<Accepted<CartItemAnswer>, ApiError> {
    caller.require(Role::Customer)?;
    let context = commands.context(Some(caller.account), &incoming);
    let command = SetCartItem {
        account_id: caller.account,
        sku,
        quantity: incoming.body.quantity,
    };
    let set = |work: &mut domain::UnitOfWork| {
        checkout::set_cart_item(work, &command)?;
        let SetCartItem { sku, quantity, .. } = command.clone();
        Ok(CartItemAnswer { sku, quantity })
    };
    Ok(answer::ok(commands.execute(&context, set).await?))
}
