//! A branch's report: prepared, sent again on request, corrected, and outbidding what headquarters knows.

use chrono::Days;
use events::branch::{DayFigures, ReportCause};
use events::chain::{DailyReportDelivered, DailyReportPrepared, DailyReportRequested, OutgoingReportEvent};
use events::money::Currency;

use super::{OutgoingReport, OutgoingReportCommand, OutgoingReportError};
use crate::RefusalKind::{Conflict, Invalid};
use crate::given::{Then, at, given, pence};

fn figures(revenue: i64) -> DayFigures {
    DayFigures {
        revenue: pence(revenue),
        loss: pence(0),
        orders: 1,
        units: 1,
        categories: vec![],
    }
}

fn day() -> chrono::NaiveDate {
    at(0).date_naive()
}

fn requested() -> OutgoingReportEvent {
    DailyReportRequested {
        day: day(),
        requested_at: at(1),
    }
    .into()
}

fn prepared(revision: u64, revenue: i64) -> OutgoingReportEvent {
    prepared_for(ReportCause::Sales, revision, revenue)
}

fn prepared_for(cause: ReportCause, revision: u64, revenue: i64) -> OutgoingReportEvent {
    DailyReportPrepared {
        day: day(),
        revision,
        figures: figures(revenue),
        cause,
        prepared_at: at(2),
    }
    .into()
}

fn delivered(revision: u64) -> OutgoingReportEvent {
    DailyReportDelivered {
        day: day(),
        currency: Currency::GBP,
        revision,
        delivered_at: at(3),
    }
    .into()
}

fn prepare(revenue: i64) -> OutgoingReportCommand {
    OutgoingReportCommand::Prepare {
        day: day(),
        figures: figures(revenue),
        at: at(2),
    }
}

#[test]
fn other_figures_get_a_revision_of_their_own() {
    given::<OutgoingReport>(vec![])
        .when(prepare(5))
        .then_expect_events(vec![prepared(1, 5)]);
    given::<OutgoingReport>(vec![prepared(1, 5)])
        .when(prepare(5))
        .then_nothing();
    given::<OutgoingReport>(vec![prepared(1, 5), delivered(1)])
        .when(prepare(6))
        .then_expect_events(vec![prepared(2, 6)]);
}

#[test]
fn who_asks_has_it_sent_again_as_it_was() {
    let request = OutgoingReportCommand::Request {
        day: day(),
        at: at(1),
    };
    given::<OutgoingReport>(vec![prepared(1, 5), delivered(1)])
        .when(request.clone())
        .then_expect_events(vec![requested()]);
    given::<OutgoingReport>(vec![requested()])
        .when(request)
        .then_nothing();
    given::<OutgoingReport>(vec![prepared(1, 5), delivered(1), requested()])
        .when(prepare(5))
        .then_expect_events(vec![prepared_for(ReportCause::Request, 1, 5)]);
    let day = day() + Days::new(2);
    given::<OutgoingReport>(vec![])
        .when(OutgoingReportCommand::Request { day, at: at(1) })
        .then_refused(
            OutgoingReportError::Future { day },
            (Invalid, "day_in_future", Some("day")),
        );
}

#[test]
fn a_branch_that_lost_its_last_moments_outbids_what_headquarters_has() {
    let outbid = |newest| OutgoingReportCommand::Outbid { newest, at: at(2) };
    given::<OutgoingReport>(vec![prepared(1, 5)])
        .when(outbid(4))
        .then_expect_events(vec![prepared_for(ReportCause::Comparison, 5, 5)]);
    given::<OutgoingReport>(vec![prepared(5, 5)])
        .when(outbid(4))
        .then_nothing();
    given::<OutgoingReport>(vec![]).when(outbid(4)).then_refused(
        OutgoingReportError::NotPrepared,
        (Conflict, "report_not_prepared", None),
    );
}

#[test]
fn what_either_side_has_forgotten_is_told_again_above_whatever_headquarters_has() {
    let compare = |counted: Option<(u64, i64)>| OutgoingReportCommand::Compare {
        counted: counted.map(|(revision, revenue)| (revision, figures(revenue))),
        at: at(2),
    };
    let told = vec![prepared(3, 5), delivered(3)];
    given::<OutgoingReport>(told.clone())
        .when(compare(Some((3, 5))))
        .then_nothing();
    // This branch was restored: headquarters has a newer revision, or the same of other figures.
    for (newest, revenue) in [(7, 9), (7, 5), (3, 9)] {
        let outbid = prepared_for(ReportCause::Comparison, newest + 1, 5);
        given::<OutgoingReport>(told.clone())
            .when(compare(Some((newest, revenue))))
            .then_expect_events(vec![outbid]);
    }
    // Headquarters was restored: it has forgotten the newest, or everything.
    for counted in [Some((2, 4)), None] {
        let again = prepared_for(ReportCause::Comparison, 3, 5);
        given::<OutgoingReport>(told.clone())
            .when(compare(counted))
            .then_expect_events(vec![again]);
    }
    // It is on its way.
    given::<OutgoingReport>(vec![prepared(1, 4), delivered(1), prepared(2, 5)])
        .when(compare(Some((1, 4))))
        .then_nothing();
    given::<OutgoingReport>(vec![]).when(compare(None)).then_nothing();
}

#[test]
fn a_delivery_is_noted_once() {
    let deliver = OutgoingReportCommand::MarkDelivered {
        revision: 1,
        at: at(3),
    };
    given::<OutgoingReport>(vec![prepared(1, 5)])
        .when(deliver.clone())
        .then_expect_events(vec![delivered(1)]);
    given::<OutgoingReport>(vec![prepared(1, 5), delivered(1)])
        .when(deliver)
        .then_nothing();
}
