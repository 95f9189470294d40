//! When to send a request once more, and after which pause.

use std::time::Duration;

/// A server that restarts, or a database that fails over, is back within this; then giving up tells more than waiting.
pub const GIVE_UP_AFTER: Duration = Duration::from_mins(2);

/// Shorter than a person notices.
const FIRST_DELAY_MS: u64 = 100;
/// Long enough not to be a burden on a server that's in trouble.
const LONGEST_DELAY_MS: u64 = 10_000;
/// Doubling more often than this exceeds the longest delay anyway.
const DOUBLINGS_MAX: u32 = 7;
/// A server may ask for more patience than this, but then giving up is the better answer.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(1);

/// Too many requests; no connection from the proxy to the server; and "later". Every command carries its
/// idempotency key, so one that did arrive the first time isn't done twice.
pub fn is_worth_another_try(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}

/// The pause before the next attempt: what the server asks for, else doubling from attempt to attempt. A part of
/// it is random, so that many waiting requests don't come back all at once.
pub fn delay(attempt: u32, retry_after: Option<Duration>, random: u128) -> Duration {
    let doubled = FIRST_DELAY_MS << attempt.min(DOUBLINGS_MAX);
    let longest = doubled.min(LONGEST_DELAY_MS);
    let jitter = u64::try_from(random % u128::from(longest / 2)).unwrap_or(0); // proof: the rest is below longest / 2
    match retry_after {
        Some(wanted) => wanted.min(RETRY_AFTER_MAX) + Duration::from_millis(jitter),
        None => Duration::from_millis(longest / 2 + jitter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_up_to_a_bound_and_never_vanish() {
        for random in [0, 1, u128::MAX] {
            let delays: Vec<Duration> = (0..20).map(|attempt| delay(attempt, None, random)).collect();
            assert!(delays[0] >= Duration::from_millis(50) && delays[0] <= Duration::from_millis(100));
            assert!(delays[4] > delays[0]);
            assert!(
                delays
                    .iter()
                    .all(|delay| *delay <= Duration::from_millis(LONGEST_DELAY_MS))
            );
        }
        assert_eq!(delay(50, None, 0), Duration::from_millis(LONGEST_DELAY_MS / 2));
    }

    #[test]
    fn the_server_s_wish_comes_first_within_reason() {
        assert_eq!(delay(9, Some(Duration::from_secs(1)), 0), Duration::from_secs(1));
        assert_eq!(delay(0, Some(Duration::from_hours(24)), 0), RETRY_AFTER_MAX);
    }

    #[test]
    fn a_failure_in_the_server_is_reported_not_repeated() {
        let repeated: Vec<u16> = [
            200, 201, 400, 401, 403, 404, 409, 422, 429, 500, 501, 502, 503, 504,
        ]
        .into_iter()
        .filter(|status| is_worth_another_try(*status))
        .collect();
        assert_eq!(repeated, [429, 502, 503, 504]);
    }
}
