//! `PUT /api/wishlist/items/{product}`: a product goes on the caller's wishlist.

use axum::extract::State;
use domain::wishlists;
use events::account::Role;
use events::ids::ProductId;
use events::wishlist::WishlistItemAdded;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::body::ProductAnswer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::{Incoming, NoFields};
use crate::problems::{CommandHeaders, Conflict, Forbidden, NotFound, Rejected, Unauthenticated};

/// Puts a product on the wishlist
///
/// Adding what is on it changes nothing. 404 `product_not_found`; 409 `wishlist_full`.
#[utoipa::path(
    put, path = "/api/wishlist/items/{product}", tag = "wishlist", security(("bearer" = [])),
    params(("product" = Uuid, Path, description = "The product."), CommandHeaders), request_body = NoFields,
    responses((status = 200, body = ProductAnswer), Rejected, Unauthenticated, Forbidden, NotFound, Conflict)
)]
#[tracing::instrument(name = "command.add_wishlist_item", skip_all)]
pub async fn add_wishlist_item(
    caller: Caller,
    Path(product_id): Path<ProductId>,
    State(commands): State<Commands>,
    incoming: Incoming<NoFields>,
) -> Result<Accepted<ProductAnswer>, ApiError> {
    caller.require(Role::Customer)?;
    let context = commands.context(Some(caller.account), &incoming);
    let added = WishlistItemAdded {
        account_id: caller.account,
        product_id,
        added_at: context.now,
    };
    let add = |work: &mut domain::UnitOfWork| {
        wishlists::add_wishlist_item(work, &added)?;
        Ok(ProductAnswer { product_id })
    };
    Ok(answer::ok(commands.execute(&context, add).await?))
}
