//! Consistent pictures of the read models, as of a position that the client may name.

use std::time::Duration;

use events::envelope::Position;
use read_models::cache::ProductCache;
use read_models::query::Snapshot;
use read_models::{ViewName, Views};
use tokio::time::{Instant, timeout_at};
use web::Problem;
use web::position::MinPosition;

use crate::errors::store_failed;

/// A client that found the read model behind should come back when it has had time to catch up.
const RETRY_AFTER_BEHIND: Duration = Duration::from_secs(1);

/// Between two looks at views that were told to be further than they are: behind one address there may be several
/// replicas, or a database that lost its last moments in a crash.
const OTHER_REPLICA_PAUSE: Duration = Duration::from_millis(20);

/// Where queries read. Cheap to clone.
#[derive(Clone)]
pub struct Reads {
    views: Views,
    patience: Duration,
}

/// A picture, and how much of the log it reflects.
pub struct Picture {
    pub snapshot: Snapshot,
    pub position: Position,
}

impl Reads {
    pub fn new(views: Views, patience: Duration) -> Self {
        Self { views, patience }
    }

    pub fn cache(&self) -> &ProductCache {
        self.views.cache()
    }

    /// One picture of these views that reflects at least the position asked for; 503 `read_model_behind` if they
    /// don't get there in time.
    pub async fn picture(&self, needed: &[ViewName], min: MinPosition) -> Result<Picture, Problem> {
        let wanted = min.0.unwrap_or_default();
        let deadline = Instant::now() + self.patience;
        loop {
            let reached = self.views.reach(needed, wanted);
            timeout_at(deadline, reached).await.map_err(|_| behind(wanted))?;
            let snapshot = Snapshot::begin(&self.views).await.map_err(store_failed)?;
            let position = snapshot.position_of(needed);
            if position >= wanted {
                return Ok(Picture { snapshot, position });
            }
            drop(snapshot);
            let pause = tokio::time::sleep(OTHER_REPLICA_PAUSE);
            timeout_at(deadline, pause).await.map_err(|_| behind(wanted))?;
        }
    }
}

fn behind(wanted: Position) -> Problem {
    Problem::unavailable(RETRY_AFTER_BEHIND, "read_model_behind").with_detail(format_args!(
        "What you ask for doesn't reflect position {wanted} yet."
    ))
}
