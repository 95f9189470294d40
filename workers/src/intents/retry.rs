//! When a failed effect is tried again, and when it is given up.

use std::time::Duration;

use chrono::TimeDelta;
use uuid::Uuid;

/// The rhythm of a lane's tries: waits that double from `first` to `longest`.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    pub first: Duration,
    pub longest: Duration,
    /// After this many failed tries the effect is parked.
    pub attempts_max: u32,
}

impl RetryPolicy {
    /// The wait after the `attempts`th failure: between half of the step and all of it, so that effects that failed together
    /// don't all come back together.
    pub fn wait(&self, attempts: u32) -> TimeDelta {
        let doublings = attempts.saturating_sub(1).min(31);
        let step = self.first.saturating_mul(1 << doublings).min(self.longest);
        let random = u32::from(Uuid::new_v4().as_bytes()[0]);
        let wait = step / 2 + step / 2 * random / 255;
        TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_never_come_at_once() {
        let policy = RetryPolicy {
            first: Duration::from_secs(1),
            longest: Duration::from_mins(1),
            attempts_max: 10,
        };
        for (attempts, step) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (1000, 60)] {
            let wait = policy.wait(attempts);
            assert!(wait >= TimeDelta::milliseconds(step * 500), "{attempts}: {wait}");
            assert!(wait <= TimeDelta::seconds(step), "{attempts}: {wait}");
        }
    }
}
