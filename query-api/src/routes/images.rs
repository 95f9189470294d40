//! `GET /api/images/{image}/{file}`: an image in one of its sizes. What is under such an address never changes, so whoever
//! has it may keep it.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use std::time::Duration;

use events::ids::ImageId;
use events::image::{ContentHash, size_key};
use platform::blobs::{Blob, BlobStore};
use read_models::ViewName;
use read_models::query::images;
use web::etag::not_modified;
use web::position::{MinPosition, POSITION, position_value};
use web::{Path, Problem};

use super::{Missing, QueryHeaders, Unanswered};
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};

const VIEWS: &[ViewName] = &[ViewName::Products];
const WEBP: HeaderValue = HeaderValue::from_static("image/webp");
/// A year, as long as caches are asked to keep anything.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// A bucket that doesn't answer is back in seconds, as a rule.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// An image of a product
///
/// In one of the sizes that the product's document lists. What has been fetched can be kept for ever.
#[utoipa::path(
    get, path = "/api/images/{id}/{file}", tag = "products",
    params(
        ("id" = Uuid, Path, description = "The image."),
        ("file" = String, Path, description = "Its width in pixels, such as `480.webp`."),
        QueryHeaders
    ),
    responses((status = 200, content_type = "image/webp", body = Vec<u8>), Unanswered, Missing)
)]
pub async fn file(
    Path((id, file)): Path<(ImageId, String)>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(blobs): State<BlobStore>,
) -> Result<Response, Problem> {
    let width = width(&file).ok_or_else(Problem::not_found)?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let image = images::image(snapshot.conn(), id).await.map_err(store_failed)?;
    drop(snapshot);
    let image = image.ok_or_else(Problem::not_found)?;
    let size = image.size(width).ok_or_else(Problem::not_found)?;
    let tag = tag(&size.content);
    let mut response = if not_modified(&headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let key = size_key(image.product_id, id, &size.content);
        shown(blobs.get(&key).await, &key)?
    };
    let answered = response.headers_mut();
    answered.insert(POSITION, position_value(position));
    answered.insert(ETAG, tag);
    answered.insert(CACHE_CONTROL, FOR_EVER);
    Ok(response)
}

/// `480` of `480.webp`, written in one way only.
fn width(file: &str) -> Option<u32> {
    let digits = file.strip_suffix(".webp")?;
    let width: u32 = digits.parse().ok()?;
    (width.to_string() == digits).then_some(width)
}

fn tag(content: &ContentHash) -> HeaderValue {
    // Proof: a content hash is hexadecimal digits.
    HeaderValue::try_from(format!("\"{content}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

fn shown(found: Result<Option<Blob>, platform::blobs::BlobError>, key: &str) -> Result<Response, Problem> {
    let unavailable = || Problem::unavailable(RETRY_AFTER, "image_unavailable");
    let blob = found.map_err(|error| {
        tracing::warn!(%error, "an image can't be read now");
        unavailable()
    })?;
    let blob = blob.ok_or_else(|| {
        tracing::error!(
            key,
            "the blob of an image is missing: do workers and query API share their blobs?"
        );
        unavailable()
    })?;
    let length = blob.length();
    let mut response = Response::new(Body::from_stream(blob.into_stream()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, WEBP);
    headers.insert(CONTENT_LENGTH, length.into());
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_has_one_name() {
        assert_eq!(width("480.webp"), Some(480));
        for other in [
            "480",
            "480.png",
            "0480.webp",
            "+480.webp",
            ".webp",
            "-1.webp",
            "x.webp",
        ] {
            assert_eq!(width(other), None, "{other}");
        }
    }
}
