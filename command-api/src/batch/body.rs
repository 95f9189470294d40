//! The body of an upload, on its way into a file: counted and hashed as it comes, never in memory as a whole.

use std::fs::File;

use axum::extract::{FromRef, FromRequest, OptionalFromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use bulk::Format;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::sync::OwnedSemaphorePermit;
use web::Problem;
use web::idempotency::{self, IdempotencyKey};
use web::pace::PacedBody;
use web::request_id::RequestId;

use super::Batches;
use crate::incoming::{self, Incoming};

/// Ten thousand products with half a page of description each.
pub const BODY_MAX_BYTES: usize = 32 * 1024 * 1024;

/// The formats, for whoever sends another one.
const MEDIA_TYPES: &str = "application/json, application/x-ndjson or text/csv";

/// A file that nobody else sees and that vanishes with this, and the place that it takes.
#[derive(Debug)]
pub struct UploadedFile {
    pub file: File,
    pub format: Format,
    _place: OwnedSemaphorePermit,
}

/// See the module. 415 for other media types, 413 for what is too long, 408 for what stops coming, 429 when too many are under way.
pub struct Upload(pub Incoming<UploadedFile>);

impl<S> FromRequest<S> for Upload
where
    Batches: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let key =
            <IdempotencyKey as OptionalFromRequestParts<S>>::from_request_parts(&mut parts, state).await?;
        let format = format(&parts.headers)?;
        let batches = Batches::from_ref(state);
        let place = batches.enter()?;
        let request_id = parts.extensions.get::<RequestId>().cloned();
        let request_id = request_id.unwrap_or_else(|| RequestId::of(&parts.headers));
        let file = tokio::task::spawn_blocking(tempfile::tempfile).await;
        let file = file.map_err(Problem::internal)?.map_err(Problem::internal)?;
        let (file, digest) = receive(PacedBody::new(body, batches.pace), file).await?;
        let path = parts.uri.path_and_query();
        let path = path.map_or(parts.uri.path(), |path| path.as_str());
        Ok(Self(Incoming {
            body: UploadedFile {
                file,
                format,
                _place: place,
            },
            correlation_id: request_id.as_uuid(),
            trace_parent: incoming::trace_parent(&parts.headers),
            key,
            // Of the body's hash rather than the body: as telling, and it was made on the way.
            fingerprint: idempotency::fingerprint(&parts.method, path, &digest),
        }))
    }
}

fn format(headers: &HeaderMap) -> Result<Format, Problem> {
    let essence = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|essence| essence.trim().to_ascii_lowercase());
    essence
        .and_then(|essence| Format::of_media_type(&essence))
        .ok_or_else(|| Problem::unsupported_media_type(MEDIA_TYPES))
}

async fn receive(mut body: PacedBody, file: File) -> Result<(File, Vec<u8>), Problem> {
    let mut file = tokio::fs::File::from_std(file);
    let mut digest = Sha256::new();
    let mut length = 0;
    while let Some(chunk) = body.next().await? {
        length += chunk.len();
        if length > BODY_MAX_BYTES {
            return Err(Problem::payload_too_large());
        }
        digest.update(&chunk);
        file.write_all(&chunk).await.map_err(Problem::internal)?;
    }
    file.flush().await.map_err(Problem::internal)?;
    Ok((file.into_std().await, digest.finalize().to_vec()))
}
