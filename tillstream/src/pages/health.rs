//! Whether the process lives, and whether it can serve.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use platform::event_log::EventLog;
use read_models::Views;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

/// What being ready depends on.
#[derive(Clone)]
pub struct Health {
    pub log: EventLog,
    pub views: Views,
    /// Cancelled once the process is asked to stop, so that a proxy sends nothing more.
    pub stopping: CancellationToken,
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    /// The newest position of the log.
    log_position: Option<u64>,
    /// What every read model reflects.
    views_position: u64,
}

impl Health {
    /// `/health/live` and `/health/ready`.
    pub fn routes(self) -> Router {
        let ready = Router::new().route("/health/ready", get(ready)).with_state(self);
        ready.route(
            "/health/live",
            get(|| async { Json(serde_json::json!({"live": true})) }),
        )
    }
}

async fn ready(State(health): State<Health>) -> (StatusCode, Json<Readiness>) {
    let log_position = health.log.head().await.ok();
    let ready = log_position.is_some() && !health.stopping.is_cancelled();
    let views_position = health.views.positions().borrow().min();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        Json(Readiness {
            ready,
            log_position,
            views_position,
        }),
    )
}
