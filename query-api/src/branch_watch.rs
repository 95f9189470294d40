//! How a headquarters' chain stands: days that its branches owe, and branches that are silent; zeros without branches. Making
//! metrics of it is the executable's; which branch it is, `GET /api/branches` says.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use events::ids::BranchId;
use platform::call_log::{CallLog, CallLogError};
use read_models::Views;
use read_models::branches::Branch;
use read_models::query::{Snapshot, branches, daily_reports};
use read_models::store::StoreError;

use crate::late_days;

/// How many days back owed ones are counted, as in the list of branches.
const DAYS_BACK: u64 = 92;
/// More branches than any chain that fits on one headquarters.
const BRANCHES_MAX: i64 = 10_000;
/// Days of branches that are looked through.
const REPORTED_MAX: i64 = 4_000_000;
/// A branch asks for the catalogue every few minutes.
const SILENT_AFTER: TimeDelta = TimeDelta::hours(1);

/// Why nobody knows now.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Calls(#[from] CallLogError),
}

/// What a headquarters' people should hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainStanding {
    /// Days of the last three months that branches with a token owe.
    pub late_days: usize,
    /// Branches with a token that haven't called for an hour.
    pub silent_branches: u32,
}

/// How the chain stands at `now`.
pub async fn chain_standing(
    views: &Views,
    calls: &CallLog,
    now: DateTime<Utc>,
) -> Result<ChainStanding, WatchError> {
    let mut snapshot = Snapshot::begin(views).await?;
    let branches = branches::branches(snapshot.conn(), None, BRANCHES_MAX).await?;
    let late_days = late(&mut snapshot, &branches, now).await?;
    drop(snapshot);
    let mut silent_branches = 0;
    for branch in branches.iter().filter(|branch| branch.has_token) {
        let contact = calls.last_contact(&branch.id.to_string()).await?;
        let last = contact.max(branch.last_report.map(|last| last.received_at));
        let since = last.unwrap_or(branch.registered_at);
        silent_branches += u32::from(now - since > SILENT_AFTER);
    }
    Ok(ChainStanding {
        late_days,
        silent_branches,
    })
}

/// Days that branches with a token owe.
async fn late(snapshot: &mut Snapshot, branches: &[Branch], now: DateTime<Utc>) -> Result<usize, StoreError> {
    let to = late_days::last_day_over(now);
    let earliest = to - Days::new(DAYS_BACK - 1);
    let reported = daily_reports::reported_days(snapshot.conn(), None, (earliest, to), REPORTED_MAX).await?;
    let mut days = HashMap::<BranchId, BTreeSet<NaiveDate>>::new();
    for (branch, day) in reported {
        days.entry(branch).or_default().insert(day);
    }
    let none = BTreeSet::new();
    let of = |branch: &Branch| {
        let from = earliest.max(branch.registered_at.date_naive());
        late_days::missing(from, to, days.get(&branch.id).unwrap_or(&none)).count()
    };
    Ok(branches.iter().filter(|branch| branch.has_token).map(of).sum())
}
