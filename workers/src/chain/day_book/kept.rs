//! The day book as a document, so that a start doesn't read the whole log. A document of another form, another clock or
//! another currency is no use: the book is made anew from the log then, which loses nothing but time.

use chrono::{DateTime, NaiveDate, Utc};
use events::branch::{DayFigures, ReportCause};
use events::chain::DailyReportPrepared;
use events::money::Currency;
use serde::{Deserialize, Serialize};

use super::{Calendar, DayBook};

/// Raise it whenever figures are made differently, or this form changes.
const FORM: u32 = 1;

/// See the module.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::chain) struct KeptBook {
    form: u32,
    time_zone: String,
    currency: Currency,
    opened: Option<NaiveDate>,
    days: Vec<KeptDay>,
    requested: Vec<NaiveDate>,
    delivered_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptDay {
    day: NaiveDate,
    currency: Currency,
    figures: Option<DayFigures>,
    report: Option<KeptReport>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptReport {
    revision: u64,
    /// Missing if they are the day's: most are.
    figures: Option<DayFigures>,
    cause: ReportCause,
    prepared_at: DateTime<Utc>,
}

impl DayBook {
    pub fn keep(&self) -> KeptBook {
        let keys = self.figures.keys().chain(self.reports.keys());
        let keys: std::collections::BTreeSet<_> = keys.copied().collect();
        let day = |key: super::DayKey| {
            let figures = self.figures.get(&key);
            let report = self.reports.get(&key).map(|report| KeptReport {
                revision: report.revision,
                figures: Some(report.figures.clone()).filter(|told| Some(told) != figures),
                cause: report.cause,
                prepared_at: report.prepared_at,
            });
            KeptDay {
                day: key.0,
                currency: key.1,
                figures: figures.cloned(),
                report,
            }
        };
        KeptBook {
            form: FORM,
            time_zone: self.calendar.zone.name().to_owned(),
            currency: self.currency,
            opened: self.opened,
            days: keys.into_iter().map(day).collect(),
            requested: self.requested.iter().copied().collect(),
            delivered_at: self.delivered_at,
        }
    }

    /// The book as it was kept; none if it was made otherwise than it would be now.
    pub fn resume(kept: KeptBook, calendar: Calendar, currency: Currency) -> Option<Self> {
        let same = kept.form == FORM && kept.time_zone == calendar.zone.name() && kept.currency == currency;
        if !same {
            return None;
        }
        let mut book = Self::new(calendar, currency);
        book.opened = kept.opened;
        book.requested = kept.requested.into_iter().collect();
        book.delivered_at = kept.delivered_at;
        for kept in kept.days {
            let key = (kept.day, kept.currency);
            if let Some(report) = kept.report {
                let prepared = DailyReportPrepared {
                    day: kept.day,
                    revision: report.revision,
                    figures: report.figures.or_else(|| kept.figures.clone())?,
                    cause: report.cause,
                    prepared_at: report.prepared_at,
                };
                book.reports.insert(key, prepared);
            }
            if let Some(figures) = kept.figures {
                book.figures.insert(key, figures);
            }
        }
        Some(book)
    }
}
