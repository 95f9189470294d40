//! Which products a list shows or a facet counts, as conditions on `products`. Text is not among the conditions: it takes
//! a join, which whoever asks makes.

use std::collections::{BTreeMap, BTreeSet};

use events::ids::AccountId;
use events::money::Currency;

use super::statement::Statement;

/// Which products to list. Everything that is given must be met.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProductFilter {
    /// As somebody typed it: every word must occur, the last may be the beginning of one.
    pub text: Option<String>,
    /// A category's id or slug; what is in the categories under it counts, too. An archived one by its id alone, since its
    /// slug may be another's.
    pub category: Option<String>,
    pub seller: Option<SellerFilter>,
    /// In minor units: the span from the cheapest variant's price to the dearest's meets that from `min` to `max`, in
    /// this currency. So a product at 1 and 100 is found between 40 and 60, too.
    pub price: Option<PriceRange>,
    /// By the option's name, the values of which a variant has one; a single variant meets all of them. Names and values
    /// as [`folded`](crate::variant_options::folded) has them.
    pub options: OptionFilters,
    /// There are units to buy, or there are none: of a variant that has what is chosen of `options`.
    pub in_stock: Option<bool>,
    pub one_of_a_kind: Option<bool>,
}

/// By the option's name, the values to choose from.
pub type OptionFilters = BTreeMap<String, BTreeSet<String>>;

/// Whose products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SellerFilter {
    /// The shop's own.
    Shop,
    Account(AccountId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRange {
    pub currency: Currency,
    pub min_minor: Option<i64>,
    pub max_minor: Option<i64>,
}

/// Adds the conditions to a statement that reads `products`, each with its `AND`.
pub(super) fn narrow(statement: &mut Statement, filter: &ProductFilter) {
    narrow_with(statement, filter, "");
}

/// As [`narrow`], with `mark` before the columns that have indexes of their own: see
/// [`Dialect::unindexed`](crate::dialect::Dialect::unindexed).
pub(super) fn narrow_with(statement: &mut Statement, filter: &ProductFilter, mark: &'static str) {
    if let Some(category) = &filter.category {
        // UNION drops what it has seen, so that it ends whatever the tree looks like.
        statement.sql(" AND ").sql(mark).sql("products.category IN (");
        subtree(statement, category);
        statement.sql(")");
    }
    match filter.seller {
        Some(SellerFilter::Shop) => statement.sql(" AND ").sql(mark).sql("products.seller IS NULL"),
        Some(SellerFilter::Account(seller)) => statement
            .sql(" AND ")
            .sql(mark)
            .sql("products.seller = ")
            .text(seller),
        None => statement,
    };
    if let Some(price) = filter.price {
        statement.sql(" AND products.currency = ").text(price.currency);
        if let Some(min) = price.min_minor {
            statement.sql(" AND products.max_price_minor >= ").int(min);
        }
        if let Some(max) = price.max_minor {
            statement.sql(" AND ").sql(mark);
            statement.sql("products.min_price_minor <= ").int(max);
        }
    }
    // Beside an option it is about the variants that have it, and about the product as far as that follows.
    match filter.in_stock {
        Some(false) if !filter.options.is_empty() => {}
        Some(in_stock) => {
            statement
                .sql(" AND products.in_stock = ")
                .int(i64::from(in_stock));
        }
        None => {}
    }
    if let Some(one_of_a_kind) = filter.one_of_a_kind {
        let wanted = i64::from(one_of_a_kind);
        statement.sql(" AND products.one_of_a_kind = ").int(wanted);
    }
    narrow_by_options(statement, filter);
}

/// Adds the ids of this category, by its id or slug, and of those below it, as a query.
pub(super) fn subtree(statement: &mut Statement, category: &str) {
    // UNION drops what it has seen, so that it ends whatever the tree looks like.
    statement.sql("WITH RECURSIVE subtree(id) AS (SELECT id FROM categories WHERE id = ");
    statement
        .text(category)
        .sql(" OR (archived = 0 AND slug = ")
        .text(category)
        .sql(")");
    statement.sql(
        " UNION SELECT categories.id FROM categories \
         JOIN subtree ON categories.parent = subtree.id) SELECT id FROM subtree",
    );
}

/// The product is one of those of which a single variant has all that is chosen; if it must be in stock, such a variant is;
/// if it must not, none of them is.
fn narrow_by_options(statement: &mut Statement, filter: &ProductFilter) {
    if filter.options.is_empty() {
        return;
    }
    let only_in_stock = filter.in_stock == Some(true);
    statement.sql(" AND products.number IN (");
    numbers_by_options(statement, &filter.options, only_in_stock);
    statement.sql(")");
    if filter.in_stock == Some(false) {
        statement.sql(" AND products.number NOT IN (");
        numbers_by_options(statement, &filter.options, true);
        statement.sql(")");
    }
}

/// Adds the numbers of products with a variant that has all of these, as a query.
fn numbers_by_options(statement: &mut Statement, options: &OptionFilters, only_in_stock: bool) {
    let mut chosen = options.iter();
    let Some((name, values)) = chosen.next() else {
        return;
    };
    statement.sql("SELECT chosen.number FROM variant_options AS chosen");
    join_options(statement, "chosen.sku", chosen);
    statement.sql(" WHERE ");
    has_option(statement, "chosen", name, values);
    if only_in_stock {
        statement.sql(" AND chosen.in_stock = 1");
    }
}

/// Joins, for each of these options, the row by which the variant with this SKU has it.
fn join_options<'o>(
    statement: &mut Statement,
    sku: &str,
    options: impl Iterator<Item = (&'o String, &'o BTreeSet<String>)>,
) {
    for (number, (name, values)) in options.enumerate() {
        let alias = format!("option_{number}");
        statement.sql(&format!(
            " JOIN variant_options AS {alias} ON {alias}.sku = {sku} AND "
        ));
        has_option(statement, &alias, name, values);
    }
}

/// A variant's row under this alias is of one of these values.
pub(super) fn has_option(statement: &mut Statement, alias: &str, name: &str, values: &BTreeSet<String>) {
    statement.sql(alias).sql(".name = ").text(name);
    statement.sql(" AND ").sql(alias).sql(".value_key IN (");
    for (number, value) in values.iter().enumerate() {
        let comma = if number == 0 { "" } else { ", " };
        statement.sql(comma).text(value);
    }
    statement.sql(")");
}
