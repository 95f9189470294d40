//! Every error answer, as RFC 9457 has it: `application/problem+json` with a stable `code`.
//!
//! Which domain error becomes which problem is each API's to say.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use wording::{Fault, Unreadable};

/// The media type of every error answer.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What is wrong with one field of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where, as a path such as `variants[0].price`; `.` for the whole body.
    pub field: String,
    /// Stable, for programs.
    pub code: Cow<'static, str>,
    /// For people.
    pub message: String,
}

impl FieldError {
    pub fn new(
        field: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl fmt::Display,
    ) -> Self {
        Self {
            field: field.into(),
            code: code.into(),
            message: message.to_string(),
        }
    }
}

impl From<Unreadable> for FieldError {
    fn from(unreadable: Unreadable) -> Self {
        let code = match unreadable.fault {
            Fault::Missing => "missing",
            Fault::Duplicate => "duplicate",
            Fault::Invalid => "invalid",
        };
        Self::new(unreadable.field, code, unreadable.message)
    }
}

/// The document that a client gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// `/problems/<code>`: stable, and relative to the shop's origin.
    #[serde(rename = "type")]
    type_uri: String,
    /// The status in words.
    title: &'static str,
    /// The HTTP status, once more.
    status: u16,
    /// What went wrong this time, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What went wrong, for programs; it never changes.
    #[schema(value_type = String, example = "not_found")]
    code: Cow<'static, str>,
    /// The fields that are at fault, if any are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// Seconds until it's worth trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

/// An error answer. Small, so that it can be the error of every handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(Box<ProblemDocument>);

impl Problem {
    /// A problem of any status; the named constructors below say what each status is for.
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>) -> Self {
        let code = code.into();
        Self(Box::new(ProblemDocument {
            type_uri: format!("/problems/{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: None,
            code,
            errors: Vec::new(),
            retry_after: None,
        }))
    }

    /// Says to people what went wrong this time. Never put an internal error in here.
    #[must_use]
    pub fn with_detail(mut self, detail: impl fmt::Display) -> Self {
        self.0.detail = Some(detail.to_string());
        self
    }

    /// Names the fields that are at fault.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// Tells when to try again, in whole seconds, rounded up and at least one.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        let rounded_up = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        self.0.retry_after = Some(rounded_up.max(1));
        self
    }

    /// 400: the request makes no sense as HTTP or as JSON.
    pub fn bad_request(code: impl Into<Cow<'static, str>>, detail: impl fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code).with_detail(detail)
    }

    /// 401: nobody is logged in, or the token isn't good.
    pub fn unauthorized(code: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code)
    }

    /// 403: logged in, and not allowed.
    pub fn forbidden(code: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code)
    }

    /// 404: nothing is there, or nothing that this caller may know of.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found").with_detail("There is nothing here for you.")
    }

    /// 409: the state of things doesn't allow it.
    pub fn conflict(code: impl Into<Cow<'static, str>>, detail: impl fmt::Display) -> Self {
        Self::new(StatusCode::CONFLICT, code).with_detail(detail)
    }

    /// 412: somebody else has changed it since the `If-Match` version.
    pub fn precondition_failed() -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "precondition_failed")
            .with_detail("It has been changed since; read it again.")
    }

    /// 413: the body is longer than this route takes.
    pub fn payload_too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large")
            .with_detail("The body is longer than this route takes.")
    }

    /// 415: the body isn't of the expected media type.
    pub fn unsupported_media_type(expected: &str) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
            .with_detail(format_args!("Send Content-Type: {expected}."))
    }

    /// 422: well-formed, and its fields are at fault.
    pub fn unprocessable(errors: Vec<FieldError>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field").with_errors(errors)
    }

    /// 422 for a reason that isn't one field's.
    pub fn unprocessable_with(code: impl Into<Cow<'static, str>>, detail: impl fmt::Display) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code).with_detail(detail)
    }

    /// 429: too often.
    pub fn too_many_requests(retry_after: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests")
            .with_detail("This was tried too often; try again later.")
            .with_retry_after(retry_after)
    }

    /// 503: not now.
    pub fn unavailable(retry_after: Duration, code: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code).with_retry_after(retry_after)
    }

    /// 500: our fault. The cause goes to the log, here and once, within the request's span and so
    /// with its id; the client learns nothing of it.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(error = %cause, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error")
    }

    pub fn status(&self) -> StatusCode {
        // Proof: it was made from a `StatusCode` in `new`.
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub fn code(&self) -> &str {
        &self.0.code
    }

    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.status, self.0.code)?;
        self.detail().map_or(Ok(()), |detail| write!(f, ": {detail}"))
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Plain structs with text keys always have a JSON form.
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = self.0.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl utoipa::PartialSchema for Problem {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        ProblemDocument::schema()
    }
}

impl ToSchema for Problem {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Problem")
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        ProblemDocument::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn body_of(response: Response) -> serde_json::Value {
        serde_json::from_slice(&to_bytes(response.into_body(), 10_000).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_problem_is_rfc_9457_json() {
        let errors = vec![FieldError::new(
            "variants[0].price",
            "negative",
            "a price is positive",
        )];
        let response = Problem::unprocessable(errors).into_response();
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_JSON);
        assert_eq!(
            body_of(response).await,
            serde_json::json!({
                "type": "/problems/invalid_field",
                "title": "Unprocessable Entity",
                "status": 422,
                "code": "invalid_field",
                "errors": [{"field": "variants[0].price", "code": "negative", "message": "a price is positive"}],
            })
        );
    }

    #[tokio::test]
    async fn retry_after_is_in_whole_seconds_rounded_up() {
        let response = Problem::unavailable(Duration::from_millis(1200), "busy").into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        assert_eq!(body_of(response).await["retry_after"], 2);
        let response = Problem::too_many_requests(Duration::ZERO).into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "1");
    }

    #[tokio::test]
    async fn an_internal_error_tells_the_client_nothing() {
        let response = Problem::internal("the password is hunter2").into_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = body_of(response).await.to_string();
        assert!(!body.contains("hunter2"), "{body}");
    }

    #[test]
    fn a_401_asks_for_a_bearer_token() {
        let response = Problem::unauthorized("token_missing").into_response();
        assert_eq!(response.headers()[WWW_AUTHENTICATE], "Bearer");
    }
}
