//! How the result of a filter is spread over categories, prices, sellers and options. Each facet is counted with all
//! filters but its own: who has chosen one seller still sees how many there are of the others.
//!
//! Where nothing but a category or `in_stock` is left of the filter, the counts stand in `facet_counts` and are read: see
//! `facet_sums`. Else they are counted when they are asked for, over the newest matches up to a bound, in an index that has all
//! columns that any filter or facet needs; and whoever asks is told if there were more. So no facet's cost grows with the
//! catalogue beyond that bound, but for what it takes to find so many matches.

use std::collections::BTreeMap;

use events::ids::{AccountId, CategoryId};
use events::money::Currency;
use sqlx::{AnyConnection, Row};

use super::facet_sums::{self, Whole};
use super::product_filter::{OptionFilters, PriceRange, ProductFilter, has_option, narrow_with};
use super::statement::Statement;
use crate::dialect::Dialect;
use crate::facet_counts;
use crate::price_bands::bands;
use crate::record::RowError;
use crate::store::StoreError;

/// Matches that are counted, the newest: as many as cost some tens of milliseconds with the options of each. What somebody
/// still wants to narrow down from there is known well enough by then.
const COUNTED_MAX: i64 = 5_000;
/// Sellers that are told, those with the most matches: more than a page shows beside its list.
const SELLERS_MAX: i64 = 20;
/// Options that are told, those with the most matches.
const OPTION_NAMES_MAX: usize = 10;
/// Values that are told of an option, those with the most matches.
const OPTION_VALUES_MAX: usize = 20;
/// Values that are read for that, over all options: odd ones that few products have stay out.
pub(super) const OPTION_ROWS_MAX: i64 = 500;

/// Matches whose prices meet a band; one with several prices can meet several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceBand {
    pub min_minor: i64,
    /// Included; none for the last band.
    pub max_minor: Option<i64>,
    pub products: i64,
}

/// An option with its values, the most frequent first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionValues {
    /// As [`folded`](crate::variant_options::folded) has it.
    pub name: String,
    /// As the seller of the oldest product that has it wrote it, and how many matches have a variant with it.
    pub values: Vec<(String, i64)>,
}

/// A facet's counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally<T> {
    pub values: Vec<T>,
    /// There are more matches than were counted: each number is at least so many.
    pub is_partial: bool,
}

impl<T> Tally<T> {
    fn none() -> Self {
        Self {
            values: Vec::new(),
            is_partial: false,
        }
    }

    fn map<U>(self, values: impl FnOnce(Vec<T>) -> Vec<U>) -> Tally<U> {
        Tally {
            values: values(self.values),
            is_partial: self.is_partial,
        }
    }
}

/// Matches in each category itself, not counting what is below it, and those without one.
pub async fn categories(
    conn: &mut AnyConnection,
    filter: &ProductFilter,
) -> Result<Tally<(Option<CategoryId>, i64)>, StoreError> {
    let others = without_category(filter);
    let read = |row: &sqlx::any::AnyRow| {
        let value: String = row.try_get("value")?;
        Ok((id("value", &value)?, row.try_get("found")?))
    };
    match Whole::of(&others) {
        Some(whole) => {
            complete(
                conn,
                facet_sums::by_value(&whole, facet_counts::CATEGORY, None),
                read,
            )
            .await
        }
        None => counted(conn, &others, by_category(Dialect::of(conn), &others), read).await,
    }
}

/// Matches of each seller, the shop itself included, as far as the bound goes.
pub async fn sellers(
    conn: &mut AnyConnection,
    filter: &ProductFilter,
) -> Result<Tally<(Option<AccountId>, i64)>, StoreError> {
    let others = without_seller(filter);
    let read = |row: &sqlx::any::AnyRow| {
        let value: String = row.try_get("value")?;
        Ok((id("value", &value)?, row.try_get("found")?))
    };
    match Whole::of(&others) {
        Some(whole) => {
            let sums = facet_sums::by_value(&whole, facet_counts::SELLER, Some(SELLERS_MAX));
            complete(conn, sums, read).await
        }
        None => counted(conn, &others, by_seller(Dialect::of(conn), &others), read).await,
    }
}

