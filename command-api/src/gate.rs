//! Whether commands are taken at all. A shop that was restored from a backup answers queries at once, and takes commands
//! only when it knows what the payment provider knows. Why it is shut and until when is left to whoever shuts it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use web::Problem;

/// Asking a provider takes seconds, if it answers.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Shut at first; once opened it stays open. Clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    is_open: Arc<AtomicBool>,
}

impl Gate {
    pub fn open(&self) {
        self.is_open.store(true, Ordering::Release);
    }

    pub fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// The same routes, each of which answers 503 `restoring` while the gate is shut.
    pub fn before(&self, routes: Router) -> Router {
        routes.route_layer(middleware::from_fn_with_state(self.clone(), pass))
    }
}

async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    if gate.is_open() {
        return next.run(request).await;
    }
    Problem::unavailable(RETRY_AFTER, "restoring")
        .with_detail(
            "This shop was restored from a backup and asks the payment provider first what it has missed.",
        )
        .into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::{get, post};
    use tower::ServiceExt;

    use super::*;

    async fn status(app: &Router, method: &str) -> (StatusCode, bool) {
        let request = Request::builder()
            .method(method)
            .uri("/things")
            .body(Body::empty());
        let answer = app.clone().oneshot(request.unwrap()).await.unwrap();
        (answer.status(), answer.headers().contains_key("retry-after"))
    }

    #[tokio::test]
    async fn commands_wait_outside_while_queries_are_answered() {
        let gate = Gate::default();
        let commands = gate.before(Router::new().route("/things", post(async || StatusCode::CREATED)));
        let app = Router::new()
            .route("/things", get(async || StatusCode::OK))
            .merge(commands);
        assert_eq!(
            status(&app, "POST").await,
            (StatusCode::SERVICE_UNAVAILABLE, true)
        );
        assert_eq!(status(&app, "GET").await, (StatusCode::OK, false));
        gate.open();
        assert_eq!(status(&app, "POST").await, (StatusCode::CREATED, false));
    }
}
