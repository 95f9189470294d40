//! What surrounds every request of both APIs: its id, span, deadline and count, the body limit, security
//! headers, and problems for whatever no handler answers.
//!
//! Neither bodies nor tokens nor query strings get into the log: only method, route and status do.

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use tower::Layer;
use tower_http::normalize_path::NormalizePathLayer;

use crate::problem::Problem;
use crate::surround::SurroundLayer;

/// Fits a batch of a few thousand products; a route that takes files sets its own limit.
pub const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// Longer than the longest wait for a position, with room for the work after it.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The bounds of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub max_body_bytes: usize,
    /// Until the answer's head; a stream may take longer.
    pub timeout: Duration,
    /// The same for the routes that take uploads, which see to their bodies' [pace](crate::pace) themselves.
    pub upload_timeout: Duration,
    pub upload_routes: &'static [&'static str],
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: MAX_BODY_BYTES,
            timeout: REQUEST_TIMEOUT,
            upload_timeout: REQUEST_TIMEOUT,
            upload_routes: &[],
        }
    }
}

/// Puts the layers around all routes. Call it once, last: on the routes of all APIs of a process
/// merged together.
pub fn wrap(routes: Router, limits: Limits) -> Router {
    let surround = SurroundLayer {
        timeout: limits.timeout,
        upload_timeout: limits.upload_timeout,
        upload_routes: limits.upload_routes,
    };
    // Both at once: each call of `layer` makes every request take one more box.
    let layers = (surround, DefaultBodyLimit::max(limits.max_body_bytes));
    let inner = routes
        .fallback(unknown_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(layers)
        // Makes services of handlers now, and not at every request.
        .with_state(());
    // Around the router, since the path decides the route.
    Router::new().fallback_service(NormalizePathLayer::trim_trailing_slash().layer(inner))
}

async fn unknown_route() -> Problem {
    Problem::not_found().with_detail("There is no such route.")
}

/// The router adds the `Allow` header.
async fn wrong_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed")
        .with_detail("This route has other methods; the Allow header lists them.")
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes};
    use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
    use axum::http::{HeaderMap, Method, Request};
    use axum::response::IntoResponse;
    use axum::routing::{get, post};
    use tower::ServiceExt;

    use super::*;
    use crate::request_id::{REQUEST_ID, RequestId};

    fn app() -> Router {
        let routes = Router::new()
            .route("/items", get(async || "items"))
            .route("/items/{id}", get(async |id: RequestId| id.as_str().to_owned()))
            .route(
                "/upload",
                post(async |body: Result<Bytes, _>| match body {
                    Ok(_) => StatusCode::OK.into_response(),
                    Err::<Bytes, axum::extract::rejection::BytesRejection>(rejection) => {
                        rejection.into_response()
                    }
                }),
            )
            .route(
                "/cached",
                get(async || ([(CACHE_CONTROL, "public, max-age=5")], "x")),
            )
            .route("/panic", get(panicking))
            .route("/slow", get(std::future::pending::<StatusCode>))
            .route("/upload/slow", get(slow).post(slow));
        let limits = Limits {
            max_body_bytes: 8,
            timeout: Duration::from_millis(20),
            upload_timeout: Duration::from_mins(1),
            upload_routes: &["/upload/slow"],
        };
        wrap(routes, limits)
    }

    /// Longer than the timeout of other routes, and far below that of uploads.
    async fn slow() -> StatusCode {
        tokio::time::sleep(Duration::from_millis(100)).await;
        StatusCode::OK
    }

    async fn panicking() -> StatusCode {
        panic!("the secret is hunter2")
    }

    async fn call(method: Method, path: &str, body: &str) -> (StatusCode, HeaderMap, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(REQUEST_ID, "r-1");
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = app().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 10_000).await.unwrap();
        (
            parts.status,
            parts.headers,
            String::from_utf8(bytes.to_vec()).unwrap(),
        )
    }

    #[tokio::test]
    async fn a_trailing_slash_makes_no_difference() {
        for path in ["/items", "/items/", "/items?x=1", "/items/?x=1"] {
            let (status, _, body) = call(Method::GET, path, "").await;
            assert_eq!((status, body.as_str()), (StatusCode::OK, "items"), "{path}");
        }
    }

    #[tokio::test]
    async fn every_answer_carries_its_request_id_and_security_headers() {
        let (_, headers, body) = call(Method::GET, "/items/7", "").await;
        assert_eq!(body, "r-1");
        assert_eq!(headers[REQUEST_ID], "r-1");
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[CACHE_CONTROL], "no-store");
        assert!(
            headers[CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap()
                .contains("frame-ancestors 'none'")
        );
        let (_, headers, _) = call(Method::GET, "/cached", "").await;
        assert_eq!(headers[CACHE_CONTROL], "public, max-age=5");
    }

    #[tokio::test]
    async fn what_no_handler_answers_is_a_problem() {
        for (method, path, status, code) in [
            (Method::GET, "/nowhere", 404, "not_found"),
            (Method::DELETE, "/items", 405, "method_not_allowed"),
            (Method::GET, "/panic", 500, "internal_error"),
            (Method::GET, "/slow", 503, "timeout"),
        ] {
            let (found, headers, body) = call(method, path, "").await;
            let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(
                (found.as_u16(), &problem["code"]),
                (status, &code.into()),
                "{path}"
            );
            assert_eq!(headers[REQUEST_ID], "r-1");
            assert!(!body.contains("hunter2"));
        }
    }

    #[tokio::test]
    async fn an_upload_may_take_longer_than_anything_else() {
        let (status, ..) = call(Method::POST, "/upload/slow", "").await;
        assert_eq!(status, StatusCode::OK);
        let (status, ..) = call(Method::GET, "/upload/slow", "").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn a_wrong_method_is_told_the_right_ones() {
        let (_, headers, _) = call(Method::DELETE, "/items/", "").await;
        assert_eq!(headers[ALLOW], "GET,HEAD");
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_not_read() {
        let (status, ..) = call(Method::POST, "/upload", "12345678").await;
        assert_eq!(status, StatusCode::OK);
        let (status, ..) = call(Method::POST, "/upload", "123456789").await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    }
}
