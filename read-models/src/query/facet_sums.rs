//! Facets that are read where they stand counted: those of the whole catalogue or of a category with what is below it, of all
//! that is on sale or of what is in stock or not. Everything narrower is counted by `facets`.

use super::facets::OPTION_ROWS_MAX;
use super::product_filter::{ProductFilter, subtree};
use super::statement::Statement;
use crate::facet_counts::{AFTER_OPTIONS, EVERYTHING, OPTION};

/// A filter of which the counts are projected.
pub struct Whole<'f> {
    category: Option<&'f str>,
    in_stock: Option<bool>,
}

impl<'f> Whole<'f> {
    /// The filter, if it names nothing else.
    pub fn of(filter: &'f ProductFilter) -> Option<Self> {
        let ProductFilter {
            text,
            category,
            seller,
            price,
            options,
            in_stock,
            one_of_a_kind,
        } = filter;
        let is_whole = text.is_none()
            && seller.is_none()
            && price.is_none()
            && options.is_empty()
            && one_of_a_kind.is_none();
        is_whole.then_some(Self {
            category: category.as_deref(),
            in_stock: *in_stock,
        })
    }

    /// What is summed up.
    fn figure(&self) -> &'static str {
        match self.in_stock {
            None => "SUM(products)",
            Some(true) => "SUM(in_stock)",
            Some(false) => "SUM(products - in_stock)",
        }
    }

    fn narrow(&self, statement: &mut Statement) {
        match self.category {
            None => {
                statement.sql("scope = ").text(EVERYTHING);
            }
            Some(category) => {
                statement.sql("scope IN (");
                subtree(statement, category);
                statement.sql(")");
            }
        }
    }
}

/// The values of one facet with their counts, the most frequent first.
pub fn by_value(whole: &Whole, facet: &str, limit: Option<i64>) -> Statement {
    let sum = whole.figure();
    let mut statement = Statement::new("SELECT value, CAST(");
    statement
        .sql(sum)
        .sql(" AS BIGINT) AS found FROM facet_counts WHERE ");
    whole.narrow(&mut statement);
    statement.sql(" AND facet = ").text(facet);
    statement.sql(" GROUP BY value HAVING ").sql(sum).sql(" > 0");
    statement.sql(" ORDER BY found DESC, value");
    if let Some(limit) = limit {
        statement.sql(" LIMIT ").int(limit);
    }
    statement
}

/// The values of one option, or of all, the most frequent first.
pub fn by_option(whole: &Whole, name: Option<&String>) -> Statement {
    let sum = whole.figure();
    let mut statement = Statement::default();
    written_as_first(&mut statement);
    let begins_at = OPTION.len() + 1;
    statement.sql(&format!(
        "SELECT substr(facet, {begins_at}) AS name, value AS value_key, CAST("
    ));
    statement
        .sql(sum)
        .sql(" AS BIGINT) AS found FROM facet_counts WHERE ");
    whole.narrow(&mut statement);
    if let Some(name) = name {
        statement
            .sql(" AND facet = ")
            .text(format_args!("{OPTION}{name}"));
    } else {
        statement.sql(" AND facet > ").text(OPTION);
        statement.sql(" AND facet < ").text(AFTER_OPTIONS);
    }
    statement
        .sql(" GROUP BY facet, value HAVING ")
        .sql(sum)
        .sql(" > 0");
    statement
        .sql(" ORDER BY found DESC, name, value_key LIMIT ")
        .int(OPTION_ROWS_MAX);
    end_of_written(&mut statement);
    statement
}

/// Begins a statement around one that tells `name`, `value_key` and `found` of options: it adds the `value` as the oldest
/// product that has it writes it.
pub fn written_as_first(statement: &mut Statement) {
    statement.sql(
        "SELECT tally.name, tally.found, (SELECT first.value FROM product_options AS first \
         WHERE first.name = tally.name AND first.value_key = tally.value_key ORDER BY first.number LIMIT 1) AS value FROM (",
    );
}

/// Ends what [`written_as_first`] begins.
pub fn end_of_written(statement: &mut Statement) {
    statement.sql(") AS tally ORDER BY tally.found DESC, tally.name, tally.value_key");
}
