//! Rankings over a span of days that is no calendar period. It is put together of the sums of the days, months and years that
//! cover it, so that what is read depends on how many parts sold in it, never on how many orders there were.

use std::collections::HashMap;

use sqlx::{AnyConnection, Row};

use super::analytics::{self, Rank, Ranking, Subject};
use super::statement::Statement;
use crate::periods::Period;
use crate::sales_figures::{FiguresKey, SalesFigures};
use crate::store::StoreError;
use crate::sums::Sum;

/// Up to `limit` parts by what they have in all of these periods together, the largest first; as sums of the ranking's period.
pub async fn ranking(
    conn: &mut AnyConnection,
    ranking: Ranking,
    periods: &[Period],
    limit: i64,
) -> Result<Vec<SalesFigures>, StoreError> {
    let best = ranked(ranking, periods, limit)
        .rows_with(
            conn,
            "sales_figures",
            |row| Ok(row.try_get::<String, _>("value")?),
        )
        .await?;
    if best.is_empty() {
        return Ok(Vec::new());
    }
    let mut sums = HashMap::<String, SalesFigures>::new();
    for row in figures(ranking, &best, periods)
        .rows::<SalesFigures>(conn)
        .await?
    {
        let key = FiguresKey {
            period: ranking.period,
            ..row.key.clone()
        };
        let sum = sums.entry(row.key.part.value.clone());
        sum.or_insert_with(|| SalesFigures::none(key)).add(&row, 1);
    }
    Ok(best.iter().filter_map(|value| sums.remove(value)).collect())
}

/// The sums of all of these periods together, as those of `named`; zeros if nothing was sold.
pub async fn sum(
    conn: &mut AnyConnection,
    subject: &Subject,
    named: Period,
    periods: &[Period],
) -> Result<SalesFigures, StoreError> {
    let mut sum = SalesFigures::none(FiguresKey {
        scope: subject.scope,
        part: subject.part.clone(),
        currency: subject.currency,
        period: named,
    });
    for period in periods {
        sum.add(&analytics::sum(conn, subject.clone(), *period).await?, 1);
    }
    Ok(sum)
}

pub(super) fn ranked(ranking: Ranking, periods: &[Period], limit: i64) -> Statement {
    let figure = match ranking.rank {
        Rank::Revenue => "net_minor",
        Rank::Units => "net_units",
    };
    let mut statement = Statement::new("SELECT value, CAST(SUM(");
    statement
        .sql(figure)
        .sql(") AS BIGINT) AS figure FROM sales_figures WHERE ");
    of_ranking(&mut statement, ranking, periods);
    statement
        .sql(" GROUP BY value ORDER BY figure DESC, value DESC LIMIT ")
        .int(limit);
    statement
}

pub(super) fn figures(ranking: Ranking, values: &[String], periods: &[Period]) -> Statement {
    let mut statement = Statement::select::<SalesFigures>();
    of_ranking(&mut statement, ranking, periods);
    statement.sql(" AND value IN (");
    list(&mut statement, values);
    statement.sql(")");
    statement
}

fn of_ranking(statement: &mut Statement, ranking: Ranking, periods: &[Period]) {
    statement.sql("scope = ").text(ranking.scope);
    statement
        .sql(" AND dimension = ")
        .text(ranking.dimension.as_str());
    statement.sql(" AND currency = ").text(ranking.currency);
    statement.sql(" AND period IN (");
    let columns: Vec<_> = periods.iter().map(|period| period.column()).collect();
    list(statement, &columns);
    statement.sql(")");
}

fn list(statement: &mut Statement, texts: &[String]) {
    for (number, text) in texts.iter().enumerate() {
        statement.sql(if number == 0 { "" } else { ", " }).text(text);
    }
}
