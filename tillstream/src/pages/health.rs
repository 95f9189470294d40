//! Whether the process lives, and whether it can serve.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use platform::event_log::EventLog;
use read_models::Views;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

/// A database that takes longer isn't ready, whatever it says in the end.
const PATIENCE: Duration = Duration::from_secs(2);

/// What being ready depends on: only what the process can't serve without.
#[derive(Clone, Default)]
pub struct Health {
    log: Option<EventLog>,
    views: Option<Views>,
    /// Cancelled once the process is asked to stop, so that a proxy sends nothing more.
    stopping: CancellationToken,
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    /// The newest position of the log, if the process reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    log_position: Option<u64>,
    /// What every read model reflects, if the process reads them.
    #[serde(skip_serializing_if = "Option::is_none")]
    views_position: Option<u64>,
}

impl Health {
    #[must_use]
    pub fn with_log(self, log: EventLog) -> Self {
        Self {
            log: Some(log),
            ..self
        }
    }

    #[must_use]
    pub fn with_views(self, views: Views) -> Self {
        Self {
            views: Some(views),
            ..self
        }
    }

    #[must_use]
    pub fn stopping_with(self, stopping: CancellationToken) -> Self {
        Self { stopping, ..self }
    }

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
    let (log_position, views_position) = (log_position(&health).await, views_position(&health).await);
    let ready = !health.stopping.is_cancelled()
        && log_position.is_some() == health.log.is_some()
        && views_position.is_some() == health.views.is_some();
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

async fn log_position(health: &Health) -> Option<u64> {
    let log = health.log.as_ref()?;
    tokio::time::timeout(PATIENCE, log.head()).await.ok()?.ok()
}

async fn views_position(health: &Health) -> Option<u64> {
    let views = health.views.as_ref()?;
    let positions = tokio::time::timeout(PATIENCE, views.stored_positions()).await;
    Some(positions.ok()?.ok()?.min())
}
