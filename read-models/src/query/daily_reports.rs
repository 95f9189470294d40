//! What the branches have reported over a span of days, per day, branch, region or category; and which days they have reported.

use chrono::NaiveDate;
use events::ids::BranchId;
use events::money::Currency;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::statement::Statement;
use crate::record::{self, RowError};
use crate::store::StoreError;

const TABLE: &str = "daily_reports";
/// The reports that count, category by category.
const PARTS: &str =
    "daily_reports AS reports JOIN daily_report_parts AS parts ON parts.branch_id = reports.branch_id
    AND parts.day = reports.day AND parts.currency = reports.currency AND parts.revision = reports.revision";

/// What to sum by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevenueGroup {
    Day,
    Branch,
    Region,
    /// By the slug; empty for none.
    Category,
}

/// Which reports to sum. Both days count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevenueSpan {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub currency: Currency,
}

/// The sums of one day, branch or region, or of the whole span.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RevenueSum {
    /// The day, the branch's id, the region, or the category's slug; empty for the whole span.
    pub key: String,
    /// How many days of branches it sums.
    pub reports: i64,
    pub revenue_minor: i64,
    pub loss_minor: i64,
    /// 0 by category: an order may be of several.
    pub orders: i64,
    pub units: i64,
}

/// The sums in the order of the days, of the branches' ids, the regions or the slugs; `limit` of them.
pub async fn sums(
    conn: &mut AnyConnection,
    span: RevenueSpan,
    group: RevenueGroup,
    limit: i64,
) -> Result<Vec<RevenueSum>, StoreError> {
    list(span, group, limit).rows_with(conn, TABLE, read_sum).await
}

/// The sum over the whole span; zeros if nothing was reported.
pub async fn total(conn: &mut AnyConnection, span: RevenueSpan) -> Result<RevenueSum, StoreError> {
    let mut statement = select("''", "daily_reports AS reports", span);
    statement.sql(" HAVING COUNT(*) > 0");
    let sums = statement.rows_with(conn, TABLE, read_sum).await?;
    Ok(sums.into_iter().next().unwrap_or_default())
}

pub(super) fn list(span: RevenueSpan, group: RevenueGroup, limit: i64) -> Statement {
    let alone = "daily_reports AS reports";
    // A branch belongs to the region that it is in now, with all of its past.
    let (key, from) = match group {
        RevenueGroup::Day => ("reports.day", alone),
        RevenueGroup::Branch => ("reports.branch_id", alone),
        RevenueGroup::Region => (
            "branches.region",
            "daily_reports AS reports JOIN branches ON branches.id = reports.branch_id",
        ),
        RevenueGroup::Category => ("parts.category", PARTS),
    };
    let mut statement = select(key, from, span);
    statement
        .sql(" GROUP BY ")
        .sql(key)
        .sql(" ORDER BY ")
        .sql(key)
        .sql(" LIMIT ")
        .int(limit);
    statement
}

fn select(key: &str, from: &str, span: RevenueSpan) -> Statement {
    const FIGURES: [&str; 4] = ["revenue_minor", "loss_minor", "orders", "units"];
    let mut statement = Statement::new("SELECT ");
    statement.sql(key).sql(" AS sum_key, COUNT(*) AS reports");
    for figure in FIGURES {
        let column = match (from == PARTS, figure) {
            (true, "orders") => "0",
            (true, "revenue_minor") => "parts.revenue_minor",
            (true, "loss_minor") => "parts.loss_minor",
            (true, _) => "parts.units",
            (false, "revenue_minor") => "reports.revenue_minor",
            (false, "loss_minor") => "reports.loss_minor",
            (false, "orders") => "reports.orders",
            (false, _) => "reports.units",
        };
        // Postgres makes a NUMERIC of a sum of BIGINTs.
        statement
            .sql(", CAST(SUM(")
            .sql(column)
            .sql(") AS BIGINT) AS ")
            .sql(figure);
    }
    statement
        .sql(" FROM ")
        .sql(from)
        .sql(" WHERE reports.currency = ")
        .text(span.currency)
        .sql(" AND reports.day BETWEEN ")
        .text(span.from)
        .sql(" AND ")
        .text(span.to);
    statement
}

fn read_sum(row: &AnyRow) -> Result<RevenueSum, RowError> {
    Ok(RevenueSum {
        key: row.try_get("sum_key")?,
        reports: row.try_get("reports")?,
        revenue_minor: row.try_get("revenue_minor")?,
        loss_minor: row.try_get("loss_minor")?,
        orders: row.try_get("orders")?,
        units: row.try_get("units")?,
    })
}

/// Which days of the span have been reported, in any currency: by every branch, or by this one. At most `limit`.
pub async fn reported_days(
    conn: &mut AnyConnection,
    branch: Option<BranchId>,
    (from, to): (NaiveDate, NaiveDate),
    limit: i64,
) -> Result<Vec<(BranchId, NaiveDate)>, StoreError> {
    days(branch, (from, to), limit)
        .rows_with(conn, TABLE, |row| {
            Ok((record::shown(row, "branch_id")?, record::shown(row, "day")?))
        })
        .await
}

pub(super) fn days(branch: Option<BranchId>, (from, to): (NaiveDate, NaiveDate), limit: i64) -> Statement {
    let mut statement =
        Statement::new("SELECT DISTINCT branch_id, day FROM daily_reports WHERE day BETWEEN ");
    statement.text(from).sql(" AND ").text(to);
    if let Some(branch) = branch {
        statement.sql(" AND branch_id = ").text(branch);
    }
    statement.sql(" LIMIT ").int(limit);
    statement
}
