//! Whether this branch's clock is headquarters': told, never mended. By whose clock a day ends is the branch's, so a wrong one
//! puts sales on the wrong day, and one that is a day ahead has its reports refused until the day has come.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use metrics::gauge;
use telemetry::names::CHAIN_CLOCK_SKEW_SECONDS;

/// What a slow answer and whole seconds explain.
const TOLERATED_S: i64 = 60;

/// Tells once when the clocks part, and once when they agree again. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct ClockSkew {
    apart: Arc<AtomicBool>,
}

impl ClockSkew {
    /// An answer that was `date`d by headquarters came at `now`.
    pub fn see(&self, date: Option<&str>, now: DateTime<Utc>) {
        let Some(seconds) = ahead(date, now) else { return };
        #[expect(clippy::cast_precision_loss, reason = "seconds between two clocks")]
        gauge!(CHAIN_CLOCK_SKEW_SECONDS).set(seconds as f64);
        let apart = seconds.abs() > TOLERATED_S;
        if self.apart.swap(apart, Ordering::Relaxed) == apart {
            return;
        }
        if apart {
            tracing::warn!(
                ahead_s = seconds,
                "this branch's clock isn't headquarters': days end at another time than there"
            );
        } else {
            tracing::info!("this branch's clock and headquarters' agree again");
        }
    }
}

/// By how many seconds our clock is ahead; negative if it is behind.
fn ahead(date: Option<&str>, now: DateTime<Utc>) -> Option<i64> {
    let theirs = DateTime::parse_from_rfc2822(date?).ok()?;
    Some((now - theirs.to_utc()).num_seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answers_date_tells_how_far_the_clocks_are_apart() {
        let now: DateTime<Utc> = "2026-03-01T12:00:30Z".parse().unwrap();
        assert_eq!(ahead(Some("Sun, 01 Mar 2026 12:00:00 GMT"), now), Some(30));
        assert_eq!(ahead(Some("Mon, 02 Mar 2026 12:00:30 GMT"), now), Some(-86_400));
        assert_eq!(ahead(Some("yesterday"), now), None);
        assert_eq!(ahead(None, now), None);
    }

    #[test]
    fn it_is_told_when_they_part_and_not_at_every_answer() {
        let now: DateTime<Utc> = "2026-03-01T12:05:00Z".parse().unwrap();
        let skew = ClockSkew::default();
        for _ in 0..2 {
            skew.see(Some("Sun, 01 Mar 2026 12:00:00 GMT"), now);
            assert!(skew.apart.load(Ordering::Relaxed));
        }
        skew.see(Some("Sun, 01 Mar 2026 12:05:00 GMT"), now);
        assert!(!skew.apart.load(Ordering::Relaxed));
    }
}
