//! The report of a day in one currency, at the branch: asked for, prepared, delivered.
//!
//! Figures that have changed get a revision of their own. What they come to, and when a day is due, is the workers' to know.

mod error;
#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::branch::{DayFigures, ReportCause};
use events::chain::{DailyReportDelivered, DailyReportPrepared, DailyReportRequested, OutgoingReportEvent};
use events::money::Currency;
use serde::{Deserialize, Serialize};

pub use error::OutgoingReportError;

/// The key of a report's stream.
pub fn key(day: NaiveDate, currency: Currency) -> String {
    format!("{day}.{currency}")
}

/// See the module. The default is a day that nobody has asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutgoingReport {
    requested: bool,
    prepared: Option<Prepared>,
    /// The highest that headquarters has; 0 before the first.
    delivered: u64,
}

/// What there is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    pub day: NaiveDate,
    pub revision: u64,
    pub figures: DayFigures,
}

/// What can be asked of a report.
#[derive(Debug, Clone)]
pub enum OutgoingReportCommand {
    /// Asking again before it is prepared changes nothing.
    Request { day: NaiveDate, at: DateTime<Utc> },
    /// Figures that are the same as before are prepared anew only if somebody has asked for it.
    Prepare {
        day: NaiveDate,
        figures: DayFigures,
        at: DateTime<Utc>,
    },
    /// Headquarters knows of a higher revision than this branch, which has been restored from an older copy: the figures
    /// get one that is higher still.
    Outbid { newest: u64, at: DateTime<Utc> },
    /// What headquarters has was looked up: this revision and these figures, or nothing. If it isn't what was prepared
    /// last, one of the two was restored, and the report goes out again, above whatever headquarters has. What was
    /// prepared and isn't delivered yet is on its way anyhow.
    Compare {
        counted: Option<(u64, DayFigures)>,
        at: DateTime<Utc>,
    },
    /// Telling what is known changes nothing.
    MarkDelivered { revision: u64, at: DateTime<Utc> },
}

impl OutgoingReport {
    pub fn prepared(&self) -> Option<&Prepared> {
        self.prepared.as_ref()
    }

    fn decide(
        &self,
        command: OutgoingReportCommand,
    ) -> Result<Option<OutgoingReportEvent>, OutgoingReportError> {
        match command {
            OutgoingReportCommand::Request { day, at } => self.request(day, at),
            OutgoingReportCommand::Prepare { day, figures, at } => Ok(self.prepare(day, figures, at)),
            OutgoingReportCommand::Outbid { newest, at } => self.outbid(newest, at),
            OutgoingReportCommand::Compare { counted, at } => Ok(self.compare(counted.as_ref(), at)),
            OutgoingReportCommand::MarkDelivered { revision, at } => self.mark_delivered(revision, at),
        }
    }

    fn request(
        &self,
        day: NaiveDate,
        at: DateTime<Utc>,
    ) -> Result<Option<OutgoingReportEvent>, OutgoingReportError> {
        // As at headquarters: where a day begins first, it is one ahead of ours at the most.
        if day > at.date_naive() + chrono::Days::new(1) {
            return Err(OutgoingReportError::Future { day });
        }
        let requested = DailyReportRequested {
            day,
            requested_at: at,
        };
        Ok((!self.requested).then(|| requested.into()))
    }

    fn prepare(&self, day: NaiveDate, figures: DayFigures, at: DateTime<Utc>) -> Option<OutgoingReportEvent> {
        let before = self.prepared.as_ref();
        let same = before.is_some_and(|before| before.figures == figures);
        if same && !self.requested {
            return None;
        }
        let revision = before.map_or(0, |before| before.revision) + u64::from(!same);
        let prepared = DailyReportPrepared {
            day,
            revision,
            figures,
            cause: if self.requested {
                ReportCause::Request
            } else {
                ReportCause::Sales
            },
            prepared_at: at,
        };
        Some(prepared.into())
    }

    fn outbid(
        &self,
        newest: u64,
        at: DateTime<Utc>,
    ) -> Result<Option<OutgoingReportEvent>, OutgoingReportError> {
        let before = self.prepared.as_ref().ok_or(OutgoingReportError::NotPrepared)?;
        let prepared = DailyReportPrepared {
            day: before.day,
            revision: newest.saturating_add(1),
            figures: before.figures.clone(),
            cause: ReportCause::Comparison,
            prepared_at: at,
        };
        Ok((newest >= before.revision).then(|| prepared.into()))
    }

    fn compare(&self, counted: Option<&(u64, DayFigures)>, at: DateTime<Utc>) -> Option<OutgoingReportEvent> {
        let before = self.prepared.as_ref()?;
        let newest = counted.map_or(0, |(newest, _)| *newest);
        let same =
            counted.is_some_and(|(newest, figures)| *newest == before.revision && *figures == before.figures);
        let on_its_way = self.delivered < before.revision && newest < before.revision;
        if same || on_its_way {
            return None;
        }
        let prepared = DailyReportPrepared {
            day: before.day,
            // What headquarters has forgotten it is told as it was; what it has otherwise is outbid.
            revision: if newest < before.revision {
                before.revision
            } else {
                newest.saturating_add(1)
            },
            figures: before.figures.clone(),
            cause: ReportCause::Comparison,
            prepared_at: at,
        };
        Some(prepared.into())
    }

    fn mark_delivered(
        &self,
        revision: u64,
        at: DateTime<Utc>,
    ) -> Result<Option<OutgoingReportEvent>, OutgoingReportError> {
        let prepared = self.prepared.as_ref().ok_or(OutgoingReportError::NotPrepared)?;
        let delivered = DailyReportDelivered {
            day: prepared.day,
            currency: prepared.figures.revenue.currency(),
            revision,
            delivered_at: at,
        };
        Ok((revision > self.delivered).then(|| delivered.into()))
    }
}

impl Aggregate for OutgoingReport {
    const TYPE: &'static str = "outgoing_report";
    type Command = OutgoingReportCommand;
    type Event = OutgoingReportEvent;
    type Error = OutgoingReportError;
    type Services = ();

    async fn handle(
        &mut self,
        command: OutgoingReportCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), OutgoingReportError> {
        if let Some(event) = self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: OutgoingReportEvent) {
        match event {
            OutgoingReportEvent::DailyReportRequested(_) => self.requested = true,
            OutgoingReportEvent::DailyReportPrepared(event) => {
                self.requested = false;
                self.prepared = Some(Prepared {
                    day: event.day,
                    revision: event.revision,
                    figures: event.figures,
                });
            }
            OutgoingReportEvent::DailyReportDelivered(event) => {
                self.delivered = self.delivered.max(event.revision);
            }
        }
    }
}
