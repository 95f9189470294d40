//! The id that joins a request's log lines, its answer and the events that it caused.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use crate::problem::Problem;

/// Sent by a client or a proxy, or made here; echoed either way.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// As long as any tracing system's ids, and too short to flood a log.
const MAX_BYTES: usize = 128;

/// A request's id. A handler can take it as an extractor under [`crate::layers::wrap`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The client's own, if it is of 1 to 128 visible ASCII characters, else a new `UUIDv7`.
    pub fn of(headers: &HeaderMap) -> Self {
        let usable = |value: &&HeaderValue| {
            let bytes = value.as_bytes();
            (1..=MAX_BYTES).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
        };
        headers
            .get(REQUEST_ID)
            .filter(usable)
            .map_or_else(Self::generate, |value| Self(value.clone()))
    }

    fn generate() -> Self {
        let id = Uuid::now_v7().to_string();
        // Proof: a UUID's text is visible ASCII.
        Self(HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("unknown")))
    }

    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default() // proof: `of` lets only visible ASCII in
    }

    pub fn value(&self) -> &HeaderValue {
        &self.0
    }

    /// The id as a UUID: itself if it is one, else one that is made of it and always the same.
    pub fn as_uuid(&self) -> Uuid {
        Uuid::parse_str(self.as_str())
            .unwrap_or_else(|_| Uuid::new_v5(&Uuid::NAMESPACE_OID, self.0.as_bytes()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Ok(parts
            .extensions
            .get::<Self>()
            .cloned()
            .unwrap_or_else(|| Self::of(&parts.headers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_for(header: &str) -> RequestId {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_str(header).unwrap());
        RequestId::of(&headers)
    }

    #[test]
    fn a_usable_id_is_kept_and_any_other_replaced() {
        assert_eq!(id_for("abc-1").as_str(), "abc-1");
        for wrong in ["", "a b", &"x".repeat(MAX_BYTES + 1)] {
            let id = id_for(wrong);
            assert_ne!(id.as_str(), wrong);
            assert_eq!(id.as_uuid().to_string(), id.as_str());
        }
    }

    #[test]
    fn a_foreign_id_always_makes_the_same_uuid() {
        assert_eq!(id_for("abc-1").as_uuid(), id_for("abc-1").as_uuid());
        assert_ne!(id_for("abc-1").as_uuid(), id_for("abc-2").as_uuid());
    }
}
