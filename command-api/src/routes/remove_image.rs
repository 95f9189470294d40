//! `DELETE /api/products/{id}/images/{image}`: a product no longer has an image.

use axum::extract::State;
use domain::images::{self, RemoveImage};
use events::ids::{ImageId, ProductId};
use web::etag::IfMatch;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::{Incoming, NoFields};
use crate::problems::{CommandHeaders, EditHeaders, NotFound, Outdated, Rejected, Unauthenticated};

/// Removes an image of a product
///
/// It can no longer be fetched, and its files are deleted within hours.
#[utoipa::path(
    delete, path = "/api/products/{id}/images/{image}", tag = "products", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The product."), ("image" = Uuid, Path, description = "The image."),
        CommandHeaders, EditHeaders
    ),
    responses((status = 204), Rejected, Unauthenticated, NotFound, Outdated)
)]
#[tracing::instrument(name = "command.remove_image", skip_all)]
pub async fn remove_image(
    caller: Caller,
    if_match: IfMatch,
    Path((product_id, image_id)): Path<(ProductId, ImageId)>,
    State(commands): State<Commands>,
    incoming: Incoming<NoFields>,
) -> Result<Accepted<()>, ApiError> {
    let context = commands.context(Some(caller.account), &incoming);
    let command = RemoveImage {
        product_id,
        image_id,
        by: super::authority(&caller),
        expected_version: if_match.expected_version(),
        at: context.now,
    };
    let remove = |work: &mut domain::UnitOfWork| images::remove_image(work, &command);
    Ok(answer::no_content(commands.execute(&context, remove).await?))
}
