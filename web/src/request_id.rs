//! The id that joins a request's log lines, its answer and the events that it caused.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use uuid::fmt::Hyphenated;
use uuid::{Builder, Uuid};

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

    /// Every request needs one and nobody is kept out by it, so it doesn't ask the system for randomness each time:
    /// it is of this moment, of this process, and of a number in it.
    fn generate() -> Self {
        static PROCESS: LazyLock<[u8; 16]> = LazyLock::new(|| *Uuid::new_v4().as_bytes());
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX);
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&PROCESS[..10]);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        // In the last six bytes the version's and the variant's bits can't hide any of it.
        for (byte, of_number) in bytes[4..].iter_mut().zip(&number[2..]) {
            *byte ^= of_number;
        }
        let id = Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid();
        let mut text = [0; Hyphenated::LENGTH];
        let text = id.hyphenated().encode_lower(&mut text);
        // Proof: a UUID's text is visible ASCII.
        Self(HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unknown")))
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
    use std::collections::BTreeSet;

    use uuid::{Variant, Version};

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
    fn new_ids_are_uuids_of_this_moment_and_differ() {
        let ids: Vec<_> = (0..10_000).map(|_| RequestId::generate()).collect();
        let distinct: BTreeSet<_> = ids.iter().map(|id| id.as_str().to_owned()).collect();
        assert_eq!(distinct.len(), ids.len());
        for id in ids {
            let uuid = Uuid::parse_str(id.as_str()).unwrap();
            assert_eq!(uuid.get_version(), Some(Version::SortRand));
            assert_eq!(uuid.get_variant(), Variant::RFC4122);
        }
    }

    #[test]
    fn a_foreign_id_always_makes_the_same_uuid() {
        assert_eq!(id_for("abc-1").as_uuid(), id_for("abc-1").as_uuid());
        assert_ne!(id_for("abc-1").as_uuid(), id_for("abc-2").as_uuid());
    }
}
