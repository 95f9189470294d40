//! What each branch's days have come to, by the last revision of each.

use chrono::{DateTime, NaiveDate, Utc};
use events::envelope::Position;
use events::ids::BranchId;
use events::money::Currency;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::record::{self, Binds, Key, Record, RowError};
use crate::table::{Table, int, text};

/// A branch's day in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DailyReportKey {
    pub branch_id: BranchId,
    /// By the branch's clock.
    pub day: NaiveDate,
    pub currency: Currency,
}

impl Key for DailyReportKey {
    fn bind(&self, binds: &mut Binds) {
        binds.shown(self.branch_id).shown(self.day).shown(self.currency);
    }
}

/// A row of `daily_reports`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyReport {
    pub key: DailyReportKey,
    pub revision: u64,
    pub revenue_minor: i64,
    pub loss_minor: i64,
    pub orders: u64,
    pub units: u64,
    pub received_at: DateTime<Utc>,
    /// The position of the last event that changed the row.
    pub position: Position,
}

impl Record for DailyReport {
    type Key = DailyReportKey;

    const TABLE: Table = Table {
        name: "daily_reports",
        columns: &[
            text("branch_id"),
            // Such as 2026-03-01.
            text("day"),
            text("currency"),
            int("revision"),
            int("revenue_minor"),
            int("loss_minor"),
            int("orders"),
            int("units"),
            // Microseconds since 1970.
            int("received_at"),
            int("position"),
        ],
        key: 3,
        indexes: &["currency, day", "day"],
    };

    fn key(&self) -> DailyReportKey {
        self.key
    }

    fn bind(&self, binds: &mut Binds) {
        self.key.bind(binds);
        binds
            .count(self.revision)
            .int(self.revenue_minor)
            .int(self.loss_minor)
            .count(self.orders)
            .count(self.units)
            .time(self.received_at)
            .count(self.position);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            key: DailyReportKey {
                branch_id: record::shown(row, "branch_id")?,
                day: record::shown(row, "day")?,
                currency: record::shown(row, "currency")?,
            },
            revision: record::count(row, "revision")?,
            revenue_minor: row.try_get("revenue_minor")?,
            loss_minor: row.try_get("loss_minor")?,
            orders: record::count(row, "orders")?,
            units: record::count(row, "units")?,
            received_at: record::time(row, "received_at")?,
            position: record::count(row, "position")?,
        })
    }
}
