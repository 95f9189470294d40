//! `DELETE /api/cart/items/{sku}`: something goes out of the cart.

use axum::extract::State;
use domain::checkout;
use events::account::Role;
use events::ids::Sku;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::{Incoming, NoFields};
use crate::problems::{CommandHeaders, Forbidden, NotFound, Rejected, Unauthenticated};

/// Removes a cart's item
///
/// Removing what isn't in it changes nothing.
#[utoipa::path(
    delete, path = "/api/cart/items/{sku}", tag = "cart", security(("bearer" = [])),
    params(("sku" = String, Path, description = "The SKU."), CommandHeaders),
    responses((status = 204), Rejected, Unauthenticated, Forbidden, NotFound)
)]
#[tracing::instrument(name = "command.remove_cart_item", skip_all)]
pub async fn remove_cart_item(
    caller: Caller,
    Path(sku): Path<Sku>,
    State(commands): State<Commands>,
    incoming: Incoming<NoFields>,
) -> Result<Accepted<()>, ApiError> {
    caller.require(Role::Customer)?;
    let context = commands.context(Some(caller.account), &incoming);
    let remove = |work: &mut domain::UnitOfWork| checkout::remove_cart_item(work, caller.account, &sku);
    Ok(answer::no_content(commands.execute(&context, remove).await?))
}
