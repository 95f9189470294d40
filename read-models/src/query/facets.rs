//! How the result of a filter is spread over categories, prices, sellers and options. Each facet is counted with all
//! filters but its own: who has chosen one seller still sees how many there are of the others.
//!
//! They are counted when they are asked for, exactly: one pass over the matches in an index that has all columns that
//! any filter or facet needs. So a facet costs as much as it has matches, never a look at a product's row; a text's matches
//! alone are looked up one by one. Options stand in an index of theirs: those of few matches are looked up, those of many
//! are read from one end to the other, in the order in which they are told, which spares sorting them.

use std::collections::BTreeMap;

use events::ids::{AccountId, CategoryId};
use events::money::Currency;
use sqlx::{AnyConnection, Row};

use super::product_filter::{OptionFilters, PriceRange, ProductFilter, join_options, narrow_with};
use super::statement::Statement;
use crate::dialect::Dialect;
use crate::record::{self, RowError};
use crate::store::StoreError;

/// Sellers that are told, those with the most matches: more than a page shows beside its list.
const SELLERS_MAX: i64 = 20;
/// Options that are told, those with the most matches.
const OPTION_NAMES_MAX: usize = 10;
/// Values that are told of an option, those with the most matches.
const OPTION_VALUES_MAX: usize = 20;
/// Beyond this many matches, reading all options costs less than to look up and sort those of each match.
const LOOKED_UP_MAX: i64 = 10_000;
/// Values that are read for that, over all options: odd ones that few products have stay out.
const OPTION_ROWS_MAX: i64 = 500;

/// Where one band of prices ends and the next begins, in minor units, in the steps that purses come in. As many
/// hundredths of a pound as yen: bands in which people of that currency think.
const PRICE_STEPS_MINOR: [i64; 11] = [
    100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000,
];

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
    /// As one of the sellers wrote it, and how many matches have a variant with it.
    pub values: Vec<(String, i64)>,
}

/// Matches in each category itself, not counting what is below it, and those without one.
pub async fn categories(
    conn: &mut AnyConnection,
    filter: &ProductFilter,
) -> Result<Vec<(Option<CategoryId>, i64)>, StoreError> {
    match by_category(Dialect::of(conn), filter) {
        Some(statement) => {
            statement
                .rows_with(conn, "products", |row| {
                    Ok((record::shown_or_null(row, "category")?, row.try_get("found")?))
                })
                .await
        }
        None => Ok(Vec::new()),
    }
}

/// Matches of each seller, the shop itself included, as far as the bound goes.
pub async fn sellers(
    conn: &mut AnyConnection,
    filter: &ProductFilter,
) -> Result<Vec<(Option<AccountId>, i64)>, StoreError> {
    match by_seller(Dialect::of(conn), filter) {
        Some(statement) => {
            statement
                .rows_with(conn, "products", |row| {
                    Ok((record::shown_or_null(row, "seller")?, row.try_get("found")?))
                })
                .await
        }
        None => Ok(Vec::new()),
    }
}

/// The bands that have matches in this currency, from the cheapest.
pub async fn prices(
    conn: &mut AnyConnection,
    filter: &ProductFilter,
    currency: Currency,
) -> Result<Vec<PriceBand>, StoreError> {
    let Some(statement) = by_price(Dialect::of(conn), filter, currency) else {
        return Ok(Vec::new());
    };
    let rows = statement
        .rows_with(conn, "products", |row| {
            let counts = (0..bands().count()).map(|number| row.try_get::<i64, _>(number));
            counts.collect::<Result<Vec<_>, _>>().map_err(RowError::from)
        })
        .await?;
    let counts = rows.into_iter().flatten();
    let counted = bands()
        .zip(counts)
        .map(|((min_minor, max_minor), products)| PriceBand {
            min_minor,
            max_minor,
            products,
        });
    Ok(counted.filter(|band| band.products > 0).collect())
}

