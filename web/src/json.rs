//! JSON bodies, in and out. Every way in which a body can be wrong is a problem of its own status.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::problem::{FieldError, Problem};

/// A JSON body.
///
/// Taken from a request: 415 without a JSON content type, 413 over the route's limit, 400
/// `malformed_json`, 422 `invalid_field` with the field's path. Given as an answer: 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        require_json(request.headers())?;
        let bytes = read_body(request, state).await?;
        parse(&bytes).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => Problem::internal(error).into_response(),
        }
    }
}

/// Reads a JSON object; 400 `malformed_json` or 422 `invalid_field`.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // An array would be read as the fields in the order of their declaration, which is no promise of ours.
    if bytes.trim_ascii_start().starts_with(b"[") {
        let error = FieldError::new(".", "invalid", "invalid type: sequence, expected an object");
        return Err(Problem::unprocessable(vec![error]));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        if error.inner().is_data() {
            let (path, message) = (error.path().to_string(), error.inner().to_string());
            Problem::unprocessable(vec![wording::unreadable(&path, &message).into()])
        } else {
            malformed(error.inner())
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// The whole body; 413 over the route's limit, 400 if it can't be read to its end.
pub async fn read_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| body_problem(&rejection))
}

/// 415 unless the content type is `application/json` or ends in `+json`.
pub fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let essence = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|essence| essence.trim().to_ascii_lowercase());
    let is_json = essence.is_some_and(|essence| {
        essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
    });
    if is_json {
        Ok(())
    } else {
        Err(Problem::unsupported_media_type("application/json"))
    }
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::bad_request("malformed_json", error)
}

fn body_problem(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::payload_too_large()
    } else {
        Problem::bad_request("unreadable_body", "The body ended before it was complete.")
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::DefaultBodyLimit;
    use axum::routing::post;
    use axum::{Router, http};
    use serde::Deserialize;
    use tower::ServiceExt;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Item {
        #[expect(dead_code, reason = "only that it can be read matters")]
        quantity: u32,
    }

    #[derive(Debug, Deserialize)]
    struct Input {
        #[expect(dead_code, reason = "only that it can be read matters")]
        items: Vec<Item>,
    }

    async fn post_to_limited_route(
        content_type: Option<&str>,
        body: &str,
    ) -> (StatusCode, serde_json::Value) {
        let app = Router::new()
            .route("/", post(|_: Json<Input>| async { Json("fine") }))
            .layer(DefaultBodyLimit::max(64));
        let mut request = http::Request::post("/");
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = app.oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn every_way_to_be_wrong_has_its_status_and_code() {
        let json = Some("application/json");
        let cases = [
            (None, "{}", 415, "unsupported_media_type"),
            (Some("text/json"), "{}", 415, "unsupported_media_type"),
            (json, "", 400, "malformed_json"),
            (json, "{", 400, "malformed_json"),
            (json, r#"{"items":[]} x"#, 400, "malformed_json"),
            (json, r#"{"items":[{"quantity":-1}]}"#, 422, "invalid_field"),
            (json, r#"{"items":7}"#, 422, "invalid_field"),
            (json, r#" [[{"quantity":1}]]"#, 422, "invalid_field"),
        ];
        for (content_type, body, status, code) in cases {
            let (found, problem) = post_to_limited_route(content_type, body).await;
            assert_eq!(
                (found.as_u16(), &problem["code"]),
                (status, &code.into()),
                "{body}"
            );
        }
        let (found, problem) = post_to_limited_route(json, &format!("[{}]", " ".repeat(64))).await;
        assert_eq!(
            (found.as_u16(), &problem["code"]),
            (413, &"payload_too_large".into())
        );
    }

    #[tokio::test]
    async fn a_good_body_passes_in_any_json_type() {
        for content_type in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/x+json",
        ] {
            let body = r#"{"items":[{"quantity":1}]}"#;
            let (status, answer) = post_to_limited_route(Some(content_type), body).await;
            assert_eq!((status, answer), (StatusCode::OK, "fine".into()));
        }
    }

    #[test]
    fn the_field_at_fault_is_named_by_its_path() {
        let problem = parse::<Input>(br#"{"items":[{"quantity":1},{"quantity":"x"}]}"#).unwrap_err();
        assert_eq!(problem.errors()[0].field, "items[1].quantity");
    }
}
