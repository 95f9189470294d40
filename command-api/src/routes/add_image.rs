//! `POST /api/products/{id}/images`: an image for a product, to be made into sizes in the background.

use axum::extract::{Request, State};
use domain::images;
use events::ids::{ImageId, ProductId};
use events::image::{ImageAdded, original_key};
use executor::ExecuteError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::problems::{CommandHeaders, Conflict, NotFound, TooMany, Unauthenticated, UploadRejected};
use crate::upload::{UploadParams, Uploads};

/// A form with an image.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documentation; the form is read in `upload`")]
pub struct ImageForm {
    /// JPEG, PNG or WebP.
    #[schema(value_type = String, format = Binary)]
    image: Vec<u8>,
    /// What it shows, for those who can't see it.
    alt: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct ImageAnswer {
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    #[schema(value_type = Uuid)]
    image_id: ImageId,
}

/// Adds an image to a product
///
/// In a form, or as the body itself. It comes last among the product's images, as `processing`; the product's document
/// tells when it is `ready`, and in which sizes. A product has at most 12: 409 `too_many_images`.
#[utoipa::path(
    post, path = "/api/products/{id}/images", tag = "products", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The product."), UploadParams, CommandHeaders),
    request_body(content(
        (ImageForm = "multipart/form-data"),
        (Vec<u8> = "image/jpeg"),
        (Vec<u8> = "image/png"),
        (Vec<u8> = "image/webp")
    )),
    responses((status = 201, body = ImageAnswer), UploadRejected, Unauthenticated, NotFound, Conflict, TooMany)
)]
#[tracing::instrument(name = "command.add_image", skip_all)]
pub async fn add_image(
    caller: Caller,
    Path(product_id): Path<ProductId>,
    State(commands): State<Commands>,
    State(uploads): State<Uploads>,
    request: Request,
) -> Result<Accepted<ImageAnswer>, ApiError> {
    let incoming = uploads.read(request).await?;
    let by = super::authority(&caller);
    let context = commands.context(Some(caller.account), &incoming);
    if let Some(answered) = commands.answered::<ImageAnswer>(&context).await? {
        return Ok(created(answered));
    }
    // Nothing is stored for what would be refused anyway.
    commands
        .inspect(&context, |work| images::check_room(work, product_id, by))
        .await?;
    let upload = incoming.body;
    let image_id = ImageId::generate();
    let key = original_key(product_id, image_id, &upload.content);
    uploads.put(&key, &upload).await?;
    let added = ImageAdded {
        product_id,
        image_id,
        original: upload.content.clone(),
        format: upload.format,
        bytes: upload.bytes.len() as u64,
        width: upload.width,
        height: upload.height,
        alt: upload.alt.clone(),
        added_at: context.now,
    };
    let add = |work: &mut domain::UnitOfWork| {
        images::add_image(work, by, &added)?;
        Ok(ImageAnswer { product_id, image_id })
    };
    let accepted = commands.execute(&context, add).await;
    if is_left_over(&accepted, image_id) {
        uploads.discard(&key).await;
    }
    Ok(created(accepted?))
}

/// Whether it is certain that the log doesn't hold this image: it was refused, or another request with the same key was
/// quicker.
fn is_left_over(accepted: &Result<executor::Accepted<ImageAnswer>, ExecuteError>, image_id: ImageId) -> bool {
    match accepted {
        Ok(accepted) => accepted.value.image_id != image_id,
        Err(ExecuteError::Refused(_) | ExecuteError::Taken { .. } | ExecuteError::KeyReused) => true,
        Err(_) => false,
    }
}

fn created(accepted: executor::Accepted<ImageAnswer>) -> Accepted<ImageAnswer> {
    answer::created(accepted, |answer| format!("/api/products/{}", answer.product_id))
}
