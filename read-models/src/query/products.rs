//! Products: one, or a list of those that a filter lets through, in one of six orders.
//!
//! A list shows active products only, as the documents that the rows keep finished. A removed
//! product, and one that can't be seen yet, is not there.

use chrono::{DateTime, Utc};
use events::ids::ProductId;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::one;
use super::product_filter::{ProductFilter, narrow};
use super::statement::Statement;
use crate::dialect::Dialect;
use crate::products::Product;
use crate::record::{self, RowError};
use crate::store::StoreError;

/// How a list is ordered. Products that are equal in it stand in the order of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ProductOrder {
    /// The latest added first.
    #[default]
    #[serde(rename = "newest")]
    Newest,
    /// The cheapest first, by the cheapest variant. A product without a price isn't in the list.
    #[serde(rename = "price")]
    Cheapest,
    /// The dearest first, by the cheapest variant. A product without a price isn't in the list.
    #[serde(rename = "-price")]
    Dearest,
    #[serde(rename = "name")]
    Name,
    /// The best reviewed first; those without a review at the end.
    #[serde(rename = "rating")]
    BestRated,
    /// The best match first; newest first in a list that isn't searched for text.
    #[serde(rename = "relevance")]
    Relevance,
}

/// A product's place in a list of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductPlace {
    Newest(DateTime<Utc>, ProductId),
    Cheapest(i64, ProductId),
    Dearest(i64, ProductId),
    Name(String, ProductId),
    /// The average in hundredths of a star; 0 without a review.
    BestRated(i64, ProductId),
    /// The score in millionths, as [`RANK`] has it.
    Relevance(i64, ProductId),
}

impl ProductPlace {
    /// Which order it is a place in.
    pub fn order(&self) -> ProductOrder {
        match self {
            Self::Newest(..) => ProductOrder::Newest,
            Self::Cheapest(..) => ProductOrder::Cheapest,
            Self::Dearest(..) => ProductOrder::Dearest,
            Self::Name(..) => ProductOrder::Name,
            Self::BestRated(..) => ProductOrder::BestRated,
            Self::Relevance(..) => ProductOrder::Relevance,
        }
    }
}

/// A product in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedProduct {
    /// A [`crate::products::ProductDocument`] as JSON text.
    pub document: String,
    pub place: ProductPlace,
}

/// A score is a float, which doesn't come back from a cursor as it went; its millionths do.
const RANK_DECIMALS: &str = "1000000";

pub async fn product(conn: &mut AnyConnection, id: ProductId) -> Result<Option<Product>, StoreError> {
    one(conn, id).await
}

/// Up to `limit` products that come after `after`, which must be a place in the same order.
///
/// By relevance the place is the score, and the scores of all products shift a little whenever the
/// catalogue's texts change: in between, a product may be seen twice or not at all. All other orders
/// show what was there from the first to the last page exactly once.
pub async fn products(
    conn: &mut AnyConnection,
    filter: &ProductFilter,
    order: ProductOrder,
    after: Option<&ProductPlace>,
    limit: i64,
) -> Result<Vec<ListedProduct>, StoreError> {
    let Some(list) = list(Dialect::of(conn), filter, order, after, limit) else {
        return Ok(Vec::new());
    };
    let read = match effective(filter, order) {
        ProductOrder::Newest => read_newest,
        ProductOrder::Cheapest => read_cheapest,
        ProductOrder::Dearest => read_dearest,
        ProductOrder::Name => read_name,
        ProductOrder::BestRated => read_best_rated,
        ProductOrder::Relevance => read_relevance,
    };
    list.rows_with(conn, "products", read).await
}

/// The order that a list with this filter really has.
pub fn effective(filter: &ProductFilter, order: ProductOrder) -> ProductOrder {
    match (order, &filter.text) {
        (ProductOrder::Relevance, None) => ProductOrder::Newest,
        _ => order,
    }
}

