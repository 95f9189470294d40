//! Answers: the position that they reflect, a tag by which a client can ask for news only, and the body.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use events::envelope::Position;
use read_models::cache::Document;
use serde::Serialize;
use web::Problem;
use web::etag::{ETag, not_modified};
use web::position::{POSITION, position_value};

/// What anybody may see may be kept, but is asked for again each time: the tag makes that cheap.
const PUBLIC: HeaderValue = HeaderValue::from_static("public, no-cache");
/// What belongs to somebody is kept by nobody else.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A document of somebody's, tagged by its bytes.
pub fn private(headers: &HeaderMap, position: Position, body: &impl Serialize) -> Result<Response, Problem> {
    let body = to_json(body)?;
    let tag = ETag::of_bytes(&body);
    Ok(respond(headers, position, tag.value().clone(), PRIVATE, body))
}

/// A document of somebody's that can be edited: the tag begins with the version that `If-Match` expects.
pub fn versioned(
    headers: &HeaderMap,
    position: Position,
    version: u64,
    body: &impl Serialize,
) -> Result<Response, Problem> {
    let body = to_json(body)?;
    let tag = ETag::of_version(version, &body);
    Ok(respond(headers, position, tag.value().clone(), PRIVATE, body))
}

/// A document that anybody may see and some can edit: the tag begins with the version that `If-Match` expects.
pub fn public_versioned(
    headers: &HeaderMap,
    position: Position,
    version: u64,
    body: &impl Serialize,
) -> Result<Response, Problem> {
    let body = to_json(body)?;
    let tag = ETag::of_version(version, &body);
    Ok(respond(headers, position, tag.value().clone(), PUBLIC, body))
}

/// A document of somebody's in another form than JSON, tagged by its bytes.
pub fn rendered(headers: &HeaderMap, position: Position, form: HeaderValue, body: Bytes) -> Response {
    let tag = ETag::of_bytes(&body);
    let mut response = respond(headers, position, tag.value().clone(), PRIVATE, body);
    if response.headers().contains_key(CONTENT_TYPE) {
        response.headers_mut().insert(CONTENT_TYPE, form);
    }
    response
}

/// A document that anybody may see, tagged by its bytes.
pub fn public(headers: &HeaderMap, position: Position, body: &impl Serialize) -> Result<Response, Problem> {
    let body = to_json(body)?;
    let tag = ETag::of_bytes(&body);
    Ok(respond(headers, position, tag.value().clone(), PUBLIC, body))
}

/// A finished document of the catalogue.
pub fn finished(headers: &HeaderMap, position: Position, document: Document) -> Response {
    // Proof: tags are made here and in the read models, of letters, digits and points in quotes.
    let tag = HeaderValue::from_str(&document.etag).unwrap_or(HeaderValue::from_static("\"\""));
    respond(headers, position, tag, PUBLIC, document.body)
}

/// The body and its tag, for the cache.
pub fn finish(body: &impl Serialize) -> Result<Document, Problem> {
    let body = to_json(body)?;
    let etag = ETag::of_bytes(&body).value().to_str().unwrap_or("\"\"").into(); // visible text, as above
    Ok(Document { body, etag })
}

fn to_json(body: &impl Serialize) -> Result<Bytes, Problem> {
    serde_json::to_vec(body)
        .map(Bytes::from)
        .map_err(Problem::internal)
}

fn respond(
    headers: &HeaderMap,
    position: Position,
    tag: HeaderValue,
    keep: HeaderValue,
    body: Bytes,
) -> Response {
    let unchanged = not_modified(headers, &tag);
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(body.into());
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        response
    };
    let answered = response.headers_mut();
    answered.insert(POSITION, position_value(position));
    answered.insert(ETAG, tag);
    answered.insert(CACHE_CONTROL, keep);
    response
}
