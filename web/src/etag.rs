//! Strong `ETag`s and the conditional headers that go with them.
//!
//! An `ETag` of an editable thing is `"version.position"`: the version of its stream, then the position
//! of the last event that changed the document. `If-Match` compares versions only, so that an edit is
//! refused if the thing was edited since, and not because its stock moved.

use std::fmt::Write;

use axum::extract::FromRequestParts;
use axum::http::header::{AsHeaderName, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// 64 bits tell the versions of one document apart as surely as anything needs.
const HASH_BYTES: usize = 8;

/// A strong entity tag, quotes included. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ETag(HeaderValue);

impl ETag {
    /// For an editable document: the version that `If-Match` expects, and the bytes, which can change without it, as
    /// when a person is erased.
    pub fn of_version(version: u64, bytes: &[u8]) -> Self {
        Self::of_visible_text(&format!("{version}.{}", short_hash(bytes)))
    }

    /// For a document that is only read.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::of_visible_text(&short_hash(bytes))
    }

    fn of_visible_text(text: &str) -> Self {
        // Proof: letters, digits and points make a header's value.
        Self(HeaderValue::try_from(format!("\"{text}\"")).unwrap_or(HeaderValue::from_static("\"\"")))
    }

    pub fn value(&self) -> &HeaderValue {
        &self.0
    }
}

fn short_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..HASH_BYTES]
        .iter()
        .fold(String::with_capacity(2 * HASH_BYTES), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}"); // writing to a String never fails
            hex
        })
}

/// Whether `If-None-Match` names the tag: then the client has the document already, and gets a 304.
pub fn not_modified(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    tags(headers, IF_NONE_MATCH)
        .any(|candidate| candidate == "*" || candidate.strip_prefix("W/").unwrap_or(candidate) == tag)
}

/// Which version `If-Match` expects, if there is one; 400 `invalid_if_match` if it can't be read.
///
/// `If-Match: *` expects nothing but that the thing exists, which every edit does anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IfMatch(Option<u64>);

impl IfMatch {
    pub fn expected_version(self) -> Option<u64> {
        self.0
    }

    /// 412 if another version than `current` is expected.
    pub fn check(self, current: u64) -> Result<(), Problem> {
        match self.0 {
            Some(expected) if expected != current => Err(Problem::precondition_failed()),
            _ => Ok(()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        if !parts.headers.contains_key(IF_MATCH) {
            return Ok(Self(None));
        }
        let mut candidates = tags(&parts.headers, IF_MATCH);
        let version = match (candidates.next(), candidates.next()) {
            (Some("*"), None) => return Ok(Self(None)),
            (Some(tag), None) => version_of(tag),
            _ => None,
        };
        version.map(|version| Self(Some(version))).ok_or_else(|| {
            Problem::bad_request(
                "invalid_if_match",
                "If-Match is one ETag as a query answered it, or *.",
            )
        })
    }
}

fn version_of(tag: &str) -> Option<u64> {
    let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
    inner.split('.').next()?.parse().ok()
}

fn tags(headers: &HeaderMap, name: impl AsHeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn matches_none(header: &str, tag: &ETag) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, HeaderValue::from_str(header).unwrap());
        not_modified(&headers, tag.value())
    }

    #[test]
    fn if_none_match_compares_weakly_and_in_lists() {
        let tag = ETag::of_bytes(b"document");
        let text = tag.value().to_str().unwrap();
        assert!(matches_none(text, &tag));
        assert!(matches_none(&format!("\"other\", W/{text}"), &tag));
        assert!(matches_none("*", &tag));
        assert!(!matches_none("\"other\"", &tag));
        assert!(!not_modified(&HeaderMap::new(), tag.value()));
        assert_ne!(tag, ETag::of_bytes(b"documenu"));
    }

    async fn if_match(header: &str) -> Result<IfMatch, Problem> {
        let request = Request::patch("/").header(IF_MATCH, header).body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        IfMatch::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn if_match_reads_the_version_of_the_tag() {
        for tag in [
            "\"12.345\"",
            "\"12\"",
            ETag::of_version(12, b"{}").value().to_str().unwrap(),
        ] {
            assert_eq!(if_match(tag).await.unwrap().expected_version(), Some(12));
        }
        assert_eq!(if_match("*").await.unwrap().expected_version(), None);
        for wrong in ["12", "\"abc\"", "\"1\", \"2\"", "W/\"1\"", "\"\"", "\"-1\""] {
            assert_eq!(
                if_match(wrong).await.unwrap_err().code(),
                "invalid_if_match",
                "{wrong}"
            );
        }
    }

    #[tokio::test]
    async fn another_version_than_expected_is_a_412() {
        let expected = if_match("\"2.7\"").await.unwrap();
        assert_eq!(expected.check(2), Ok(()));
        assert_eq!(expected.check(3).unwrap_err().status().as_u16(), 412);
        assert_eq!(IfMatch::default().check(3), Ok(()));
    }
}