/// The options that matches have, the most frequent first, as far as the bounds go.
pub async fn options(
    conn: &mut AnyConnection,
    filter: &ProductFilter,
) -> Result<Vec<OptionValues>, StoreError> {
    let dialect = Dialect::of(conn);
    let reach = reach(conn, filter).await?;
    let mut rows = Vec::new();
    let chosen = filter.options.keys().map(Some);
    for name in chosen.chain([None]) {
        let Some(statement) = by_option(dialect, filter, name, reach) else {
            return Ok(Vec::new());
        };
        let read = |row: &sqlx::any::AnyRow| {
            Ok((row.try_get("name")?, row.try_get("value")?, row.try_get("found")?))
        };
        rows.extend(statement.rows_with(conn, "variant_options", read).await?);
    }
    Ok(grouped(rows))
}

/// How the options of the matches are come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    LookUp,
    ReadAll,
}

async fn reach(conn: &mut AnyConnection, filter: &ProductFilter) -> Result<Reach, StoreError> {
    let Some(statement) = up_to_many(Dialect::of(conn), filter) else {
        return Ok(Reach::LookUp);
    };
    let found = statement
        .rows_with(conn, "products", |row| Ok(row.try_get::<i64, _>("found")?))
        .await?;
    Ok(match found.first() {
        Some(found) if *found > LOOKED_UP_MAX => Reach::ReadAll,
        _ => Reach::LookUp,
    })
}

