//! `DELETE /api/products/{id}/reviews/mine`: the caller takes their review back.

use axum::extract::State;
use domain::reviews;
use events::account::Role;
use events::ids::ProductId;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::{Incoming, NoFields};
use crate::problems::{CommandHeaders, Forbidden, NotFound, Rejected, Unauthenticated};

/// Removes the caller's review of a product
///
/// Removing what isn't there changes nothing.
#[utoipa::path(
    delete, path = "/api/products/{id}/reviews/mine", tag = "reviews", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The product."), CommandHeaders),
    responses((status = 204), Rejected, Unauthenticated, Forbidden, NotFound)
)]
#[tracing::instrument(name = "command.remove_review", skip_all)]
pub async fn remove_review(
    caller: Caller,
    Path(product_id): Path<ProductId>,
    State(commands): State<Commands>,
    incoming: Incoming<NoFields>,
) -> Result<Accepted<()>, ApiError> {
    caller.require(Role::Customer)?;
    let context = commands.context(Some(caller.account), &incoming);
    let remove =
        |work: &mut domain::UnitOfWork| reviews::remove_review(work, product_id, caller.account, context.now);
    Ok(answer::no_content(commands.execute(&context, remove).await?))
}