/// The bands that have matches in this currency, from the cheapest.
pub async fn prices(
    conn: &mut AnyConnection,
    filter: &ProductFilter,
    currency: Currency,
) -> Result<Tally<PriceBand>, StoreError> {
    let others = ProductFilter {
        price: None,
        ..filter.clone()
    };
    if let Some(whole) = Whole::of(&others) {
        let facet = format!("{}{currency}", facet_counts::PRICE);
        let read = |row: &sqlx::any::AnyRow| {
            let value: String = row.try_get("value")?;
            Ok((value, row.try_get("found")?))
        };
        let tally = complete(conn, facet_sums::by_value(&whole, &facet, None), read).await?;
        return Ok(tally.map(|found| {
            let found: BTreeMap<String, i64> = found.into_iter().collect();
            with_counts(|min_minor| found.get(&min_minor.to_string()).copied())
        }));
    }
    let others = in_currency(others, currency);
    let read = |row: &sqlx::any::AnyRow| {
        let counts = (0..bands().count()).map(|number| row.try_get::<i64, _>(number));
        counts.collect::<Result<Vec<_>, _>>().map_err(RowError::from)
    };
    let tally = counted(conn, &others, by_price(Dialect::of(conn), &others), read).await?;
    Ok(tally.map(|rows| {
        let mut counts = rows.into_iter().flatten();
        with_counts(|_| counts.next())
    }))
}

/// The options that matches have, the most frequent first, as far as the bounds go.
pub async fn options(
    conn: &mut AnyConnection,
    filter: &ProductFilter,
) -> Result<Tally<OptionValues>, StoreError> {
    let dialect = Dialect::of(conn);
    let mut all = Tally::none();
    let chosen = filter.options.keys().map(Some);
    for name in chosen.chain([None]) {
        let others = without_option(filter, name);
        let read = |row: &sqlx::any::AnyRow| {
            Ok((row.try_get("name")?, row.try_get("value")?, row.try_get("found")?))
        };
        let tally = match Whole::of(&others) {
            Some(whole) => complete(conn, facet_sums::by_option(&whole, name), read).await?,
            None => counted(conn, &others, by_option(dialect, filter, name), read).await?,
        };
        all.values.extend(tally.values);
        all.is_partial |= tally.is_partial;
    }
    Ok(all.map(grouped))
}

/// What stands in a projection is of everything.
async fn complete<T>(
    conn: &mut AnyConnection,
    sums: Statement,
    read: fn(&sqlx::any::AnyRow) -> Result<T, RowError>,
) -> Result<Tally<T>, StoreError> {
    Ok(Tally {
        values: sums.rows_with(conn, "facet_counts", read).await?,
        is_partial: false,
    })
}

/// What a statement counts of the matches of `others`; nothing if there is none, since nothing can match.
async fn counted<T>(
    conn: &mut AnyConnection,
    others: &ProductFilter,
    statement: Option<Statement>,
    read: fn(&sqlx::any::AnyRow) -> Result<T, RowError>,
) -> Result<Tally<T>, StoreError> {
    let dialect = Dialect::of(conn);
    let (Some(statement), Some(reach)) = (statement, up_to_bound(dialect, others)) else {
        return Ok(Tally::none());
    };
    let values = statement.rows_with(conn, "products", read).await?;
    let found = reach
        .rows_with(conn, "products", |row| Ok(row.try_get::<i64, _>("found")?))
        .await?;
    Ok(Tally {
        values,
        is_partial: found.first().is_some_and(|found| *found > COUNTED_MAX),
    })
}

/// How many match; no more are counted than it takes to see that there are more than are looked at.
pub(super) fn up_to_bound(dialect: Dialect, others: &ProductFilter) -> Option<Statement> {
    let mut statement = Statement::new("SELECT COUNT(*) AS found FROM ");
    matches(
        &mut statement,
        "products.number",
        dialect,
        others,
        COUNTED_MAX + 1,
    )?;
    Some(statement)
}