/// How many match; no more are counted than it takes to see that they are many.
pub(super) fn up_to_many(dialect: Dialect, filter: &ProductFilter) -> Option<Statement> {
    let mut statement = Statement::new("SELECT COUNT(*) AS found FROM (SELECT products.number");
    matching(&mut statement, dialect, filter)?;
    statement.sql(" LIMIT ").int(LOOKED_UP_MAX + 1);
    statement.sql(") AS matches");
    Some(statement)
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

/// The bands: from, and up to and including.
fn bands() -> impl Iterator<Item = (i64, Option<i64>)> {
    let starts = std::iter::once(0).chain(PRICE_STEPS_MINOR);
    let ends = PRICE_STEPS_MINOR
        .map(|step| Some(step - 1))
        .into_iter()
        .chain([None]);
    starts.zip(ends)
}

pub(super) fn by_category(dialect: Dialect, filter: &ProductFilter) -> Option<Statement> {
    let others = ProductFilter {
        category: None,
        ..filter.clone()
    };
    let mut statement = Statement::new("SELECT products.category, COUNT(*) AS found");
    matching(&mut statement, dialect, &others)?;
    statement.sql(" GROUP BY products.category");
    Some(statement)
}

pub(super) fn by_seller(dialect: Dialect, filter: &ProductFilter) -> Option<Statement> {
    let others = ProductFilter {
        seller: None,
        ..filter.clone()
    };
    let mut statement = Statement::new("SELECT products.seller, COUNT(*) AS found");
    matching(&mut statement, dialect, &others)?;
    statement.sql(" GROUP BY products.seller ORDER BY found DESC, COALESCE(products.seller, '') LIMIT ");
    statement.int(SELLERS_MAX);
    Some(statement)
}

pub(super) fn by_price(dialect: Dialect, filter: &ProductFilter, currency: Currency) -> Option<Statement> {
    let others = ProductFilter {
        price: Some(PriceRange {
            currency,
            min_minor: None,
            max_minor: None,
        }),
        ..filter.clone()
    };
    let counts: Vec<_> = bands()
        .map(|(min, max)| {
            let end = max.map_or(String::new(), |max| {
                format!(" AND products.min_price_minor <= {max}")
            });
            format!("COUNT(CASE WHEN products.max_price_minor >= {min}{end} THEN 1 END)")
        })
        .collect();
    let mut statement = Statement::new(&format!("SELECT {}", counts.join(", ")));
    matching(&mut statement, dialect, &others)?;
    Some(statement)
}

/// Of one option, with what is chosen of the others; or, without a name, of all options of which nothing is chosen.
/// What is counted are products with a variant that has the value, and all that is chosen, at once.
pub(super) fn by_option(
    dialect: Dialect,
    filter: &ProductFilter,
    name: Option<&String>,
    reach: Reach,
) -> Option<Statement> {
    let of_others = |(other, _): &(&String, _)| Some(*other) != name;
    let chosen: Vec<_> = filter.options.iter().filter(of_others).collect();
    let others = ProductFilter {
        options: OptionFilters::new(),
        ..filter.clone()
    };
    let mut statement = Statement::new("SELECT counted.name, MIN(counted.value) AS value, ");
    if chosen.is_empty() {
        statement.sql("COUNT(*) AS found FROM product_options AS counted");
    } else {
        statement.sql("COUNT(DISTINCT counted.number) AS found FROM variant_options AS counted");
        join_options(&mut statement, "counted.sku", chosen.into_iter());
    }
    let mark = match reach {
        Reach::LookUp => "",
        Reach::ReadAll => dialect.unindexed(),
    };
    statement.sql(" WHERE ").sql(mark);
    statement.sql("counted.number IN (SELECT products.number");
    matching(&mut statement, dialect, &others)?;
    statement.sql(")");
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
    Some(statement)
}

/// Adds where the matches come from; `None` if the text that is searched for has no word in it, which nothing matches.
fn matching(statement: &mut Statement, dialect: Dialect, filter: &ProductFilter) -> Option<()> {
    statement.sql(" FROM products");
    if let Some(typed) = &filter.text {
        let number = statement.numbered_text(dialect.search_expression(typed)?);
        statement.sql(" ").sql(dialect.search_join()).sql(" AND ");
        statement.sql(&dialect.search_condition(number));
    }
    statement.sql(" WHERE products.status = 'active'");
    narrow_with(statement, filter, dialect.unindexed());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::Views;

    #[test]
    fn bands_leave_no_price_out_and_take_none_twice() {
        let bands: Vec<_> = bands().collect();
        assert_eq!(bands[0], (0, Some(99)));
        for pair in bands.windows(2) {
            assert_eq!(pair[0].1.unwrap() + 1, pair[1].0);
        }
        assert_eq!(bands.last(), Some(&(200_000, None)));
    }

    /// Four products, every other in stock, of which the third has no options.
    const SOME_PRODUCTS: &str = "INSERT INTO products_g1 (id, number, status, sort_name, min_price_minor, available, in_stock, \
             one_of_a_kind, rating, added_at, version, position, unlisted, ratings, image_sizes, doc) \
             VALUES ('a', 1, 'active', 'a', 1, 1, 1, 0, 0, 1, 1, 1, '{}', '[]', '{}', '{}'), \
             ('b', 2, 'active', 'b', 1, 0, 0, 0, 0, 1, 1, 2, '{}', '[]', '{}', '{}'), \
             ('c', 3, 'active', 'c', 1, 1, 1, 0, 0, 1, 1, 3, '{}', '[]', '{}', '{}'), \
             ('d', 4, 'archived', 'd', 1, 1, 1, 0, 0, 1, 1, 4, '{}', '[]', '{}', '{}'); \
         INSERT INTO product_options_g1 (number, name, value_key, value) \
             VALUES (1, 'size', 'l', 'L'), (1, 'size', 's', 'S'), (2, 'size', 'l', 'l'), (2, 'colour', 'red', 'red')";

    #[tokio::test]
    async fn options_are_the_same_looked_up_or_read_to_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let views = Views::open_sqlite(&dir.path().join("views.db")).await.unwrap();
        let mut tx = views.begin_write().await.unwrap();
        sqlx::raw_sql(SOME_PRODUCTS).execute(&mut *tx).await.unwrap();
        let counted = async |tx: &mut AnyConnection, in_stock, reach| {
            let filter = ProductFilter {
                in_stock,
                ..ProductFilter::default()
            };
            let statement = by_option(Dialect::Sqlite, &filter, None, reach).unwrap();
            let read = |row: &sqlx::any::AnyRow| {
                let (name, value): (String, String) = (row.try_get("name")?, row.try_get("value")?);
                Ok((format!("{name}={value}"), row.try_get::<i64, _>("found")?))
            };
            statement.rows_with(tx, "product_options", read).await.unwrap()
        };
        for (in_stock, expected) in [
            (None, vec![("size=L", 2), ("colour=red", 1), ("size=S", 1)]),
            (Some(true), vec![("size=L", 1), ("size=S", 1)]),
            (Some(false), vec![("colour=red", 1), ("size=l", 1)]),
        ] {
            for reach in [Reach::LookUp, Reach::ReadAll] {
                let found = counted(&mut tx, in_stock, reach).await;
                let found: Vec<_> = found.iter().map(|(option, count)| (&**option, *count)).collect();
                assert_eq!(found, expected, "{in_stock:?} {reach:?}");
            }
        }
        tx.rollback().await.unwrap();
        views.close().await;
    }

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
