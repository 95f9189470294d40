//! A day's report: received, sent again, corrected, and never counted twice.

use chrono::Days;
use events::branch::{CategoryFigures, DailyReportEvent, DailyReportReceived, DayFigures, ReportCause};
use events::ids::BranchId;
use proptest::prelude::*;

use super::{AMOUNT_MAX_MINOR, DailyReport, DailyReportCommand, DailyReportError, REVISION_MAX};
use crate::RefusalKind::{Conflict, Invalid};
use crate::given::{Then, after, at, euros, given, pence};

fn figures(revenue: i64, loss: i64) -> DayFigures {
    DayFigures {
        revenue: pence(revenue),
        loss: pence(loss),
        orders: 1,
        units: 2,
        categories: vec![],
    }
}

fn report(revision: u64, figures: DayFigures) -> DailyReportReceived {
    DailyReportReceived {
        branch_id: BranchId::default(),
        day: at(0).date_naive(),
        revision,
        figures,
        replaces: None,
        cause: ReportCause::Sales,
        received_at: at(0),
    }
}

fn receive(revision: u64, figures: DayFigures) -> DailyReportCommand {
    DailyReportCommand::Receive(report(revision, figures))
}

#[test]
fn a_report_counts_once_however_often_it_comes() {
    let first: DailyReportEvent = report(1, figures(500, 0)).into();
    given::<DailyReport>(vec![])
        .when(receive(1, figures(500, 0)))
        .then_expect_events(vec![first.clone()]);
    given::<DailyReport>(vec![first])
        .when(receive(1, figures(500, 0)))
        .then_nothing();
}

#[test]
fn a_higher_revision_takes_the_place_of_what_was_there() {
    let corrected = DailyReportReceived {
        replaces: Some(figures(500, 0)),
        ..report(4, figures(500, 200))
    };
    given::<DailyReport>(vec![report(1, figures(500, 0)).into()])
        .when(receive(4, figures(500, 200)))
        .then_expect_events(vec![corrected.into()]);
}

#[test]
fn an_older_one_or_the_same_with_other_figures_is_refused() {
    for (revision, revenue) in [(2, 500), (3, 501)] {
        let error = DailyReportError::Outdated { revision, newest: 3 };
        given::<DailyReport>(vec![report(3, figures(500, 0)).into()])
            .when(receive(revision, figures(revenue, 0)))
            .then_refused(error, (Conflict, "report_outdated", None));
    }
}

#[test]
fn what_no_day_can_come_to_is_refused() {
    let refused = |report: DailyReportReceived, error: DailyReportError, field| {
        let code = crate::Refusal::code(&error);
        given::<DailyReport>(vec![])
            .when(DailyReportCommand::Receive(report))
            .then_refused(error, (Invalid, code, Some(field)));
    };
    for revision in [0, REVISION_MAX + 1, u64::MAX] {
        let report = report(revision, figures(1, 0));
        refused(report, DailyReportError::Revision, "revision");
    }
    let error = DailyReportError::Negative { field: "loss" };
    refused(report(1, figures(1, -1)), error, "loss");
    let error = DailyReportError::TooLarge { field: "revenue" };
    refused(report(1, figures(AMOUNT_MAX_MINOR + 1, 0)), error, "revenue");
    let mixed = DayFigures {
        loss: euros(1),
        ..figures(1, 0)
    };
    refused(report(1, mixed), DailyReportError::MixedCurrencies, "loss");
    let day = at(0).date_naive() + Days::new(2);
    let future = DailyReportReceived {
        day,
        ..report(1, figures(1, 0))
    };
    refused(future, DailyReportError::Future { day }, "day");
}

fn category(slug: &str, revenue: i64, loss: i64, units: u64) -> CategoryFigures {
    CategoryFigures {
        slug: slug.to_owned(),
        revenue: pence(revenue),
        loss: pence(loss),
        units,
    }
}

#[test]
fn what_is_told_by_category_comes_to_the_day() {
    let told = |categories| DayFigures {
        categories,
        ..figures(500, 20)
    };
    let sound = told(vec![category("", 100, 0, 1), category("kitchen", 400, 20, 1)]);
    let event: DailyReportEvent = report(1, sound.clone()).into();
    given::<DailyReport>(vec![])
        .when(receive(1, sound))
        .then_expect_events(vec![event]);
    let refused = |categories, error: DailyReportError| {
        let code = crate::Refusal::code(&error);
        given::<DailyReport>(vec![])
            .when(receive(1, told(categories)))
            .then_refused(error, (Invalid, code, Some("categories")));
    };
    refused(
        vec![category("kitchen", 500, 20, 1)],
        DailyReportError::CategorySums,
    );
    refused(
        vec![category("kitchen", 499, 20, 2)],
        DailyReportError::CategorySums,
    );
    let twice = vec![category("kitchen", 250, 10, 1), category("kitchen", 250, 10, 1)];
    refused(twice, DailyReportError::CategoryOrder);
    let negative = vec![category("a", 600, 20, 1), category("b", -100, 0, 1)];
    refused(negative, DailyReportError::Negative { field: "categories" });
    let many = (0..=super::CATEGORIES_MAX).map(|n| category(&format!("{n:05}"), 0, 0, 0));
    refused(many.collect(), DailyReportError::TooLarge { field: "categories" });
}

proptest! {
    /// Whatever comes in whatever order, the highest revision counts, and the differences sum up to it.
    #[test]
    fn the_differences_sum_up_to_the_last_revision(reports in proptest::collection::vec((1..9_u64, 0..9_i64), 0..40)) {
        let mut day = DailyReport::default();
        let mut sum = 0;
        for (revision, revenue) in reports {
            let Ok(Some(DailyReportEvent::DailyReportReceived(event))) = day.receive(report(revision, figures(revenue, 0)))
            else { continue };
            sum += event.figures.revenue.amount_minor();
            sum -= event.replaces.as_ref().map_or(0, |before| before.revenue.amount_minor());
            prop_assert!(event.revision > day.revision);
            day = after::<DailyReport>([event.into()]);
        }
        prop_assert_eq!(sum, day.figures.map_or(0, |figures| figures.revenue.amount_minor()));
    }
}
