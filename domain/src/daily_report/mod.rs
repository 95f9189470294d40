//! A branch's day in one currency, as headquarters has it: the figures of the highest revision.
//!
//! The same revision with the same figures comes as often as it likes; a higher one takes the place of what was there, so
//! that nothing counts twice; a lower one, or the same with other figures, is refused and told which is the newest.

mod error;
#[cfg(test)]
mod tests;

use chrono::{Days, NaiveDate};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::branch::{CategoryFigures, DailyReportEvent, DailyReportReceived, DayFigures};
use events::ids::BranchId;
use events::money::Currency;
use serde::{Deserialize, Serialize};

pub use error::DailyReportError;

/// More than any day of any shop comes to, in minor units; a hundred thousand such days still have a sum.
pub const AMOUNT_MAX_MINOR: i64 = 10_000_000_000_000;
/// More than any shop sells in a day, in orders or units.
pub const COUNT_MAX: u64 = 10_000_000_000_000;

/// More corrections than any day gets; a day can be corrected as long as its revision is below.
pub const REVISION_MAX: u64 = 1_000_000_000_000;

/// Categories of one day's report: more than any shop sells of in a day.
pub const CATEGORIES_MAX: usize = 1_000;

/// The key of a report's stream.
pub fn key(branch_id: BranchId, day: NaiveDate, currency: Currency) -> String {
    format!("{branch_id}.{day}.{currency}")
}

/// See the module. The default is a day that hasn't been reported.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyReport {
    /// 0 before the first.
    revision: u64,
    figures: Option<DayFigures>,
}

/// What can be asked of a daily report.
#[derive(Debug, Clone)]
pub enum DailyReportCommand {
    /// What it replaces is filled in by the report.
    Receive(DailyReportReceived),
}

impl DailyReport {
    /// What counts, and its revision; none before the first report.
    pub fn counted(&self) -> Option<(u64, &DayFigures)> {
        self.figures.as_ref().map(|figures| (self.revision, figures))
    }

    fn receive(&self, received: DailyReportReceived) -> Result<Option<DailyReportEvent>, DailyReportError> {
        check(&received)?;
        let same = self.figures.as_ref() == Some(&received.figures);
        if received.revision == self.revision && same {
            return Ok(None);
        }
        if received.revision <= self.revision {
            return Err(DailyReportError::Outdated {
                revision: received.revision,
                newest: self.revision,
            });
        }
        let received = DailyReportReceived {
            replaces: self.figures.clone(),
            ..received
        };
        Ok(Some(received.into()))
    }
}

fn check(received: &DailyReportReceived) -> Result<(), DailyReportError> {
    let DayFigures { revenue, loss, .. } = &received.figures;
    if !(1..=REVISION_MAX).contains(&received.revision) {
        return Err(DailyReportError::Revision);
    }
    if revenue.currency() != loss.currency() {
        return Err(DailyReportError::MixedCurrencies);
    }
    for (field, amount) in [("revenue", revenue), ("loss", loss)] {
        if amount.is_negative() {
            return Err(DailyReportError::Negative { field });
        }
        if amount.amount_minor() > AMOUNT_MAX_MINOR {
            return Err(DailyReportError::TooLarge { field });
        }
    }
    let DayFigures { orders, units, .. } = received.figures;
    for (field, count) in [("orders", orders), ("units", units)] {
        if count > COUNT_MAX {
            return Err(DailyReportError::TooLarge { field });
        }
    }
    check_categories(&received.figures)?;
    // Where a day begins first, it is a day ahead of ours at the most.
    let last = received.received_at.date_naive() + Days::new(1);
    if received.day > last {
        return Err(DailyReportError::Future { day: received.day });
    }
    Ok(())
}

/// Either nothing is told by category, or everything: in the order of the slugs, and to the penny.
fn check_categories(figures: &DayFigures) -> Result<(), DailyReportError> {
    let categories = &figures.categories;
    if categories.len() > CATEGORIES_MAX {
        return Err(DailyReportError::TooLarge { field: "categories" });
    }
    if !categories.is_sorted_by(|one, next| one.slug < next.slug) {
        return Err(DailyReportError::CategoryOrder);
    }
    let currency = figures.revenue.currency();
    let wrong = |one: &CategoryFigures| {
        let amounts = [one.revenue, one.loss];
        amounts
            .iter()
            .any(|amount| amount.is_negative() || amount.currency() != currency)
    };
    if categories.iter().any(wrong) {
        return Err(DailyReportError::Negative { field: "categories" });
    }
    let sum = |of: fn(&CategoryFigures) -> i128| categories.iter().map(of).sum::<i128>();
    let told = [
        (
            sum(|one| one.revenue.amount_minor().into()),
            figures.revenue.amount_minor().into(),
        ),
        (
            sum(|one| one.loss.amount_minor().into()),
            figures.loss.amount_minor().into(),
        ),
        (sum(|one| one.units.into()), i128::from(figures.units)),
    ];
    if !categories.is_empty() && told.iter().any(|(parts, whole)| parts != whole) {
        return Err(DailyReportError::CategorySums);
    }
    Ok(())
}

impl Aggregate for DailyReport {
    const TYPE: &'static str = "daily_report";
    type Command = DailyReportCommand;
    type Event = DailyReportEvent;
    type Error = DailyReportError;
    type Services = ();

    async fn handle(
        &mut self,
        DailyReportCommand::Receive(received): DailyReportCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), DailyReportError> {
        if let Some(event) = self.receive(received)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, DailyReportEvent::DailyReportReceived(event): DailyReportEvent) {
        self.revision = event.revision;
        self.figures = Some(event.figures);
    }
}