/// An id; none where the text is empty.
fn id<T: std::str::FromStr<Err: std::fmt::Display>>(
    column: &'static str,
    text: &str,
) -> Result<Option<T>, RowError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error: T::Err| RowError::Value {
        column,
        reason: error.to_string(),
    })
}

fn with_counts(mut count: impl FnMut(i64) -> Option<i64>) -> Vec<PriceBand> {
    let counted = bands().map(|(min_minor, max_minor)| PriceBand {
        min_minor,
        max_minor,
        products: count(min_minor).unwrap_or_default(),
    });
    counted.filter(|band| band.products > 0).collect()
}

fn without_category(filter: &ProductFilter) -> ProductFilter {
    ProductFilter {
        category: None,
        ..filter.clone()
    }
}

fn without_seller(filter: &ProductFilter) -> ProductFilter {
    ProductFilter {
        seller: None,
        ..filter.clone()
    }
}

/// A band is one of a currency's.
fn in_currency(filter: ProductFilter, currency: Currency) -> ProductFilter {
    ProductFilter {
        price: Some(PriceRange {
            currency,
            min_minor: None,
            max_minor: None,
        }),
        ..filter
    }
}

fn without_option(filter: &ProductFilter, name: Option<&String>) -> ProductFilter {
    let of_others = |(other, _): &(&String, _)| Some(*other) != name;
    let options: OptionFilters = filter
        .options
        .iter()
        .filter(of_others)
        .map(|(name, values)| (name.clone(), values.clone()))
        .collect();
    ProductFilter {
        options,
        ..filter.clone()
    }
}

/// Of values in the order of their frequency.
fn grouped(rows: Vec<(String, String, i64)>) -> Vec<OptionValues> {
    let mut groups = BTreeMap::<String, Vec<(String, i64)>>::new();
    for (name, value, found) in rows {
        groups.entry(name).or_default().push((value, found));
    }
    let mut options: Vec<_> = groups
        .into_iter()
        .map(|(name, values)| OptionValues { name, values })
        .collect();
    let total = |option: &OptionValues| option.values.iter().map(|(_, found)| found).sum::<i64>();
    options.sort_by_key(|option| std::cmp::Reverse(total(option)));
    options.truncate(OPTION_NAMES_MAX);
    for option in &mut options {
        option.values.truncate(OPTION_VALUES_MAX);
    }
    options
}

pub(super) fn by_category(dialect: Dialect, others: &ProductFilter) -> Option<Statement> {
    let mut statement =
        Statement::new("SELECT COALESCE(matches.category, '') AS value, COUNT(*) AS found FROM ");
    matches(&mut statement, "products.category", dialect, others, COUNTED_MAX)?;
    statement.sql(" GROUP BY matches.category");
    Some(statement)
}

pub(super) fn by_seller(dialect: Dialect, others: &ProductFilter) -> Option<Statement> {
    let mut statement =
        Statement::new("SELECT COALESCE(matches.seller, '') AS value, COUNT(*) AS found FROM ");
    matches(&mut statement, "products.seller", dialect, others, COUNTED_MAX)?;
    statement.sql(" GROUP BY matches.seller ORDER BY found DESC, COALESCE(matches.seller, '') LIMIT ");
    statement.int(SELLERS_MAX);
    Some(statement)
}

pub(super) fn by_price(dialect: Dialect, others: &ProductFilter) -> Option<Statement> {
    let counts: Vec<_> = bands()
        .map(|(min, max)| {
            let end = max.map_or(String::new(), |max| {
                format!(" AND matches.min_price_minor <= {max}")
            });
            format!("COUNT(CASE WHEN matches.max_price_minor >= {min}{end} THEN 1 END)")
        })
        .collect();
    let mut statement = Statement::new(&format!("SELECT {} FROM ", counts.join(", ")));
    let columns = "products.min_price_minor, products.max_price_minor";
    matches(&mut statement, columns, dialect, others, COUNTED_MAX)?;
    Some(statement)
}

