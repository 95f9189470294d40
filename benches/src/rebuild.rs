//! How fast `tillstream rebuild` builds the read models anew.
//!
//! Who runs it on what is left to `embedded` and `distributed`.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::statistics::Spread;

/// Rebuilds of all read models, one after the other.
pub struct Rebuilds {
    store: &'static str,
    events: i64,
    pub lengths: Vec<Duration>,
}

/// What they came to.
#[derive(Debug, Serialize)]
pub struct RebuildSummary {
    /// Where the read models are.
    pub store: &'static str,
    /// In the log.
    pub events: i64,
    /// Of the process, from its start to its end.
    pub seconds: Spread,
    pub events_per_second: Spread,
}

impl Rebuilds {
    /// Of a log of this many events.
    pub fn new(store: &'static str, events: i64) -> Self {
        Self {
            store,
            events,
            lengths: vec![],
        }
    }

    /// None if there was none.
    #[expect(clippy::cast_precision_loss, reason = "nobody writes 2^52 events")]
    pub fn summary(&self) -> Option<RebuildSummary> {
        let seconds = || self.lengths.iter().map(Duration::as_secs_f64);
        Some(RebuildSummary {
            store: self.store,
            events: self.events,
            seconds: Spread::of(seconds())?,
            events_per_second: Spread::of(seconds().map(|seconds| self.events as f64 / seconds))?,
        })
    }
}

/// How long this takes. Other tasks go on meanwhile.
pub fn time_run(run: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let began_at = Instant::now();
    tokio::task::block_in_place(run)?;
    Ok(began_at.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_the_log_by_the_time() {
        let mut rebuilds = Rebuilds::new("SQLite", 1_000);
        assert!(rebuilds.summary().is_none());
        rebuilds.lengths = [1, 2, 4].map(Duration::from_secs).to_vec();
        let summary = rebuilds.summary().unwrap();
        assert_eq!(
            summary.events_per_second,
            Spread {
                median: 500.0,
                min: 250.0,
                max: 1_000.0
            }
        );
    }
}
