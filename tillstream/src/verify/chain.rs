//! The chain: headquarters' totals are the sum of what its branches last said of each day, whatever was sent how often.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use events::Event;
use events::branch::{BranchEvent, CategoryFigures, DailyReportEvent, DailyReportReceived, DayFigures};
use events::envelope::{Position, RecordedEvent};
use events::ids::BranchId;
use events::money::Currency;

use super::{Broken, Rule};

/// Revenue and loss in minor units, orders, units.
type Sum = [i128; 4];

/// What headquarters knows of the chain, summed up in two ways.
#[derive(Default)]
pub struct DaysCountOnce {
    branches: HashSet<BranchId>,
    /// By what each report says that it changes.
    running: BTreeMap<Currency, Sum>,
    last: HashMap<(BranchId, NaiveDate, Currency), DailyReportReceived>,
}

impl Rule for DaysCountOnce {
    fn name(&self) -> &'static str {
        "headquarters' totals are the sum of each branch's days by their last revisions"
    }

    fn see(&mut self, recorded: &RecordedEvent, event: &Event, broken: &mut Broken) {
        match event {
            Event::Branch(BranchEvent::BranchRegistered(event)) => {
                self.branches.insert(event.branch_id);
            }
            Event::DailyReport(DailyReportEvent::DailyReportReceived(event)) => {
                self.count(recorded.position, event, broken);
            }
            _ => {}
        }
    }

    fn end(&mut self, broken: &mut Broken) {
        let mut sums = BTreeMap::<_, Sum>::new();
        for ((_, _, currency), report) in &self.last {
            add(sums.entry(*currency).or_default(), &report.figures, 1);
        }
        if sums != self.running {
            let running = &self.running;
            broken.add(
                0,
                format_args!("the totals are {running:?}, and the last revisions sum up to {sums:?}"),
            );
        }
    }
}

impl DaysCountOnce {
    fn count(&mut self, position: Position, report: &DailyReportReceived, broken: &mut Broken) {
        let DailyReportReceived {
            branch_id,
            day,
            revision,
            figures,
            ..
        } = report;
        if !self.branches.contains(branch_id) {
            broken.add(
                position,
                format_args!("{branch_id} has reported, and was never registered"),
            );
        }
        if !divides(figures) {
            broken.add(
                position,
                format_args!("what {branch_id} has told of {day} by category doesn't come to the day"),
            );
        }
        let currency = figures.revenue.currency();
        let key = (*branch_id, *day, currency);
        let before = self.last.insert(key, report.clone());
        if before.as_ref().is_some_and(|before| before.revision >= *revision) {
            broken.add(
                position,
                format_args!("{branch_id} has reported {day} by an old revision, {revision}"),
            );
        }
        if before.map(|before| before.figures) != report.replaces {
            broken.add(
                position,
                format_args!("a report of {branch_id} about {day} replaces what wasn't there"),
            );
        }
        let running = self.running.entry(currency).or_default();
        add(running, figures, 1);
        if let Some(replaced) = &report.replaces {
            add(running, replaced, -1);
        }
    }
}

fn add(sum: &mut Sum, figures: &DayFigures, sign: i128) {
    let parts = [
        i128::from(figures.revenue.amount_minor()),
        i128::from(figures.loss.amount_minor()),
        i128::from(figures.orders),
        i128::from(figures.units),
    ];
    for (total, part) in sum.iter_mut().zip(parts) {
        *total += sign * part;
    }
}

/// Whether what is told by category, if anything is, comes to the whole.
fn divides(figures: &DayFigures) -> bool {
    let sum = |of: fn(&CategoryFigures) -> i128| figures.categories.iter().map(of).sum::<i128>();
    figures.categories.is_empty()
        || (sum(|one| one.revenue.amount_minor().into()) == i128::from(figures.revenue.amount_minor())
            && sum(|one| one.loss.amount_minor().into()) == i128::from(figures.loss.amount_minor())
            && sum(|one| one.units.into()) == i128::from(figures.units))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use events::branch::{BranchProfile, BranchRegistered, ReportCause};
    use events::envelope::StreamId;
    use events::money::Money;
    use uuid::Uuid;

    use super::*;
    use crate::verify::played;

    fn figures(revenue: i64) -> DayFigures {
        DayFigures {
            revenue: Money::new(revenue, Currency::GBP),
            loss: Money::zero(Currency::GBP),
            orders: 1,
            units: 1,
            categories: vec![],
        }
    }

    fn registered() -> Event {
        let registered = BranchRegistered {
            branch_id: BranchId::default(),
            profile: BranchProfile::default(),
            token_hash: String::new(),
            registered_at: DateTime::default(),
        };
        Event::Branch(registered.into())
    }

    fn received(revision: u64, revenue: i64, replaces: Option<i64>) -> Event {
        let received = DailyReportReceived {
            branch_id: BranchId::default(),
            day: NaiveDate::default(),
            revision,
            figures: figures(revenue),
            replaces: replaces.map(figures),
            cause: ReportCause::Sales,
            received_at: DateTime::default(),
        };
        Event::DailyReport(received.into())
    }

    /// How often the rule is broken by these events.
    fn broken(events: impl IntoIterator<Item = Event>) -> u64 {
        let of_branch = |event| (StreamId::new("daily_report", Uuid::nil()), event);
        played::broken(DaysCountOnce::default(), events.into_iter().map(of_branch))
    }

    #[test]
    fn parts_that_dont_come_to_the_day_are_seen() {
        let parts = |minor| {
            let Event::DailyReport(DailyReportEvent::DailyReportReceived(mut event)) = received(1, 500, None)
            else {
                unreachable!("it is a report")
            };
            event.figures.categories = vec![CategoryFigures {
                slug: "kitchen".to_owned(),
                revenue: Money::new(minor, Currency::GBP),
                loss: Money::zero(Currency::GBP),
                units: 1,
            }];
            Event::DailyReport(event.into())
        };
        assert_eq!(broken([registered(), parts(500)]), 0);
        assert_eq!(broken([registered(), parts(499)]), 1);
    }

    #[test]
    fn corrections_that_remember_what_they_replace_are_sound() {
        let story = [registered(), received(1, 500, None), received(3, 400, Some(500))];
        assert_eq!(broken(story), 0);
        assert_eq!(broken([]), 0);
    }

    #[test]
    fn a_day_that_counts_twice_and_an_old_revision_are_seen() {
        assert_eq!(broken([received(1, 500, None)]), 1);
        // It forgets what it replaces, and so the totals are too high.
        let twice = [registered(), received(1, 500, None), received(2, 400, None)];
        assert_eq!(broken(twice), 2);
        let old = [registered(), received(2, 500, None), received(2, 400, Some(500))];
        assert_eq!(broken(old), 1);
    }
}
