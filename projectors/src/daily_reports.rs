//! What each branch's days have come to: the last revision takes the place of those before it; by category, all are kept.

use events::Event;
use events::branch::{CategoryFigures, DailyReportEvent, DailyReportReceived};
use read_models::ViewName;
use read_models::daily_report_parts::{DailyReportPart, DailyReportPartKey};
use read_models::daily_reports::{DailyReport, DailyReportKey};

use crate::projection::{Fact, Projection};

pub struct DailyReports;

impl Projection for DailyReports {
    const VIEW: ViewName = ViewName::DailyReports;
    type Row = DailyReport;
    type Entry = DailyReportPart;

    fn keys(event: &Event) -> Vec<DailyReportKey> {
        received(event).map(key).into_iter().collect()
    }

    fn apply(
        key: &DailyReportKey,
        row: Option<DailyReport>,
        fact: &Fact,
        entries: &mut Vec<DailyReportPart>,
    ) -> Option<DailyReport> {
        let Some(event) = received(&fact.event) else {
            return row;
        };
        entries.extend(parts(event));
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

/// What isn't told by category counts to none.
fn parts(event: &DailyReportReceived) -> Vec<DailyReportPart> {
    let key = |category: &str| DailyReportPartKey {
        branch_id: event.branch_id,
        day: event.day,
        currency: event.figures.revenue.currency(),
        revision: event.revision,
        category: category.to_owned(),
    };
    let figures = &event.figures;
    if figures.categories.is_empty() {
        return vec![DailyReportPart {
            key: key(""),
            revenue_minor: figures.revenue.amount_minor(),
            loss_minor: figures.loss.amount_minor(),
            units: figures.units,
        }];
    }
    let part = |told: &CategoryFigures| DailyReportPart {
        key: key(&told.slug),
        revenue_minor: told.revenue.amount_minor(),
        loss_minor: told.loss.amount_minor(),
        units: told.units,
    };
    figures.categories.iter().map(part).collect()
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
