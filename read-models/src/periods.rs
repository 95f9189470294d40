//! Calendar periods, for rows that sum over one: days, weeks from Monday on, months and years, all in UTC.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    Day,
    /// From Monday on, as ISO 8601 counts them.
    Week,
    Month,
    Year,
    /// From the first event on.
    All,
}

impl Unit {
    pub const ALL: [Self; 5] = [Self::Day, Self::Week, Self::Month, Self::Year, Self::All];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
            Self::All => "all",
        }
    }
}

/// Stands for the first day of everything: it names a row and is never shown.
const FIRST_OF_ALL: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();

/// A day, week, month or year, or all time. Its text form is `2011-03-09`, `2011-W10`, `2011-03`, `2011` or `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    unit: Unit,
    first: NaiveDate,
}

impl Period {
    /// The period of this length that the day is in.
    pub fn of(unit: Unit, day: NaiveDate) -> Self {
        // Proof of both `unwrap_or`: every month and year has a first day; of the calendar's very first week only a part
        // exists, which then begins with whatever day is asked for.
        let first = match unit {
            Unit::Day => day,
            Unit::Week => day.week(Weekday::Mon).checked_first_day().unwrap_or(day),
            Unit::Month => day.with_day(1).unwrap_or(day),
            Unit::Year => day.with_ordinal(1).unwrap_or(day),
            Unit::All => FIRST_OF_ALL,
        };
        Self { unit, first }
    }

    /// The periods that a day is in, one of each length.
    pub fn containing(day: NaiveDate) -> [Self; 5] {
        Unit::ALL.map(|unit| Self::of(unit, day))
    }

    /// The days from one to another, in as few days, months and years as they are made of: at most 60 days, 22 months, and
    /// the whole years between. Nothing if the first is after the last.
    pub fn covering(from: NaiveDate, to: NaiveDate) -> Vec<Self> {
        let mut periods = Vec::new();
        let mut next = Some(from);
        while let Some(first) = next.filter(|first| *first <= to) {
            let fits = |unit| {
                let period = Self::of(unit, first);
                let last = period.next()?.first.pred_opt()?;
                (period.first == first && last <= to).then_some(period)
            };
            let longest = [Unit::Year, Unit::Month].into_iter().find_map(fits);
            let period = longest.unwrap_or(Self::of(Unit::Day, first));
            periods.push(period);
            next = period.next().map(|after| after.first);
        }
        periods
    }

    pub fn unit(self) -> Unit {
        self.unit
    }

    /// Its first day; without meaning for all time.
    pub fn first_day(self) -> NaiveDate {
        self.first
    }

    /// The one after it. `None` after all time, and at the calendar's end.
    pub fn next(self) -> Option<Self> {
        let first = match self.unit {
            Unit::Day => self.first.succ_opt(),
            Unit::Week => self.first.checked_add_days(Days::new(7)),
            Unit::Month => self.first.checked_add_months(Months::new(1)),
            Unit::Year => self.first.checked_add_months(Months::new(12)),
            Unit::All => None,
        }?;
        Some(Self { first, ..self })
    }

    /// As a column holds it: periods of one length stand together, in their order.
    pub fn column(self) -> String {
        format!("{}:{}", self.unit.as_str(), self.first)
    }

    /// Reads [`Self::column`].
    pub fn from_column(text: &str) -> Option<Self> {
        let (unit, first) = text.split_once(':')?;
        let unit = Unit::ALL.into_iter().find(|known| known.as_str() == unit)?;
        Some(Self::of(unit, first.parse().ok()?))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            Unit::Day => write!(f, "{}", self.first),
            Unit::Week => write!(f, "{}", self.first.format("%G-W%V")),
            Unit::Month => write!(f, "{}", self.first.format("%Y-%m")),
            Unit::Year => write!(f, "{}", self.first.format("%Y")),
            Unit::All => f.write_str("all"),
        }
    }
}

/// A text that names no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no period: 2011-03-09, 2011-W10, 2011-03, 2011 or all")]
pub struct PeriodError {
    text: String,
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        parse(text).ok_or_else(|| PeriodError {
            text: text.chars().take(32).collect(),
        })
    }
}

