//! `DELETE /api/wishlist/items/{product}`: a product goes off the caller's wishlist.

use axum::extract::State;
use domain::wishlists;
use events::account::Role;
use events::ids::ProductId;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::{Incoming, NoFields};
use crate::problems::{CommandHeaders, Forbidden, NotFound, Rejected, Unauthenticated};

/// Takes a product off the wishlist
///
/// Removing what isn't on it changes nothing.
#[utoipa::path(
    delete, path = "/api/wishlist/items/{product}", tag = "wishlist", security(("bearer" = [])),
    params(("product" = Uuid, Path, description = "The product."), CommandHeaders),
    responses((status = 204), Rejected, Unauthenticated, Forbidden, NotFound)
)]
#[tracing::instrument(name = "command.remove_wishlist_item", skip_all)]
pub async fn remove_wishlist_item(
    caller: Caller,
    Path(product_id): Path<ProductId>,
    State(commands): State<Commands>,
    incoming: Incoming<NoFields>,
) -> Result<Accepted<()>, ApiError> {
    caller.require(Role::Customer)?;
    let context = commands.context(Some(caller.account), &incoming);
    let remove =
        |work: &mut domain::UnitOfWork| wishlists::remove_wishlist_item(work, caller.account, product_id);
    Ok(answer::no_content(commands.execute(&context, remove).await?))
}
