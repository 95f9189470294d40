//! Finds what a restore from a backup has made differ: now and then the branch asks what headquarters has of its days, and
//! tells anew, above whatever headquarters has, each that isn't as it was told last.
//!
//! Without it, a branch that was restored would take old days for told, and a headquarters that was restored would never
//! get back what it has forgotten.

use chrono::{DateTime, TimeDelta, Utc};
use domain::outgoing_report::{self, OutgoingReport, OutgoingReportCommand};
use events::branch::DayFigures;
use events::envelope::Actor;
use executor::{CommandContext, ExecuteError};
use uuid::Uuid;

use super::day_book::{DayBook, DayKey};
use super::headquarters::{ComparisonOutcome, Headquarters};
use crate::effects::Shop;

/// Between two comparisons: one is a call per hundred days, and a restore is rare. A start compares, too.
const EVERY: TimeDelta = TimeDelta::hours(6);
/// After one that didn't get through.
const AGAIN_AFTER: TimeDelta = TimeDelta::minutes(1);
/// Days in one question: with a thousand categories each, the answer stays below what is read of one.
const DAYS_PER_QUESTION: usize = 100;

/// When to compare next.
#[derive(Debug)]
pub(super) struct Comparison {
    headquarters: Headquarters,
    due_at: Option<DateTime<Utc>>,
}

impl Comparison {
    pub fn new(headquarters: Headquarters) -> Self {
        Self {
            headquarters,
            due_at: None,
        }
    }

    /// At once, if none was made since the start.
    pub fn due_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.due_at.unwrap_or(now)
    }

    /// Compares if it is time. An error is one of the branch's own log.
    pub async fn make(
        &mut self,
        shop: &Shop,
        book: &DayBook,
        now: DateTime<Utc>,
    ) -> Result<(), ExecuteError> {
        if self.due_at(now) > now {
            return Ok(());
        }
        let known: Vec<_> = book
            .reports()
            .map(|(key, report)| (key, (report.revision, &report.figures)))
            .collect();
        self.due_at = Some(now + EVERY);
        for chunk in known.chunks(DAYS_PER_QUESTION) {
            let keys: Vec<_> = chunk.iter().map(|(key, _)| *key).collect();
            let counted = match self.headquarters.compare(&keys).await {
                ComparisonOutcome::Counted(counted) => counted,
                ComparisonOutcome::NotNow { reason } => {
                    tracing::warn!(reason, "days can't be compared with headquarters' now");
                    self.due_at = Some(now + AGAIN_AFTER);
                    return Ok(());
                }
            };
            for (key, (revision, figures)) in chunk {
                let there = counted.get(key);
                if there != Some(&(*revision, (*figures).clone())) {
                    tell_anew(shop, *key, there.cloned(), now).await?;
                }
            }
        }
        Ok(())
    }
}

async fn tell_anew(
    shop: &Shop,
    (day, currency): DayKey,
    counted: Option<(u64, DayFigures)>,
    at: DateTime<Utc>,
) -> Result<(), ExecuteError> {
    let context = CommandContext::new(Actor::System, at, Uuid::now_v7());
    let compare = |work: &mut domain::UnitOfWork| {
        let counted = counted.clone();
        let command = OutgoingReportCommand::Compare { counted, at };
        work.handle::<OutgoingReport>(outgoing_report::key(day, currency), command)
    };
    let accepted = shop.executor.execute(&context, compare).await?;
    let there = counted.map_or(0, |(revision, _)| revision);
    tracing::info!(%day, %currency, headquarters.revision = there, position = accepted.position,
        "headquarters has something else of a day, or nothing yet");
    Ok(())
}
