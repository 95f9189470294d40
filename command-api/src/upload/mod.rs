//! An uploaded image on its way in: how it comes in a request, what its bytes say that it is, and where it is put. What is
//! said of it, by a file's name or a media type, is not trusted; nothing is decoded here but a header.
//!
//! Whose product it is for is the domain's, making something of it the workers'.

mod form;
mod header;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use bytes::BytesMut;
use domain::product::ALT_MAX_CHARS;
use events::image::{ContentHash, ImageFormat};
use platform::blobs::{BlobError, BlobStore};
use serde::Deserialize;
use tokio::sync::Semaphore;
use utoipa::IntoParams;
use web::Problem;
use web::pace::{Pace, PacedBody};
use web::params::parse_query;

use crate::incoming::{Head, Incoming};
use crate::validation::Checks;

/// What an upload may be long, unless the shop says otherwise: a telephone's photograph twice over.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;
/// Of how many pixels an image may be, unless the shop says otherwise: decoded it takes four bytes for each.
pub const MAX_PIXELS: u64 = 40_000_000;
/// What a form has around the image: boundaries, headers, and the words for what it shows.
const FORM_BYTES: usize = 16 * 1024;
/// How much of a body that is too long is read, and forgotten, before that is said.
const LET_BY_MAX_BYTES: usize = 16 * 1024 * 1024;
/// Uploads in memory at once, per process.
const UPLOADS_MAX: usize = 16;
/// About as long as an upload takes.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// What an upload may be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageLimits {
    pub max_bytes: usize,
    pub max_pixels: u64,
}

impl Default for ImageLimits {
    fn default() -> Self {
        Self {
            max_bytes: MAX_BYTES,
            max_pixels: MAX_PIXELS,
        }
    }
}

/// Takes uploads in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Uploads {
    blobs: BlobStore,
    limits: ImageLimits,
    pace: Pace,
    turns: Arc<Semaphore>,
}

/// An upload that is an image, as far as its header tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub bytes: Bytes,
    /// SHA-256 of the bytes.
    pub content: ContentHash,
    pub format: ImageFormat,
    /// In pixels.
    pub width: u32,
    pub height: u32,
    /// What it shows, in words.
    pub alt: String,
}

/// What stands in the URL.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadParams {
    /// What the image shows, for those who can't see it; in a form, the field `alt` says so.
    alt: Option<String>,
}

/// Bytes of a form or of a bare body.
struct Parts {
    image: Bytes,
    alt: Option<String>,
}

impl Uploads {
    pub fn new(blobs: BlobStore, limits: ImageLimits, pace: Pace) -> Self {
        Self {
            blobs,
            limits,
            pace,
            turns: Arc::new(Semaphore::new(UPLOADS_MAX)),
        }
    }

    /// Reads an upload: a form (`multipart/form-data`) with `image` and `alt`, or the image alone. 408 when it stops coming, 413 when it is too
    /// long, 415 when it is no image that we take, 422 when its header makes no sense or it has too many pixels, 429 when too
    /// many are on their way.
    pub async fn read(&self, request: Request) -> Result<Incoming<Upload>, Problem> {
        let _turn = self
            .turns
            .try_acquire()
            .map_err(|_| Problem::too_many_requests(RETRY_AFTER))?;
        let (mut parts, body) = request.into_parts();
        let head = Head::read(&mut parts).await?;
        let params: UploadParams = parse_query(parts.uri.query().unwrap_or_default())?;
        let boundary = boundary(&parts.headers)?;
        let room = if boundary.is_some() { FORM_BYTES } else { 0 };
        let body = PacedBody::new(body, self.pace);
        let bytes = read_body(&parts.headers, body, self.limits.max_bytes + room).await?;
        let found = match boundary {
            Some(boundary) => form::read(bytes, boundary).await?,
            None => Parts {
                image: bytes,
                alt: None,
            },
        };
        if found.image.len() > self.limits.max_bytes {
            return Err(Problem::payload_too_large());
        }
        let mut checks = Checks::default();
        let alt = found.alt.or(params.alt).unwrap_or_default();
        let alt = checks.text("alt", &alt, ALT_MAX_CHARS);
        checks.done()?;
        let upload = self.look_at(found.image, alt).await?;
        // Not of the body: a form's boundary is another one each time it is sent.
        let told = format!("{} {}", upload.content, upload.alt);
        Ok(head.with((&parts.method, &parts.uri), upload, told.as_bytes()))
    }

    /// Hashing takes a core for a moment, and so would a header that goes on and on.
    async fn look_at(&self, bytes: Bytes, alt: String) -> Result<Upload, Problem> {
        let max_pixels = self.limits.max_pixels;
        let looked = tokio::task::spawn_blocking(move || header::look_at(bytes, alt, max_pixels));
        looked.await.map_err(Problem::internal)?
    }

    pub async fn put(&self, key: &str, upload: &Upload) -> Result<(), Problem> {
        let put = self.blobs.put(key, upload.bytes.clone()).await;
        put.map_err(|error: BlobError| {
            tracing::error!(%error, "an upload can't be kept");
            Problem::unavailable(RETRY_AFTER, "blobs_unavailable")
        })
    }

    /// Throws away what was put and isn't wanted after all. That it can't be is no reason to fail: nobody sees it.
    pub async fn discard(&self, key: &str) {
        if let Err(error) = self.blobs.delete(key).await {
            tracing::warn!(%error, "an upload that was refused is left over");
        }
    }
}

/// The boundary of a form; none of a bare image; 415 for anything else.
fn boundary(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let unsupported =
        || Problem::unsupported_media_type("multipart/form-data, image/jpeg, image/png or image/webp");
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let given = given.ok_or_else(unsupported)?;
    let essence = given.split(';').next().unwrap_or_default();
    match essence.trim().to_ascii_lowercase().as_str() {
        "image/jpeg" | "image/png" | "image/webp" => Ok(None),
        "multipart/form-data" => match multer::parse_boundary(given) {
            Ok(boundary) => Ok(Some(boundary)),
            Err(error) => Err(form::malformed(error)),
        },
        _ => Err(unsupported()),
    }
}

/// All of it, unless it is longer than `max` bytes; then no more than that is kept.
async fn read_body(headers: &HeaderMap, mut body: PacedBody, max: usize) -> Result<Bytes, Problem> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced: Option<u64> = announced.and_then(|length| length.parse().ok());
    if announced.is_some_and(|length| length > max as u64) {
        return Err(too_long(body).await);
    }
    let mut whole = BytesMut::new();
    while let Some(piece) = body.next().await? {
        if whole.len() + piece.len() > max {
            return Err(too_long(body).await);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// 413, once the rest has been let by: a client that is still sending when its connection closes sees that, and no answer.
async fn too_long(mut rest: PacedBody) -> Problem {
    let mut left = LET_BY_MAX_BYTES;
    while let Ok(Some(piece)) = rest.next().await {
        left = left.saturating_sub(piece.len());
        if left == 0 {
            break;
        }
    }
    Problem::payload_too_large()
}

/// 415 for bytes that are no image of a kind that we take.
fn not_an_image() -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "image_type_unsupported")
        .with_detail("This is neither a JPEG nor a PNG nor a WebP, whatever it is called.")
}
