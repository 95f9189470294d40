//! What each branch's days have come to: the last revision takes the place of those before it.

use events::Event;
use events::branch::{DailyReportEvent, DailyReportReceived};
use read_models::daily_reports::{DailyReport, DailyReportKey};
use read_models::{NoEntries, ViewName};

use crate::projection::{Fact, Projection};

pub struct DailyReports;

impl Projection for DailyReports {
    const VIEW: ViewName = ViewName::DailyReports;
    type Row = DailyReport;
    type Entry = NoEntries;

    fn keys(event: &Event) -> Vec<DailyReportKey> {
        received(event).map(key).into_iter().collect()
    }

    fn apply(
        key: &DailyReportKey,
        row: Option<DailyReport>,
        fact: &Fact,
        _: &mut Vec<NoEntries>,
    ) -> Option<DailyReport> {
        let Some(event) = received(&fact.event) else {
            return row;
        };
        Some(DailyReport {
            key: *key,
            revision: event.revision,
            revenue_minor: event.figures.revenue.amount_minor(),
            loss_minor: event.figures.loss.amount_minor(),
            orders: event.figures.orders,
            units: event.figures.units,
            received_at: event.received_at,
            position: fact.position,
        })
    }
}

fn received(event: &Event) -> Option<&DailyReportReceived> {
    match event {
        Event::DailyReport(DailyReportEvent::DailyReportReceived(event)) => Some(event),
        _ => None,
    }
}

fn key(event: &DailyReportReceived) -> DailyReportKey {
    DailyReportKey {
        branch_id: event.branch_id,
        day: event.day,
        currency: event.figures.revenue.currency(),
    }
}
