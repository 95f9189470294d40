//! Whether the process lives, and whether it can serve.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use command_api::Gate;
use platform::event_log::EventLog;
use read_models::Views;
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::backup::{self, BackupState};

/// A database that takes longer isn't ready, whatever it says in the end.
const PATIENCE: Duration = Duration::from_secs(2);

/// What being ready depends on: only what the process can't serve without.
#[derive(Clone, Default)]
pub struct Health {
    log: Option<EventLog>,
    views: Option<Views>,
    backups: Option<watch::Receiver<BackupState>>,
    /// Of a shop that came back from a backup: shut until it takes commands.
    gate: Option<Gate>,
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
    /// Whether the shop was restored and takes no commands yet; queries it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    restoring: Option<bool>,
    /// How the backups stand, if the shop makes any. A failing one makes nothing unready.
    #[serde(skip_serializing_if = "Option::is_none")]
    backups: Option<Backups>,
}

#[derive(Serialize)]
struct Backups {
    /// Files of images that a later backup will have.
    images_left: u64,
    /// Everything before this is in a backup.
    fresh_at: DateTime<Utc>,
    age_s: u64,
    /// How far the newest one of this process reaches.
    position: Option<u64>,
    failing: bool,
}

impl From<&BackupState> for Backups {
    fn from(state: &BackupState) -> Self {
        Self {
            fresh_at: state.fresh_at,
            age_s: backup::age(state).as_secs(),
            images_left: state.images_left,
            position: state.position,
            failing: state.is_failing,
        }
    }
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
    pub fn with_backups(self, backups: watch::Receiver<BackupState>) -> Self {
        Self {
            backups: Some(backups),
            ..self
        }
    }

    #[must_use]
    pub fn restoring_until(self, gate: Gate) -> Self {
        Self {
            gate: Some(gate),
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
            restoring: health.gate.as_ref().map(|gate| !gate.is_open()),
            backups: health
                .backups
                .as_ref()
                .map(|state| Backups::from(&*state.borrow())),
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
