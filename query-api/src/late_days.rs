//! Which days a branch should have reported by now.
//!
//! A day is late when it is over everywhere on Earth and nothing has come: so that no clock but ours is needed to tell.
//! Days from before the branch was registered aren't waited for.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

/// Where days end last, it is this much behind UTC.
const LAST_CLOCK_BEHIND_UTC: TimeDelta = TimeDelta::hours(12);

/// The last day that is over everywhere.
pub fn last_day_over(now: DateTime<Utc>) -> NaiveDate {
    (now - LAST_CLOCK_BEHIND_UTC).date_naive() - Days::new(1)
}

/// The days from `from` to `to`, both included, without those that have been reported.
pub fn missing(
    from: NaiveDate,
    to: NaiveDate,
    reported: &BTreeSet<NaiveDate>,
) -> impl Iterator<Item = NaiveDate> {
    from.iter_days()
        .take_while(move |day| *day <= to)
        .filter(|day| !reported.contains(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_over_when_it_is_over_in_the_middle_of_the_pacific() {
        let before: DateTime<Utc> = "2026-03-02T11:59:59Z".parse().unwrap();
        assert_eq!(last_day_over(before), day("2026-02-28"));
        assert_eq!(last_day_over(before + TimeDelta::seconds(1)), day("2026-03-01"));
    }

    #[test]
    fn what_was_reported_is_not_missing() {
        let reported = BTreeSet::from([day("2026-03-02")]);
        let found: Vec<_> = missing(day("2026-03-01"), day("2026-03-03"), &reported).collect();
        assert_eq!(found, [day("2026-03-01"), day("2026-03-03")]);
        assert_eq!(
            missing(day("2026-03-03"), day("2026-03-02"), &reported).count(),
            0
        );
    }
}
