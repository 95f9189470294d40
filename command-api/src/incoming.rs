//! A command as it comes in: its body, and what its headers say about it.
//!
//! Who calls is `web::Caller`'s; what the body means is each endpoint's.

use axum::extract::{FromRequest, OptionalFromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use uuid::Uuid;
use web::Problem;
use web::idempotency::{self, IdempotencyKey};
use web::json;
use web::request_id::RequestId;

/// W3C Trace Context, version 00: `00-<32 hex>-<16 hex>-<2 hex>`.
const TRACE_PARENT: &str = "traceparent";
const TRACE_PARENT_LENS: [usize; 4] = [2, 32, 16, 2];

/// The body of a command that needs none: nothing at all, or `{}`.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}

/// A body with its headers. An empty body is read as `{}`, so that a command whose fields are all
/// optional can do without one.
#[derive(Debug)]
pub struct Incoming<B> {
    pub body: B,
    pub correlation_id: Uuid,
    pub trace_parent: Option<String>,
    pub key: Option<IdempotencyKey>,
    /// SHA-256, in hex, of method, path and body.
    pub fingerprint: String,
}

/// What a command's headers say about it.
pub struct Head {
    correlation_id: Uuid,
    trace_parent: Option<String>,
    key: Option<IdempotencyKey>,
}

impl Head {
    /// 400 `invalid_idempotency_key`.
    pub async fn read(parts: &mut Parts) -> Result<Self, Problem> {
        let key = <IdempotencyKey as OptionalFromRequestParts<()>>::from_request_parts(parts, &()).await?;
        let request_id = parts.extensions.get::<RequestId>().cloned();
        let correlation_id = request_id
            .unwrap_or_else(|| RequestId::of(&parts.headers))
            .as_uuid();
        Ok(Self {
            correlation_id,
            trace_parent: trace_parent(&parts.headers),
            key,
        })
    }

    /// With a body, and the bytes that tell it from others.
    pub fn with<B>(self, (method, uri): (&Method, &Uri), body: B, bytes: &[u8]) -> Incoming<B> {
        let path = uri.path_and_query().map_or(uri.path(), |path| path.as_str());
        Incoming {
            body,
            correlation_id: self.correlation_id,
            trace_parent: self.trace_parent,
            key: self.key,
            fingerprint: idempotency::fingerprint(method, path, bytes),
        }
    }
}

impl<B: DeserializeOwned, S: Send + Sync> FromRequest<S> for Incoming<B> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let head = Head::read(&mut parts).await?;
        let (method, uri, headers) = (parts.method.clone(), parts.uri.clone(), parts.headers.clone());
        let bytes = json::read_body(Request::from_parts(parts, body), state).await?;
        let body = if bytes.is_empty() {
            json::parse(b"{}")?
        } else {
            json::require_json(&headers)?;
            json::parse(&bytes)?
        };
        Ok(head.with((&method, &uri), body, &bytes))
    }
}

impl<B> Incoming<B> {
    /// Without its idempotency key, for commands whose answers are secrets: those aren't kept.
    #[must_use]
    pub fn keyless(self) -> Self {
        Self { key: None, ..self }
    }
}

/// What isn't a trace's parent is no error: the trace begins here.
pub(crate) fn trace_parent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(TRACE_PARENT)?.to_str().ok()?;
    let mut parts = text.split('-');
    let well_formed = TRACE_PARENT_LENS.iter().all(|len| {
        parts
            .next()
            .is_some_and(|part| part.len() == *len && part.bytes().all(|b| b.is_ascii_hexdigit()))
    });
    (well_formed && parts.next().is_none()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn read(text: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(TRACE_PARENT, HeaderValue::from_static(text));
        trace_parent(&headers)
    }

    #[test]
    fn only_a_well_formed_trace_parent_is_kept() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(read(good).as_deref(), Some(good));
        for wrong in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-4bf92f3577b34da6a3ce929d0e0e473z-00f067aa0ba902b7-01",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
