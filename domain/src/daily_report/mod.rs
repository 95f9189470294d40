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
use events::branch::{DailyReportEvent, DailyReportReceived, DayFigures};
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
    // Where a day begins first, it is a day ahead of ours at the most.
    let last = received.received_at.date_naive() + Days::new(1);
    if received.day > last {
        return Err(DailyReportError::Future { day: received.day });
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
