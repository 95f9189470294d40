//! The `Idempotency-Key` header, and the fingerprint that tells a repeat from a misuse of the key.
//!
//! Keeping keys and answers is the event log's business.

use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, Request};
use axum::http::Method;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::json;
use crate::position::IDEMPOTENCY_KEY;
use crate::problem::Problem;

/// Longer than any UUID or ULID, short enough for an index.
pub const MAX_KEY_BYTES: usize = 255;

/// A client's name for one command: 1 to [`MAX_KEY_BYTES`] visible ASCII characters.
///
/// `Option<IdempotencyKey>` where it may be missing; on its own, 400 `idempotency_key_missing`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }

    fn from_parts(parts: &Parts) -> Result<Option<Self>, Problem> {
        let mut values = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let bytes = value.as_bytes();
        let visible = bytes.iter().all(u8::is_ascii_graphic);
        if values.next().is_some() || bytes.is_empty() || bytes.len() > MAX_KEY_BYTES || !visible {
            return Err(Problem::bad_request(
                "invalid_idempotency_key",
                format_args!(
                    "Idempotency-Key is one value of 1 to {MAX_KEY_BYTES} visible ASCII characters."
                ),
            ));
        }
        // Proof: every byte is visible ASCII.
        Ok(Some(Self(String::from_utf8_lossy(bytes).into_owned())))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::from_parts(parts)?.ok_or_else(|| {
            Problem::bad_request(
                "idempotency_key_missing",
                "This command needs an Idempotency-Key.",
            )
        })
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Problem> {
        Self::from_parts(parts)
    }
}

/// SHA-256, in hex, of what makes two requests the same one: method, path with query, body.
pub fn fingerprint(method: &Method, path_and_query: &str, body: &[u8]) -> String {
    let mut hasher = Sha256::new();
    for part in [method.as_str().as_bytes(), path_and_query.as_bytes(), body] {
        // With its length in front, so that no two requests can run together to the same bytes.
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hex::encode(hasher.finalize())
}

/// A JSON body together with its request's fingerprint; fails as [`crate::Json`] does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprinted<T> {
    pub body: T,
    pub fingerprint: String,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Fingerprinted<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        json::require_json(request.headers())?;
        let method = request.method().clone();
        let uri = request.uri().clone();
        let path = uri.path_and_query().map_or(uri.path(), |path| path.as_str());
        let bytes = json::read_body(request, state).await?;
        let fingerprint = fingerprint(&method, path, &bytes);
        let body = json::parse(&bytes)?;
        Ok(Self { body, fingerprint })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use axum::body::Body;
    use axum::http::header::CONTENT_TYPE;

    use super::*;

    async fn key(header: &str) -> Result<IdempotencyKey, Problem> {
        let request = Request::post("/")
            .header(IDEMPOTENCY_KEY, header)
            .body(())
            .unwrap();
        let (mut parts, ()) = request.into_parts();
        <IdempotencyKey as FromRequestParts<()>>::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn a_key_is_visible_ascii_of_bounded_length() {
        assert_eq!(key("a-1").await.unwrap().as_str(), "a-1");
        assert!(key(&"x".repeat(MAX_KEY_BYTES)).await.is_ok());
        for wrong in ["", "a b", "\u{e9}", &"x".repeat(MAX_KEY_BYTES + 1)] {
            assert_eq!(
                key(wrong).await.unwrap_err().code(),
                "invalid_idempotency_key",
                "{wrong:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_missing_key_is_an_error_only_where_it_is_needed() {
        let (mut parts, ()) = Request::post("/").body(()).unwrap().into_parts();
        let optional: Result<Option<IdempotencyKey>, _> =
            <IdempotencyKey as OptionalFromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
        assert_eq!(optional, Ok(None));
        let needed = <IdempotencyKey as FromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
        assert_eq!(needed.unwrap_err().code(), "idempotency_key_missing");
    }

    #[test]
    fn the_fingerprint_tells_requests_apart() {
        let base = fingerprint(&Method::POST, "/a", b"b");
        assert_eq!(base, fingerprint(&Method::POST, "/a", b"b"));
        assert_ne!(base, fingerprint(&Method::PUT, "/a", b"b"));
        assert_ne!(base, fingerprint(&Method::POST, "/ab", b""));
        assert_ne!(base, fingerprint(&Method::POST, "/a", b"c"));
    }

    #[tokio::test]
    async fn the_body_is_fingerprinted_as_it_was_sent() {
        let request = Request::post("/a?x=1").header(CONTENT_TYPE, "application/json");
        let request = request.body(Body::from(r#"{"a": 1}"#)).unwrap();
        let read = Fingerprinted::<BTreeMap<String, u8>>::from_request(request, &())
            .await
            .unwrap();
        assert_eq!(read.body["a"], 1);
        let sent = fingerprint(&Method::POST, "/a?x=1", br#"{"a": 1}"#);
        assert_eq!(read.fingerprint, sent);
    }
}
