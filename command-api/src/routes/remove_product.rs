//! `DELETE /api/products/{id}`: a product is no longer sold.

use axum::extract::State;
use domain::catalogue;
use events::ids::ProductId;
use web::etag::IfMatch;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::{Incoming, NoFields};
use crate::problems::{CommandHeaders, Conflict, EditHeaders, NotFound, Outdated, Rejected, Unauthenticated};

/// Removes a product
///
/// It can no longer be found or bought, and its SKUs are free; orders that hold it keep it. 409 `being_bought` while
/// somebody pays for a one-of-a-kind.
#[utoipa::path(
    delete, path = "/api/products/{id}", tag = "products", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The product."), CommandHeaders, EditHeaders),
    responses((status = 204), Rejected, Unauthenticated, NotFound, Conflict, Outdated)
)]
#[tracing::instrument(name = "command.remove_product", skip_all)]
pub async fn remove_product(
    caller: Caller,
    if_match: IfMatch,
    Path(product_id): Path<ProductId>,
    State(commands): State<Commands>,
    incoming: Incoming<NoFields>,
) -> Result<Accepted<()>, ApiError> {
    let context = commands.context(Some(caller.account), &incoming);
    let (by, expected) = (super::authority(&caller), if_match.expected_version());
    let remove = |work: &mut domain::UnitOfWork| catalogue::remove_product(work, product_id, by, expected);
    Ok(answer::no_content(commands.execute(&context, remove).await?))
}