/// The statement; none if the text that is searched for has no word in it, which nothing matches.
pub(super) fn list(
    dialect: Dialect,
    filter: &ProductFilter,
    order: ProductOrder,
    after: Option<&ProductPlace>,
    limit: i64,
) -> Option<Statement> {
    let order = effective(filter, order);
    let mut statement = Statement::default();
    let text = match &filter.text {
        Some(typed) => Some(statement.numbered_text(dialect.search_expression(typed)?)),
        None => None,
    };
    let rank = text.map(|number| dialect.search_rank(number)).unwrap_or_default();
    let rank = format!("CAST({rank} * {RANK_DECIMALS} AS BIGINT)");
    let key = match order {
        ProductOrder::Newest => "products.added_at",
        ProductOrder::Cheapest | ProductOrder::Dearest => "products.min_price_minor",
        ProductOrder::Name => "products.sort_name",
        ProductOrder::BestRated => "products.rating",
        ProductOrder::Relevance => &rank,
    };
    statement.sql("SELECT products.doc, products.id, ");
    statement.sql(key).sql(" AS place FROM products");
    if let Some(number) = text {
        statement.sql(" ").sql(dialect.search_join()).sql(" AND ");
        statement.sql(&dialect.search_condition(number));
    }
    statement.sql(" WHERE products.status = 'active'");
    narrow(&mut statement, filter);
    if matches!(order, ProductOrder::Cheapest | ProductOrder::Dearest) {
        statement.sql(" AND products.min_price_minor IS NOT NULL");
    }
    let descending = matches!(
        order,
        ProductOrder::Newest | ProductOrder::Dearest | ProductOrder::BestRated
    );
    if let Some(place) = after {
        let comparison = if descending { ") < (" } else { ") > (" };
        statement
            .sql(" AND (")
            .sql(key)
            .sql(", products.id")
            .sql(comparison);
        bind_place(&mut statement, place);
        statement.sql(")");
    }
    let direction = if descending { " DESC" } else { "" };
    statement.sql(" ORDER BY ").sql(key).sql(direction);
    statement
        .sql(", products.id")
        .sql(direction)
        .sql(" LIMIT ")
        .int(limit);
    Some(statement)
}

fn bind_place(statement: &mut Statement, place: &ProductPlace) {
    let id = match place {
        ProductPlace::Newest(added_at, id) => {
            statement.int(added_at.timestamp_micros());
            id
        }
        ProductPlace::Cheapest(number, id)
        | ProductPlace::Dearest(number, id)
        | ProductPlace::BestRated(number, id)
        | ProductPlace::Relevance(number, id) => {
            statement.int(*number);
            id
        }
        ProductPlace::Name(name, id) => {
            statement.text(name);
            id
        }
    };
    statement.sql(", ").text(id);
}

fn listed(row: &AnyRow, place: ProductPlace) -> Result<ListedProduct, RowError> {
    Ok(ListedProduct {
        document: row.try_get("doc")?,
        place,
    })
}

fn read_newest(row: &AnyRow) -> Result<ListedProduct, RowError> {
    let place = ProductPlace::Newest(record::time(row, "place")?, record::shown(row, "id")?);
    listed(row, place)
}

fn read_cheapest(row: &AnyRow) -> Result<ListedProduct, RowError> {
    let place = ProductPlace::Cheapest(row.try_get("place")?, record::shown(row, "id")?);
    listed(row, place)
}

fn read_dearest(row: &AnyRow) -> Result<ListedProduct, RowError> {
    let place = ProductPlace::Dearest(row.try_get("place")?, record::shown(row, "id")?);
    listed(row, place)
}

fn read_name(row: &AnyRow) -> Result<ListedProduct, RowError> {
    let place = ProductPlace::Name(row.try_get("place")?, record::shown(row, "id")?);
    listed(row, place)
}

fn read_best_rated(row: &AnyRow) -> Result<ListedProduct, RowError> {
    let place = ProductPlace::BestRated(row.try_get("place")?, record::shown(row, "id")?);
    listed(row, place)
}

fn read_relevance(row: &AnyRow) -> Result<ListedProduct, RowError> {
    let place = ProductPlace::Relevance(row.try_get("place")?, record::shown(row, "id")?);
    listed(row, place)
}
