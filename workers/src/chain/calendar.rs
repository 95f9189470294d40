//! A branch's days by its own clock: where a moment falls, when a time of day is, when to look again.

use chrono::{DateTime, Days, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// As long as a clock is ever put forward by.
const GAP_MAX_HOURS: i64 = 24;

/// The days of a shop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calendar {
    pub zone: Tz,
    /// When a day that isn't over is reported.
    pub report_at: NaiveTime,
}

impl Calendar {
    pub fn day_of(self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// When the day is reported that isn't over then.
    pub fn report_of(self, day: NaiveDate) -> DateTime<Utc> {
        self.moment(day, self.report_at)
    }

    /// When something may be due that isn't at `now`: today's report, or the day's end.
    pub fn next_after(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let today = self.day_of(now);
        let report = self.report_of(today);
        if report > now {
            return report;
        }
        let end = self.moment(today + Days::new(1), NaiveTime::MIN);
        // A clock that is put back at midnight has the day's end twice.
        end.max(now + TimeDelta::minutes(1))
    }

    /// When it is this time on this day: the first time, if the clock is put back over it; as soon as it is later, if the
    /// clock is put forward over it.
    fn moment(self, day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
        let wall = day.and_time(time);
        for hours in 0..=GAP_MAX_HOURS {
            match self.zone.from_local_datetime(&(wall + TimeDelta::hours(hours))) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => return at.with_timezone(&Utc),
                LocalResult::None => {}
            }
        }
        wall.and_utc()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn london() -> Calendar {
        Calendar {
            zone: chrono_tz::Europe::London,
            report_at: NaiveTime::from_hms_opt(23, 55, 0).unwrap(),
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_the_branchs_own_in_summer_and_in_winter() {
        assert_eq!(london().day_of(at("2026-07-01T23:30:00Z")), day("2026-07-02"));
        assert_eq!(london().day_of(at("2026-01-01T23:30:00Z")), day("2026-01-01"));
        assert_eq!(london().report_of(day("2026-07-01")), at("2026-07-01T22:55:00Z"));
        assert_eq!(london().report_of(day("2026-01-01")), at("2026-01-01T23:55:00Z"));
    }

    #[test]
    fn the_next_look_is_at_the_report_and_then_at_the_days_end() {
        let noon = at("2026-01-01T12:00:00Z");
        let report = at("2026-01-01T23:55:00Z");
        assert_eq!(london().next_after(noon), report);
        assert_eq!(london().next_after(report), at("2026-01-02T00:00:00Z"));
    }

    #[test]
    fn a_time_that_the_clock_leaves_out_or_has_twice_comes_once() {
        let at_half_past_one = Calendar {
            report_at: NaiveTime::from_hms_opt(1, 30, 0).unwrap(),
            ..london()
        };
        // On 29 March 2026 it is 2 o'clock in London after 0:59.
        assert_eq!(
            at_half_past_one.report_of(day("2026-03-29")),
            at("2026-03-29T01:30:00Z")
        );
        // On 25 October it is half past one twice.
        assert_eq!(
            at_half_past_one.report_of(day("2026-10-25")),
            at("2026-10-25T00:30:00Z")
        );
    }
}