fn parse(text: &str) -> Option<Period> {
    if text == "all" {
        return Some(Period::of(Unit::All, FIRST_OF_ALL));
    }
    let mut parts = text.split('-');
    let year = digits(parts.next()?, 4)?;
    let (second, third) = (parts.next(), parts.next());
    if parts.next().is_some() {
        return None;
    }
    let year = i32::try_from(year).ok()?;
    let (unit, first) = match (second, third) {
        (None, _) => (Unit::Year, NaiveDate::from_ymd_opt(year, 1, 1)),
        (Some(part), None) => match part.strip_prefix('W') {
            Some(week) => {
                let monday = NaiveDate::from_isoywd_opt(year, digits(week, 2)?, Weekday::Mon);
                (Unit::Week, monday)
            }
            None => (Unit::Month, NaiveDate::from_ymd_opt(year, digits(part, 2)?, 1)),
        },
        (Some(month), Some(day)) => (
            Unit::Day,
            NaiveDate::from_ymd_opt(year, digits(month, 2)?, digits(day, 2)?),
        ),
    };
    Some(Period::of(unit, first?))
}

fn digits(text: &str, count: usize) -> Option<u32> {
    let all = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_in_one_period_of_each_length() {
        let names = |date| Period::containing(day(date)).map(|period| period.to_string());
        assert_eq!(
            names("2011-03-09"),
            ["2011-03-09", "2011-W10", "2011-03", "2011", "all"]
        );
        // New year's day belonged to the last week of the year before.
        assert_eq!(names("2011-01-01")[1], "2010-W52");
    }

    #[test]
    fn text_and_column_are_read_back() {
        for date in [
            "2011-03-09",
            "2011-01-01",
            "2012-02-29",
            "0001-01-01",
            "9999-12-31",
        ] {
            for period in Period::containing(day(date)) {
                assert_eq!(period.to_string().parse(), Ok(period));
                assert_eq!(Period::from_column(&period.column()), Some(period));
            }
        }
        for wrong in [
            "",
            "2011-13",
            "2011-02-30",
            "2011-W54",
            "2011-w10",
            "11",
            "2011-3",
            "+2011",
            "2011-03-09-1",
            "ALL",
        ] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong:?} was read");
        }
        assert_eq!(Period::from_column("eon:2011-01-01"), None);
    }

    #[test]
    fn columns_are_in_the_order_of_the_periods() {
        let days = ["2010-12-31", "2011-01-01", "2011-02-01", "2011-10-01"].map(day);
        for unit in [Unit::Day, Unit::Week, Unit::Month] {
            let columns = days.map(|day| Period::of(unit, day).column());
            assert!(columns.is_sorted(), "{columns:?}");
        }
    }

    #[test]
    fn a_span_is_covered_by_few_periods_once() {
        let names = |from, to| {
            let periods = Period::covering(day(from), day(to));
            periods.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            names("2010-11-29", "2012-02-02"),
            [
                "2010-11-29",
                "2010-11-30",
                "2010-12",
                "2011",
                "2012-01",
                "2012-02-01",
                "2012-02-02"
            ]
        );
        assert_eq!(names("2011-03-09", "2011-03-09"), ["2011-03-09"]);
        assert_eq!(names("2012-02-01", "2012-02-28").len(), 28);
        assert_eq!(names("2012-02-01", "2012-02-29"), ["2012-02"]);
        assert!(names("2011-03-09", "2011-03-08").is_empty());
        assert_eq!(names("2001-01-02", "2010-12-30").len(), 30 + 11 + 8 + 11 + 30);
    }

    #[test]
    fn one_follows_the_other() {
        let next = |text: &str| {
            text.parse::<Period>()
                .unwrap()
                .next()
                .map(|next| next.to_string())
        };
        assert_eq!(next("2011-02-28").as_deref(), Some("2011-03-01"));
        assert_eq!(next("2010-W52").as_deref(), Some("2011-W01"));
        assert_eq!(next("2010-12").as_deref(), Some("2011-01"));
        assert_eq!(next("2010").as_deref(), Some("2011"));
        assert_eq!(next("all"), None);
    }
}
