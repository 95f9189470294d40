//! A branch's report: prepared, sent again on request, corrected, and outbidding what headquarters knows.

use chrono::Days;
use events::branch::DayFigures;
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
    DailyReportPrepared {
        day: day(),
        revision,
        figures: figures(revenue),
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
        .then_expect_events(vec![prepared(1, 5)]);
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
        .then_expect_events(vec![prepared(5, 5)]);
    given::<OutgoingReport>(vec![prepared(5, 5)])
        .when(outbid(4))
        .then_nothing();
    given::<OutgoingReport>(vec![]).when(outbid(4)).then_refused(
        OutgoingReportError::NotPrepared,
        (Conflict, "report_not_prepared", None),
    );
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
