//! The branches of the chain, and when each was last heard of by a report. Its token's hash never gets here.

use chrono::{DateTime, NaiveDate, Utc};
use events::branch::BranchProfile;
use events::envelope::Position;
use events::ids::BranchId;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::record::{self, Binds, Record, RowError};
use crate::table::{Table, int, text};

/// A report that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastReport {
    pub day: NaiveDate,
    pub received_at: DateTime<Utc>,
}

/// A row of `branches`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    pub id: BranchId,
    pub profile: BranchProfile,
    /// Whether it has a token that is good.
    pub has_token: bool,
    pub registered_at: DateTime<Utc>,
    /// The last that came in, whichever day it was about.
    pub last_report: Option<LastReport>,
    /// The version of the branch's stream.
    pub version: u64,
    /// The position of the last event that changed the row.
    pub position: Position,
}

impl Branch {
    /// One that nobody has registered.
    pub fn unknown(id: BranchId) -> Self {
        Self {
            id,
            profile: BranchProfile::default(),
            has_token: false,
            registered_at: DateTime::UNIX_EPOCH,
            last_report: None,
            version: 0,
            position: 0,
        }
    }
}

impl Record for Branch {
    type Key = BranchId;

    const TABLE: Table = Table {
        name: "branches",
        columns: &[
            text("id"),
            // The profile's, for sums.
            text("region"),
            // An `events::branch::BranchProfile`, as JSON.
            text("profile"),
            // 0 or 1.
            int("has_token"),
            // Microseconds since 1970.
            int("registered_at"),
            // Such as 2026-03-01, by the branch's clock.
            text("last_report_day").or_null(),
            int("last_report_at").or_null(),
            int("version"),
            int("position"),
        ],
        key: 1,
        indexes: &["registered_at, id"],
    };

    fn key(&self) -> BranchId {
        self.id
    }

    fn bind(&self, binds: &mut Binds) {
        let last = self.last_report;
        binds
            .shown(self.id)
            .text(&self.profile.region)
            .json(&self.profile)
            .int(i64::from(self.has_token))
            .time(self.registered_at)
            .shown_or_null(last.map(|last| last.day))
            .int_or_null(last.map(|last| last.received_at.timestamp_micros()))
            .count(self.version)
            .count(self.position);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        let day = record::shown_or_null(row, "last_report_day")?;
        let last_report = match day {
            Some(day) => Some(LastReport {
                day,
                received_at: record::time(row, "last_report_at")?,
            }),
            None => None,
        };
        Ok(Self {
            id: record::shown(row, "id")?,
            profile: record::json(row, "profile")?,
            has_token: row.try_get::<i64, _>("has_token")? != 0,
            registered_at: record::time(row, "registered_at")?,
            last_report,
            version: record::count(row, "version")?,
            position: record::count(row, "position")?,
        })
    }
}
