//! Each daily report of a branch by category, revision by revision: what counts is what has the revision of its day's row in
//! `daily_reports`. Nothing here is ever changed, so what a day was before a correction stays to be seen.

use chrono::NaiveDate;
use events::ids::BranchId;
use events::money::Currency;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::record::{self, Binds, Key, Record, RowError};
use crate::table::{Table, int, text};

/// A category of one revision of a branch's day in one currency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DailyReportPartKey {
    pub branch_id: BranchId,
    /// By the branch's clock.
    pub day: NaiveDate,
    pub currency: Currency,
    pub revision: u64,
    /// The category's slug; empty for what belongs to none, and for what a branch doesn't tell by category.
    pub category: String,
}

impl Key for DailyReportPartKey {
    fn bind(&self, binds: &mut Binds) {
        binds
            .shown(self.branch_id)
            .shown(self.day)
            .shown(self.currency)
            .count(self.revision)
            .text(&self.category);
    }
}

/// A row of `daily_report_parts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyReportPart {
    pub key: DailyReportPartKey,
    pub revenue_minor: i64,
    pub loss_minor: i64,
    pub units: u64,
}

impl Record for DailyReportPart {
    type Key = DailyReportPartKey;

    const TABLE: Table = Table {
        name: "daily_report_parts",
        columns: &[
            text("branch_id"),
            // Such as 2026-03-01.
            text("day"),
            text("currency"),
            int("revision"),
            text("category"),
            int("revenue_minor"),
            int("loss_minor"),
            int("units"),
        ],
        key: 5,
        indexes: &[],
    };

    fn key(&self) -> DailyReportPartKey {
        self.key.clone()
    }

    fn bind(&self, binds: &mut Binds) {
        self.key.bind(binds);
        binds
            .int(self.revenue_minor)
            .int(self.loss_minor)
            .count(self.units);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            key: DailyReportPartKey {
                branch_id: record::shown(row, "branch_id")?,
                day: record::shown(row, "day")?,
                currency: record::shown(row, "currency")?,
                revision: record::count(row, "revision")?,
                category: row.try_get("category")?,
            },
            revenue_minor: row.try_get("revenue_minor")?,
            loss_minor: row.try_get("loss_minor")?,
            units: record::count(row, "units")?,
        })
    }
}
