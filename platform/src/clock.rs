//! What time it is, and waiting until it is later: the system's time, or one that is moved by hand.
//!
//! Only what is decided goes by this clock: when an order expires, when an effect is due, when a lease ends. How long a
//! network call may take goes by the machine's own.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use tokio::sync::watch;

/// Digits of a second.
const MICROSECONDS: u16 = 6;

/// The clock that decisions go by. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Clock {
    System,
    /// Stands still until it is moved.
    Manual(ManualClock),
}

/// A clock that is moved by hand; its clones move together.
#[derive(Debug, Clone)]
pub struct ManualClock {
    now: Arc<watch::Sender<DateTime<Utc>>>,
}

impl ManualClock {
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            now: Arc::new(watch::Sender::new(now)),
        }
    }

    /// Moves it forward and wakes everybody whose time has come.
    pub fn advance(&self, by: TimeDelta) {
        self.now.send_modify(|now| *now += by);
    }
}

impl Clock {
    /// To the microsecond, as databases keep it: so a time is the same in an event, in its envelope and in a view.
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => Utc::now().trunc_subsecs(MICROSECONDS),
            Self::Manual(clock) => *clock.now.borrow(),
        }
    }

    /// Resolves once it is `at` or later.
    pub async fn sleep_until(&self, at: DateTime<Utc>) {
        match self {
            Self::System => {
                // A time in the past is no wait.
                let left = (at - Utc::now()).to_std().unwrap_or(Duration::ZERO);
                tokio::time::sleep(left).await;
            }
            Self::Manual(clock) => {
                // Proof that this can't fail: `clock` holds the sender.
                let _ = clock.now.subscribe().wait_for(|now| *now >= at).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Timelike;

    use super::*;

    #[test]
    fn the_systems_time_has_microseconds() {
        let nanoseconds = |_| Clock::System.now().nanosecond() % 1_000;
        let finer = (0..100).map(nanoseconds).find(|nanoseconds| *nanoseconds != 0);
        assert_eq!(finer, None);
    }
}
