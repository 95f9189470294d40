//! Figures for reports. Each statement reads a range of a key or the end of an index: as many rows as it answers with,
//! however many orders there are.

use chrono::NaiveDate;
use events::money::Currency;
use sqlx::AnyConnection;

use super::product_filter::subtree;
use super::statement::Statement;
use crate::customer_figures::CustomerFigures;
use crate::item_counts::ItemCounts;
use crate::periods::{Period, Unit};
use crate::sales_figures::{Dimension, FiguresKey, Part, SalesFigures, Scope};
use crate::store::StoreError;
use crate::sums::Sum;

/// More categories than a shop has; a report reads them all.
const CATEGORIES_MAX: i64 = 100_000;

/// A part of somebody's sales, in one currency. A category stands for itself and, as the tree is now, all below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub scope: Scope,
    pub part: Part,
    pub currency: Currency,
}

/// What the largest of comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// What was sold less what came back.
    Revenue,
    /// Units sold less those that came back.
    Units,
}

/// The parts of somebody's sales to compare, in one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranking {
    pub scope: Scope,
    pub dimension: Dimension,
    pub currency: Currency,
    pub period: Period,
    pub rank: Rank,
}

/// The periods from one to another of the same length that have figures, in their order; of a category that has others below
/// it, a period may come several times.
pub async fn series(
    conn: &mut AnyConnection,
    subject: &Subject,
    from: Period,
    to: Period,
) -> Result<Vec<SalesFigures>, StoreError> {
    series_of(subject, from, to).rows(conn).await
}

/// The sums of one period; zeros if nothing was sold. Of a category its own alone.
pub async fn sum(
    conn: &mut AnyConnection,
    subject: Subject,
    period: Period,
) -> Result<SalesFigures, StoreError> {
    let key = FiguresKey {
        scope: subject.scope,
        part: subject.part,
        currency: subject.currency,
        period,
    };
    let found = super::one::<SalesFigures>(conn, key.clone()).await?;
    Ok(found.unwrap_or_else(|| SalesFigures::none(key)))
}

/// The last day that has figures.
pub async fn last_day(conn: &mut AnyConnection, subject: &Subject) -> Result<Option<NaiveDate>, StoreError> {
    let last: Vec<SalesFigures> = last_of(subject).rows(conn).await?;
    Ok(last.first().map(|figures| figures.key.period.first_day()))
}

/// Up to `limit` parts, the largest first.
pub async fn ranking(
    conn: &mut AnyConnection,
    ranking: Ranking,
    limit: i64,
) -> Result<Vec<SalesFigures>, StoreError> {
    ranked(ranking, limit).rows(conn).await
}

/// Every category that has figures of its own in the ranking's period, in no telling order: as many rows as there are
/// categories at most, which are few.
pub async fn categories(conn: &mut AnyConnection, ranking: Ranking) -> Result<Vec<SalesFigures>, StoreError> {
    let every = Ranking {
        dimension: Dimension::Category,
        ..ranking
    };
    ranked(every, CATEGORIES_MAX).rows(conn).await
}

/// The periods from one to another of the same length that have figures of customers and carts, in their order.
pub async fn customers(
    conn: &mut AnyConnection,
    from: Period,
    to: Period,
) -> Result<Vec<CustomerFigures>, StoreError> {
    customers_of(from, to).rows(conn).await
}

/// The last day that has figures of customers or carts.
pub async fn last_day_of_customers(conn: &mut AnyConnection) -> Result<Option<NaiveDate>, StoreError> {
    let last: Vec<CustomerFigures> = last_of_customers().rows(conn).await?;
    Ok(last.first().map(|figures| figures.period.first_day()))
}

/// How many items there are in each state.
pub async fn items(conn: &mut AnyConnection, scope: Scope) -> Result<ItemCounts, StoreError> {
    let found = super::one::<ItemCounts>(conn, scope).await?;
    Ok(found.unwrap_or_else(|| ItemCounts::none(scope)))
}

pub(super) fn series_of(subject: &Subject, from: Period, to: Period) -> Statement {
    let mut statement = of_subject(subject);
    between(&mut statement, &from.column(), &to.column());
    statement.sql(" ORDER BY period");
    statement
}

pub(super) fn last_of(subject: &Subject) -> Statement {
    let mut statement = of_subject(subject);
    any_day(&mut statement);
    statement
}

fn of_subject(subject: &Subject) -> Statement {
    let mut statement = Statement::select::<SalesFigures>();
    statement.sql("scope = ").text(subject.scope);
    statement
        .sql(" AND dimension = ")
        .text(subject.part.dimension.as_str());
    match subject.part.dimension {
        Dimension::Category if !subject.part.value.is_empty() => {
            statement.sql(" AND value IN (");
            subtree(&mut statement, &subject.part.value);
            statement.sql(")");
        }
        _ => {
            statement.sql(" AND value = ").text(&subject.part.value);
        }
    }
    statement
        .sql(" AND currency = ")
        .text(subject.currency)
        .sql(" AND ");
    statement
}

pub(super) fn ranked(ranking: Ranking, limit: i64) -> Statement {
    let mut statement = Statement::select::<SalesFigures>();
    statement.sql("scope = ").text(ranking.scope);
    statement
        .sql(" AND dimension = ")
        .text(ranking.dimension.as_str());
    statement.sql(" AND currency = ").text(ranking.currency);
    statement.sql(" AND period = ").text(ranking.period.column());
    statement.sql(match ranking.rank {
        Rank::Revenue => " ORDER BY net_minor DESC, value DESC LIMIT ",
        Rank::Units => " ORDER BY net_units DESC, value DESC LIMIT ",
    });
    statement.int(limit);
    statement
}

pub(super) fn customers_of(from: Period, to: Period) -> Statement {
    let mut statement = Statement::select::<CustomerFigures>();
    between(&mut statement, &from.column(), &to.column());
    statement.sql(" ORDER BY period");
    statement
}

pub(super) fn last_of_customers() -> Statement {
    let mut statement = Statement::select::<CustomerFigures>();
    any_day(&mut statement);
    statement
}

fn between(statement: &mut Statement, from: &str, to: &str) {
    statement.sql("period BETWEEN ").text(from).sql(" AND ").text(to);
}

/// The last of the periods that are days.
fn any_day(statement: &mut Statement) {
    let day = Unit::Day.as_str();
    // `;` is the character after `:`.
    between(statement, &format!("{day}:"), &format!("{day};"));
    statement.sql(" ORDER BY period DESC LIMIT 1");
}
