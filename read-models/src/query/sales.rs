//! Sales over a span of days, per day, country or SKU.

use chrono::NaiveDate;
use events::money::Currency;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::statement::Statement;
use crate::record::RowError;
use crate::store::StoreError;

const TABLE: &str = "sales";

/// What to sum by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SalesGroup {
    Day,
    Country,
    Product,
}

/// Which sales to sum. Both days count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SalesSpan {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub currency: Currency,
}

/// The sums of one day, country or SKU, or of the whole span.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SalesSum {
    /// The day, country or SKU; empty for the whole span.
    pub key: String,
    pub orders: i64,
    pub units: i64,
    pub revenue_minor: i64,
    pub cancellations: i64,
    pub cancelled_units: i64,
    pub cancelled_minor: i64,
}

/// The sums by day in the order of the days, or by country or SKU with the largest revenue first; `limit` of them.
pub async fn sales(
    conn: &mut AnyConnection,
    span: SalesSpan,
    group: SalesGroup,
    limit: i64,
) -> Result<Vec<SalesSum>, StoreError> {
    list(span, group, limit).rows_with(conn, TABLE, read_sum).await
}

/// The sum over the whole span; zeros if nothing was sold.
pub async fn total(conn: &mut AnyConnection, span: SalesSpan) -> Result<SalesSum, StoreError> {
    let mut statement = sums("''", "all", span);
    statement.sql(" HAVING COUNT(*) > 0");
    let sums = statement.rows_with(conn, TABLE, read_sum).await?;
    Ok(sums.into_iter().next().unwrap_or_default())
}

pub(super) fn list(span: SalesSpan, group: SalesGroup, limit: i64) -> Statement {
    let (key, dimension, order) = match group {
        SalesGroup::Day => ("day", "all", "sum_key"),
        SalesGroup::Country => ("value", "country", "revenue_minor DESC, sum_key"),
        SalesGroup::Product => ("value", "product", "revenue_minor DESC, sum_key"),
    };
    let mut statement = sums(key, dimension, span);
    statement
        .sql(" GROUP BY ")
        .sql(key)
        .sql(" ORDER BY ")
        .sql(order)
        .sql(" LIMIT ")
        .int(limit);
    statement
}

fn sums(key: &str, dimension: &str, span: SalesSpan) -> Statement {
    const FIGURES: [&str; 6] = [
        "orders",
        "units",
        "revenue_minor",
        "cancellations",
        "cancelled_units",
        "cancelled_minor",
    ];
    let mut statement = Statement::new("SELECT ");
    statement.sql(key).sql(" AS sum_key");
    for figure in FIGURES {
        // Postgres makes a NUMERIC of a sum of BIGINTs.
        statement
            .sql(", CAST(SUM(")
            .sql(figure)
            .sql(") AS BIGINT) AS ")
            .sql(figure);
    }
    statement.sql(" FROM sales WHERE dimension = ").text(dimension);
    statement.sql(" AND currency = ").text(span.currency);
    statement
        .sql(" AND day BETWEEN ")
        .text(span.from)
        .sql(" AND ")
        .text(span.to);
    statement
}

fn read_sum(row: &AnyRow) -> Result<SalesSum, RowError> {
    Ok(SalesSum {
        key: row.try_get("sum_key")?,
        orders: row.try_get("orders")?,
        units: row.try_get("units")?,
        revenue_minor: row.try_get("revenue_minor")?,
        cancellations: row.try_get("cancellations")?,
        cancelled_units: row.try_get("cancelled_units")?,
        cancelled_minor: row.try_get("cancelled_minor")?,
    })
}
