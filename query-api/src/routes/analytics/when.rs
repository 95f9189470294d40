//! Of when a ranking is: a calendar's period, or the days from one to another.

use std::fmt;

use chrono::NaiveDate;
use read_models::periods::{Period, Unit};
use web::Problem;

use super::span::{LONG_DAYS_MAX, day};
use super::{period, wrong};

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Period(Period),
    /// Both days count.
    Days(NaiveDate, NaiveDate),
}

impl When {
    /// All time if nothing is asked for.
    pub fn read(asked: Option<&str>, from: Option<&str>, to: Option<&str>) -> Result<Self, Problem> {
        let (from, to) = match (from, to) {
            (None, None) => return Ok(Self::Period(period(asked)?)),
            (Some(from), Some(to)) => (day("from", from)?, day("to", to)?),
            (Some(_), None) => return Err(wrong("to", "required", "a span has a last day, too")),
            (None, Some(_)) => return Err(wrong("from", "required", "a span has a first day, too")),
        };
        if asked.is_some() {
            let message = "either a period, or the days from one to another";
            return Err(wrong("period", "too_many_filters", message));
        }
        if from > to {
            return Err(wrong("from", "after_end", format_args!("{from} is after {to}")));
        }
        if (to - from).num_days() >= LONG_DAYS_MAX {
            let message = format_args!("{from} to {to} is more than {LONG_DAYS_MAX} days");
            return Err(wrong("from", "span_too_long", message));
        }
        Ok(Self::Days(from, to))
    }

    /// The period, or the first day.
    pub fn first(self) -> Period {
        match self {
            Self::Period(period) => period,
            Self::Days(from, _) => Period::of(Unit::Day, from),
        }
    }

    /// The periods of which there are sums, and which it is made of.
    pub fn periods(self) -> Vec<Period> {
        match self {
            Self::Period(period) => vec![period],
            Self::Days(from, to) => Period::covering(from, to),
        }
    }

    /// Its first and last day, if it is told by days.
    pub fn days(self) -> Option<(NaiveDate, NaiveDate)> {
        match self {
            Self::Period(_) => None,
            Self::Days(from, to) => Some((from, to)),
        }
    }
}

/// An interval as ISO 8601 writes it, if it is one of days.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Period(period) => period.fmt(f),
            Self::Days(from, to) => write!(f, "{from}/{to}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(period: Option<&str>, from: Option<&str>, to: Option<&str>) -> String {
        let problem = When::read(period, from, to).unwrap_err();
        let error = &problem.errors()[0];
        format!("{} {}", error.field, error.code)
    }

    #[test]
    fn a_span_is_whole_and_has_an_end() {
        let when = When::read(None, Some("2011-03-09"), Some("2011-03-10")).unwrap();
        assert_eq!(when.to_string(), "2011-03-09/2011-03-10");
        assert_eq!(when.periods().len(), 2);
        assert_eq!(When::read(None, None, None).unwrap().to_string(), "all");
        assert_eq!(code(None, Some("2011-03-09"), None), "to required");
        assert_eq!(code(None, None, Some("2011-03-09")), "from required");
        assert_eq!(
            code(None, Some("2011-03-09"), Some("2011-03-08")),
            "from after_end"
        );
        assert_eq!(
            code(None, Some("2001-01-01"), Some("2012-01-01")),
            "from span_too_long"
        );
        assert_eq!(
            code(None, Some("2011-03"), Some("2012-01-01")),
            "from invalid_date"
        );
        assert_eq!(
            code(Some("2011"), Some("2011-03-01"), Some("2011-03-02")),
            "period too_many_filters"
        );
    }
}
