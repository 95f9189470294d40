//! Facts that headquarters keeps: its branches with the hashes of their tokens, and what each branch reports of its days.
//!
//! A report carries what it takes the place of, so that whoever sums needn't look back. What a branch keeps of its own
//! reports is in [`chain`](crate::chain).

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::BranchId;
use crate::money::Money;

/// What headquarters knows of a branch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BranchProfile {
    pub name: String,
    /// The town, the street, the floor: for people.
    pub location: String,
    /// What reports are summed by.
    pub region: String,
    /// Where its shop answers.
    pub url: String,
    /// By which clock its days end, such as `Europe/London`.
    pub time_zone: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BranchRegistered {
    pub branch_id: BranchId,
    pub profile: BranchProfile,
    /// SHA-256 of its token, in hex; the token itself nobody but the branch has.
    pub token_hash: String,
    pub registered_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BranchEdited {
    pub branch_id: BranchId,
    /// All of it, as it is from now on.
    pub profile: BranchProfile,
}

/// It has a new token; the one before is void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BranchTokenRotated {
    pub branch_id: BranchId,
    pub token_hash: String,
    pub rotated_at: DateTime<Utc>,
}

/// It has no token, and can't report, until it is given a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BranchTokenRevoked {
    pub branch_id: BranchId,
    pub revoked_at: DateTime<Utc>,
}

events! {
    /// What happens to a branch, as headquarters has it.
    BranchEvent {
        BranchRegistered = 1,
        BranchEdited = 1,
        BranchTokenRotated = 1,
        BranchTokenRevoked = 1,
    }
}

impl BranchEvent {
    pub fn branch_id(&self) -> BranchId {
        match self {
            Self::BranchRegistered(event) => event.branch_id,
            Self::BranchEdited(event) => event.branch_id,
            Self::BranchTokenRotated(event) => event.branch_id,
            Self::BranchTokenRevoked(event) => event.branch_id,
        }
    }
}

/// What the sales of one day in one currency have come to. Both amounts have that currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DayFigures {
    /// Of the orders that were paid on the day.
    pub revenue: Money,
    /// What was given back of that revenue, whenever it was; credit notes of the day; and what was written off the shelves
    /// on the day, at its price of the moment. Never negative.
    pub loss: Money,
    /// Orders that were paid.
    pub orders: u64,
    /// Units in them.
    pub units: u64,
    /// Both amounts and the units once more, by category, in the order of the slugs; either all of them or, in what was
    /// told before version 2 and on a day without any, none.
    pub categories: Vec<CategoryFigures>,
}

/// What the products of one category came to on a day: its own, without those below it, as it was when they were sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CategoryFigures {
    /// By this a branch and its headquarters know the same category; empty for what belongs to none.
    pub slug: String,
    pub revenue: Money,
    pub loss: Money,
    pub units: u64,
}

/// Why a day is told as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportCause {
    /// Something was sold, given back or written off since.
    #[default]
    Sales,
    /// Somebody at the branch asked for it.
    Request,
    /// The two sides knew different things of it: one of them was restored from a backup. The branch's figures count.
    Comparison,
}

/// A branch has told what a day has come to, for the first time or anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DailyReportReceived {
    pub branch_id: BranchId,
    /// By the branch's clock.
    pub day: NaiveDate,
    /// From 1; the highest counts.
    pub revision: u64,
    pub figures: DayFigures,
    /// What counted until now; missing the first time.
    pub replaces: Option<DayFigures>,
    pub cause: ReportCause,
    pub received_at: DateTime<Utc>,
}

events! {
    /// What happens to a branch's day in one currency, as headquarters has it.
    DailyReportEvent {
        DailyReportReceived = 2,
    }
}
