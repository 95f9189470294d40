//! How often something may be tried under one name. In memory, for this process: a brake for who
//! guesses, not a ban.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lru::LruCache;
use sha2::{Digest, Sha256};

/// Names remembered at once; a few megabytes. The one unseen for longest is forgotten first.
const NAMES_MAX: NonZeroUsize = NonZeroUsize::new(20_000).unwrap();

/// Wrong passwords in a window: more than people mistype, far fewer than guessing takes.
const LOGIN_FAILURES_MAX: u32 = 10;
/// Emails with a link in a window: one that was lost, and some impatience.
const RESETS_MAX: u32 = 3;
/// The same of links to verify an address.
const VERIFICATIONS_MAX: u32 = 3;
const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// The throttles of the API.
pub struct Throttles {
    pub logins: Throttle,
    pub resets: Throttle,
    pub verifications: Throttle,
}

impl Default for Throttles {
    fn default() -> Self {
        Self {
            logins: Throttle::new(LOGIN_FAILURES_MAX, WINDOW),
            resets: Throttle::new(RESETS_MAX, WINDOW),
            verifications: Throttle::new(VERIFICATIONS_MAX, WINDOW),
        }
    }
}

struct Window {
    began_at: DateTime<Utc>,
    tries: u32,
}

/// Counts tries per name in windows that begin with the first try.
pub struct Throttle {
    /// Under the names' hashes, which are of one length whatever is sent.
    windows: Mutex<LruCache<[u8; 32], Window>>,
    tries_max: u32,
    window: TimeDelta,
}

impl Throttle {
    pub fn new(tries_max: u32, window: TimeDelta) -> Self {
        Self {
            windows: Mutex::new(LruCache::new(NAMES_MAX)),
            tries_max,
            window,
        }
    }

    /// Counts a try; if there were too many, how long to wait. It counts before its outcome is
    /// known, so that many at once are no way around.
    pub fn attempt(&self, name: &str, now: DateTime<Utc>) -> Result<(), Duration> {
        let mut windows = self.windows();
        let window = windows.get_or_insert_mut(key(name), || Window {
            began_at: now,
            tries: 0,
        });
        if now - window.began_at >= self.window {
            *window = Window {
                began_at: now,
                tries: 0,
            };
        }
        if window.tries >= self.tries_max {
            let left = window.began_at + self.window - now;
            return Err(left.to_std().unwrap_or_default());
        }
        window.tries += 1;
        Ok(())
    }

    /// Forgets the tries: the last one proved who it was.
    pub fn forgive(&self, name: &str) {
        self.windows().pop(&key(name));
    }

    /// Forgets one try, and no other.
    pub fn take_back(&self, name: &str) {
        if let Some(window) = self.windows().peek_mut(&key(name)) {
            window.tries = window.tries.saturating_sub(1);
        }
    }

    /// Every change under the lock is whole, so a poisoned lock is no harm.
    fn windows(&self) -> std::sync::MutexGuard<'_, LruCache<[u8; 32], Window>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(name: &str) -> [u8; 32] {
    Sha256::digest(name.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn too_many_tries_wait_for_the_window_to_pass() {
        let throttle = Throttle::new(2, TimeDelta::seconds(60));
        assert_eq!(throttle.attempt("ann", at(0)), Ok(()));
        assert_eq!(throttle.attempt("ann", at(10)), Ok(()));
        assert_eq!(throttle.attempt("ann", at(20)), Err(Duration::from_secs(40)));
        assert_eq!(throttle.attempt("bob", at(20)), Ok(()));
        assert_eq!(throttle.attempt("ann", at(60)), Ok(()));
    }

    #[test]
    fn one_try_is_taken_back_and_no_other() {
        let throttle = Throttle::new(2, TimeDelta::seconds(60));
        throttle.take_back("ann");
        assert_eq!(throttle.attempt("ann", at(0)), Ok(()));
        assert_eq!(throttle.attempt("ann", at(0)), Ok(()));
        throttle.take_back("ann");
        assert_eq!(throttle.attempt("ann", at(0)), Ok(()));
        assert!(throttle.attempt("ann", at(0)).is_err());
    }

    #[test]
    fn a_right_try_is_forgiven() {
        let throttle = Throttle::new(1, TimeDelta::seconds(60));
        assert_eq!(throttle.attempt("ann", at(0)), Ok(()));
        throttle.forgive("ann");
        assert_eq!(throttle.attempt("ann", at(0)), Ok(()));
        assert!(throttle.attempt("ann", at(0)).is_err());
    }
}
