//! Positions in the log as HTTP headers, and the answer to an accepted command.
//!
//! How a query waits for a position is the query API's business.

use axum::extract::FromRequestParts;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use events::envelope::Position;
use serde::Serialize;

use crate::problem::Problem;

/// Of a command's answer: its place in the log. Of a query's answer: how much of the log it reflects.
pub const POSITION: HeaderName = HeaderName::from_static("tillstream-position");

/// Of a query: how much of the log its answer must reflect.
pub const MIN_POSITION: HeaderName = HeaderName::from_static("tillstream-min-position");

/// Of a command: names it, so that sending it twice runs it once.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Of a command's answer: this is the answer that an earlier request with the same key got.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The position that the answer must reflect, if the client asks for one; 400 `invalid_min_position`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MinPosition(pub Option<Position>);

impl<S: Send + Sync> FromRequestParts<S> for MinPosition {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(header) = parts.headers.get(MIN_POSITION) else {
            return Ok(Self(None));
        };
        let position = header.to_str().ok().and_then(|text| text.parse().ok());
        if position.is_none() {
            return Err(Problem::bad_request(
                "invalid_min_position",
                "Tillstream-Min-Position is a whole number, as Tillstream-Position had it.",
            ));
        }
        Ok(Self(position))
    }
}

/// A position as a header's value.
pub fn position_value(position: Position) -> HeaderValue {
    HeaderValue::from(position)
}

/// The answer to a command that is in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted<T> {
    status: StatusCode,
    position: Position,
    replayed: bool,
    location: Option<String>,
    body: Option<T>,
}

impl<T> Accepted<T> {
    fn new(status: StatusCode, position: Position, body: Option<T>) -> Self {
        Self {
            status,
            position,
            replayed: false,
            location: None,
            body,
        }
    }

    /// 200: it's done.
    pub fn ok(position: Position, body: T) -> Self {
        Self::new(StatusCode::OK, position, Some(body))
    }

    /// 201: something new is at `location`, a path such as `/api/orders/…`.
    pub fn created(position: Position, location: impl Into<String>, body: T) -> Self {
        let mut accepted = Self::new(StatusCode::CREATED, position, Some(body));
        accepted.location = Some(location.into());
        accepted
    }

    /// 202: it is recorded, and its effect comes later.
    pub fn later(position: Position, body: T) -> Self {
        Self::new(StatusCode::ACCEPTED, position, Some(body))
    }

    /// Any status, as a stored outcome has it.
    pub fn with_status(status: StatusCode, position: Position, body: T) -> Self {
        Self::new(status, position, Some(body))
    }

    #[must_use]
    pub fn at_location(mut self, location: Option<String>) -> Self {
        self.location = location;
        self
    }

    /// Whether this is the answer that an earlier request with the same key got.
    #[must_use]
    pub fn replayed(mut self, replayed: bool) -> Self {
        self.replayed = replayed;
        self
    }
}

impl Accepted<()> {
    /// 204: it's done and there's nothing to tell.
    pub fn no_content(position: Position) -> Self {
        Self::new(StatusCode::NO_CONTENT, position, None)
    }
}

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(body) = self.body {
            match serde_json::to_vec(&body) {
                Ok(bytes) => *response.body_mut() = bytes.into(),
                Err(error) => return Problem::internal(error).into_response(),
            }
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(CONTENT_TYPE, json);
        }
        let headers = response.headers_mut();
        headers.insert(POSITION, position_value(self.position));
        if self.replayed {
            headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
        if let Some(location) = self
            .location
            .and_then(|location| HeaderValue::try_from(location).ok())
        {
            headers.insert(LOCATION, location);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn min_position(header: Option<&str>) -> Result<MinPosition, Problem> {
        let mut request = Request::get("/");
        if let Some(header) = header {
            request = request.header(MIN_POSITION, header);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        MinPosition::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn a_min_position_is_a_whole_number() {
        assert_eq!(min_position(None).await, Ok(MinPosition(None)));
        assert_eq!(min_position(Some("17")).await, Ok(MinPosition(Some(17))));
        for wrong in ["", "-1", "1.5", "x", "18446744073709551616"] {
            let problem = min_position(Some(wrong)).await.unwrap_err();
            assert_eq!(problem.code(), "invalid_min_position", "{wrong:?}");
        }
    }

    #[test]
    fn an_accepted_command_says_where_it_is() {
        let response = Accepted::created(7, "/api/orders/1", "x")
            .replayed(true)
            .into_response();
        assert_eq!(response.status(), StatusCode::CREATED);
        let headers = response.headers();
        assert_eq!(headers[POSITION], "7");
        assert_eq!(headers[IDEMPOTENCY_REPLAYED], "true");
        assert_eq!(headers[LOCATION], "/api/orders/1");
        assert_eq!(headers[CONTENT_TYPE], "application/json");
    }

    #[test]
    fn a_first_answer_is_not_marked_as_replayed() {
        let response = Accepted::no_content(7).into_response();
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert!(!response.headers().contains_key(IDEMPOTENCY_REPLAYED));
        assert!(!response.headers().contains_key(CONTENT_TYPE));
    }
}
