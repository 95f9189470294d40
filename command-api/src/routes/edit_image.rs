//! `PATCH /api/products/{id}/images/{image}`: what an image shows in words, and its place among the others.

use axum::extract::State;
use domain::images::{self, EditImage};
use domain::product::ALT_MAX_CHARS;
use events::ids::{ImageId, ProductId};
use serde::Deserialize;
use utoipa::ToSchema;
use web::etag::IfMatch;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::body::ProductAnswer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, EditHeaders, NotFound, Outdated, Rejected, Unauthenticated};
use crate::validation::Checks;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditImageBody {
    /// What it shows, for those who can't see it.
    alt: Option<String>,
    /// Among the product's images, from 0; past the end is the end.
    place: Option<u32>,
}

/// Describes an image, or puts it elsewhere
///
/// What is missing stays. The first image is the one that lists show.
#[utoipa::path(
    patch, path = "/api/products/{id}/images/{image}", tag = "products", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The product."), ("image" = Uuid, Path, description = "The image."),
        CommandHeaders, EditHeaders
    ),
    request_body = EditImageBody,
    responses((status = 200, body = ProductAnswer), Rejected, Unauthenticated, NotFound, Outdated)
)]
#[tracing::instrument(name = "command.edit_image", skip_all)]
pub async fn edit_image(
    caller: Caller,
    if_match: IfMatch,
    Path((product_id, image_id)): Path<(ProductId, ImageId)>,
    State(commands): State<Commands>,
    incoming: Incoming<EditImageBody>,
) -> Result<Accepted<ProductAnswer>, ApiError> {
    let context = commands.context(Some(caller.account), &incoming);
    let mut checks = Checks::default();
    let alt = incoming.body.alt;
    let alt = alt.map(|alt| checks.text("alt", &alt, ALT_MAX_CHARS));
    checks.done()?;
    let command = EditImage {
        product_id,
        image_id,
        by: super::authority(&caller),
        expected_version: if_match.expected_version(),
        alt,
        place: incoming.body.place,
    };
    let edit = |work: &mut domain::UnitOfWork| {
        images::edit_image(work, &command)?;
        Ok(ProductAnswer { product_id })
    };
    Ok(answer::ok(commands.execute(&context, edit).await?))
}