/// Of one option, with what is chosen of the others; or, without a name, of all options of which nothing is chosen.
/// What is counted are products with a variant that has the value, and all that is chosen, at once. Such a variant must be in
/// stock, or none of them, if the filter says so.
pub(super) fn by_option(
    dialect: Dialect,
    filter: &ProductFilter,
    name: Option<&String>,
) -> Option<Statement> {
    let mut others = without_option(filter, name);
    if others.in_stock == Some(false) {
        // A product that has one of its variants may still lack another.
        others.in_stock = None;
    }
    let mut statement = Statement::default();
    facet_sums::written_as_first(&mut statement);
    if others.options.is_empty() {
        statement.sql("SELECT counted.name, counted.value_key, COUNT(*) AS found FROM ");
        matches(&mut statement, "products.number", dialect, &others, COUNTED_MAX)?;
        statement.sql(" CROSS JOIN product_options AS counted");
    } else {
        let minus = match filter.in_stock {
            Some(false) => " - COUNT(DISTINCT CASE WHEN counted.in_stock = 1 THEN counted.number END)",
            _ => "",
        };
        statement
            .sql("SELECT counted.name, counted.value_key, COUNT(DISTINCT counted.number)")
            .sql(minus)
            .sql(" AS found FROM ");
        matches(&mut statement, "products.number", dialect, &others, COUNTED_MAX)?;
        statement.sql(" CROSS JOIN variant_options AS counted");
        for number in 0..others.options.len() {
            statement.sql(&format!(" CROSS JOIN variant_options AS option_{number}"));
        }
    }
    // Cross joins, since they are the only ones that SQLite takes in the order in which they are written: from the other side it
    // would read all options there are.
    statement.sql(" WHERE counted.number = matches.number");
    for (number, (name, values)) in others.options.iter().enumerate() {
        let alias = format!("option_{number}");
        statement.sql(&format!(" AND {alias}.sku = counted.sku AND "));
        has_option(&mut statement, &alias, name, values);
    }
    match filter.in_stock {
        Some(true) => statement.sql(" AND counted.in_stock = 1"),
        Some(false) if others.options.is_empty() => statement.sql(" AND counted.in_stock = 0"),
        _ => &mut statement,
    };
    match name {
        Some(name) => {
            statement.sql(" AND counted.name = ").text(name);
        }
        None => {
            for name in filter.options.keys() {
                statement.sql(" AND counted.name <> ").text(name);
            }
        }
    }
    statement
        .sql(" GROUP BY counted.name, counted.value_key ORDER BY found DESC, counted.name, counted.value_key LIMIT ")
        .int(OPTION_ROWS_MAX);
    facet_sums::end_of_written(&mut statement);
    Some(statement)
}

/// Adds these columns of the newest matches as the table `matches`; `None` if the text that is searched for has no word in it,
/// which nothing matches.
fn matches(
    statement: &mut Statement,
    columns: &str,
    dialect: Dialect,
    filter: &ProductFilter,
    limit: i64,
) -> Option<()> {
    statement.sql("(SELECT ").sql(columns).sql(" FROM ");
    let mut number = "products.number";
    if let Some(typed) = &filter.text {
        // By the text index's own number, which it has in order; and a cross join, which SQLite takes as it is written, since
        // to ask the text index about one product after the other takes minutes.
        number = "products_text.number";
        let typed = statement.numbered_text(dialect.search_expression(typed)?);
        statement.sql("products_text CROSS JOIN products WHERE products_text.number = products.number AND ");
        statement.sql(&dialect.search_condition(typed)).sql(" AND ");
    } else {
        statement.sql("products WHERE ");
    }
    statement.sql("products.status = 'active'");
    narrow_with(statement, filter, dialect.unindexed());
    statement
        .sql(" ORDER BY ")
        .sql(number)
        .sql(" DESC LIMIT ")
        .int(limit);
    statement.sql(") AS matches");
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_option_comes_first_and_has_not_too_many_values() {
        let many = (0..30).map(|n| ("size".to_owned(), n.to_string(), 1));
        let rows = [("colour".to_owned(), "red".to_owned(), 40)];
        let grouped = grouped(rows.into_iter().chain(many).collect());
        let sizes: Vec<_> = grouped
            .iter()
            .map(|option| (option.name.as_str(), option.values.len()))
            .collect();
        assert_eq!(sizes, [("colour", 1), ("size", OPTION_VALUES_MAX)]);
    }
}
