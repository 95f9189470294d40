//! From when to when a report goes, in which steps.

use chrono::{Days, Months, NaiveDate};
use read_models::periods::{Period, Unit};
use web::Problem;

use super::wrong;

/// Days of a report by days: a leap year's.
const DAYS_MAX: i64 = 366;
/// Days of a report by weeks or months: ten years'.
pub(super) const LONG_DAYS_MAX: i64 = 3_660;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub bucket: Unit,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

/// Both days count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub bucket: Unit,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Asked {
    pub fn read(bucket: Option<&str>, from: Option<&str>, to: Option<&str>) -> Result<Self, Problem> {
        let bucket = match bucket {
            None | Some("day") => Unit::Day,
            Some("week") => Unit::Week,
            Some("month") => Unit::Month,
            Some(other) => {
                let message = format_args!("{other:?} is no bucket: day, week or month");
                return Err(wrong("bucket", "unknown_bucket", message));
            }
        };
        Ok(Self {
            bucket,
            from: from.map(|text| day("from", text)).transpose()?,
            to: to.map(|text| day("to", text)).transpose()?,
        })
    }

    /// The span: up to the last day that has figures unless the end is told, and 30 days, 26 weeks or 12 months long unless
    /// the beginning is. `None` if neither is told and there are no figures.
    pub fn until(self, last: Option<NaiveDate>) -> Result<Option<Span>, Problem> {
        let last = last.map(|last| self.from.map_or(last, |from| from.max(last)));
        let Some(to) = self.to.or(last).or(self.from) else {
            return Ok(None);
        };
        let from = match self.from {
            Some(from) => from,
            None => self.usual_beginning(to).unwrap_or(to),
        };
        if from > to {
            return Err(wrong("from", "after_end", format_args!("{from} is after {to}")));
        }
        let max = match self.bucket {
            Unit::Day => DAYS_MAX,
            _ => LONG_DAYS_MAX,
        };
        if (to - from).num_days() >= max {
            let message = format_args!("{from} to {to} is more than {max} days");
            return Err(wrong("from", "span_too_long", message));
        }
        Ok(Some(Span {
            bucket: self.bucket,
            from,
            to,
        }))
    }

    fn usual_beginning(self, to: NaiveDate) -> Option<NaiveDate> {
        match self.bucket {
            Unit::Day => to.checked_sub_days(Days::new(29)),
            Unit::Week => Period::of(Unit::Week, to.checked_sub_days(Days::new(25 * 7))?)
                .first_day()
                .into(),
            _ => Period::of(Unit::Month, to.checked_sub_months(Months::new(11))?)
                .first_day()
                .into(),
        }
    }
}

impl Span {
    /// The periods in it; the first and the last may reach beyond it.
    pub fn buckets(self) -> impl Iterator<Item = Period> {
        let first = Period::of(self.bucket, self.from);
        let periods = std::iter::successors(Some(first), |period| period.next());
        periods.take_while(move |period| period.first_day() <= self.to)
    }
}

pub(super) fn day(field: &'static str, text: &str) -> Result<NaiveDate, Problem> {
    let period: Option<Period> = text.parse().ok();
    match period {
        Some(period) if period.unit() == Unit::Day => Ok(period.first_day()),
        _ => {
            let message = format_args!("{text:?} is no day such as 2011-03-09");
            Err(wrong(field, "invalid_date", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From, to, and how many buckets.
    type Found = (String, String, usize);

    fn span(
        bucket: &str,
        from: Option<&str>,
        to: Option<&str>,
        last: Option<&str>,
    ) -> Result<Option<Found>, String> {
        let last = last.map(|last| last.parse().unwrap());
        let span = Asked::read(Some(bucket), from, to).and_then(|asked| asked.until(last));
        let found = |span: Span| (span.from.to_string(), span.to.to_string(), span.buckets().count());
        span.map(|span| span.map(found))
            .map_err(|problem| problem.errors()[0].code.to_string())
    }

    fn found(from: &str, to: &str, buckets: usize) -> Found {
        (from.to_owned(), to.to_owned(), buckets)
    }

    #[test]
    fn a_span_ends_with_the_last_figures_unless_told() {
        let last = Some("2011-06-09");
        assert_eq!(
            span("day", None, None, last),
            Ok(Some(found("2011-05-11", "2011-06-09", 30)))
        );
        assert_eq!(
            span("week", None, None, last),
            Ok(Some(found("2010-12-13", "2011-06-09", 26)))
        );
        assert_eq!(
            span("month", None, None, last),
            Ok(Some(found("2010-07-01", "2011-06-09", 12)))
        );
        assert_eq!(
            span("day", Some("2011-06-01"), None, last),
            Ok(Some(found("2011-06-01", "2011-06-09", 9)))
        );
        assert_eq!(
            span("day", Some("2012-01-01"), None, last),
            Ok(Some(found("2012-01-01", "2012-01-01", 1)))
        );
        assert_eq!(span("day", None, None, None), Ok(None));
        assert_eq!(
            span("month", None, Some("0001-01-01"), None),
            Ok(Some(found("0000-02-01", "0001-01-01", 12)))
        );
    }

    #[test]
    fn a_span_has_its_bounds() {
        let code = |bucket, from, to| span(bucket, Some(from), Some(to), None).unwrap_err();
        assert_eq!(code("day", "2011-03-02", "2011-03-01"), "after_end");
        assert_eq!(code("day", "2011-03-32", "2011-04-01"), "invalid_date");
        assert_eq!(code("day", "2011-03", "2011-04-01"), "invalid_date");
        assert_eq!(code("year", "2011-03-01", "2011-04-01"), "unknown_bucket");
        assert_eq!(code("day", "2010-01-01", "2011-01-02"), "span_too_long");
        assert_eq!(code("month", "2001-01-01", "2012-01-01"), "span_too_long");
        assert_eq!(
            span("day", Some("2012-01-01"), Some("2012-12-31"), None),
            Ok(Some(found("2012-01-01", "2012-12-31", 366)))
        );
    }
}
