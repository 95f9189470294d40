//! Use cases of headquarters: a branch shows its token and tells what a day has come to.

use events::branch::{DailyReportReceived, DayFigures, ReportCause};
use events::ids::BranchId;
use events::money::Currency;

use chrono::{DateTime, NaiveDate, Utc};

use crate::branch::Branch;
use crate::daily_report::{self, DailyReport, DailyReportCommand};
use crate::unit_of_work::{Decision, UnitOfWork};

/// Refuses who isn't the branch. What is decided after it in the same step holds as long as the token does.
pub fn authenticate(work: &mut UnitOfWork, branch_id: BranchId, token_hash: &str) -> Decision<()> {
    Ok(work.read::<Branch>(branch_id)?.authenticate(token_hash)?)
}

/// A branch tells what a day has come to.
#[derive(Debug, Clone)]
pub struct ReceiveReport {
    pub branch_id: BranchId,
    pub token_hash: String,
    pub day: NaiveDate,
    pub revision: u64,
    pub figures: DayFigures,
    pub cause: ReportCause,
    pub at: DateTime<Utc>,
}

pub fn receive_report(work: &mut UnitOfWork, command: &ReceiveReport) -> Decision<()> {
    authenticate(work, command.branch_id, &command.token_hash)?;
    let received = DailyReportReceived {
        branch_id: command.branch_id,
        day: command.day,
        revision: command.revision,
        figures: command.figures.clone(),
        replaces: None,
        cause: command.cause,
        received_at: command.at,
    };
    let currency = command.figures.revenue.currency();
    let key = daily_report::key(command.branch_id, command.day, currency);
    work.handle::<DailyReport>(key, DailyReportCommand::Receive(received))
}

/// A day in one currency, as a branch and its headquarters both name it.
pub type DayKey = (NaiveDate, Currency);

/// What counts at headquarters of these days of the branch, with its revision; days that were never told are left out.
pub fn counted_days(
    work: &mut UnitOfWork,
    (branch_id, token_hash): (BranchId, &str),
    days: &[DayKey],
) -> Decision<Vec<(DayKey, u64, DayFigures)>> {
    authenticate(work, branch_id, token_hash)?;
    let keys: Vec<_> = days
        .iter()
        .map(|(day, currency)| daily_report::key(branch_id, *day, *currency))
        .collect();
    work.require::<DailyReport>(&keys)?;
    let mut counted = vec![];
    for (day, key) in days.iter().zip(&keys) {
        let report = work.read::<DailyReport>(key)?;
        counted.extend(
            report
                .counted()
                .map(|(revision, figures)| (*day, revision, figures.clone())),
        );
    }
    Ok(counted)
}
