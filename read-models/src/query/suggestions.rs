//! What somebody may mean who has typed the beginning of something: a few products and categories.

use events::ids::ProductId;
use sqlx::{AnyConnection, Row};

use super::statement::Statement;
use crate::dialect::{Dialect, words};
use crate::record;
use crate::store::StoreError;

/// Fewer letters than this mean anything; and the indexes begin at two.
const TYPED_MIN_CHARS: usize = 2;
/// Matches that are compared. Who has typed so little that there are more is helped by any of them, and each costs time
/// with every letter typed.
const CANDIDATES_MAX: i64 = 500;

/// A product that may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuggestedProduct {
    pub id: ProductId,
    pub name: String,
}

/// Up to `limit` products on sale in whose name, attributes or SKUs every word occurs, the last as the beginning of one; the best
/// match first.
pub async fn products(
    conn: &mut AnyConnection,
    typed: &str,
    limit: i64,
) -> Result<Vec<SuggestedProduct>, StoreError> {
    let Some(statement) = matches(Dialect::of(conn), typed, limit) else {
        return Ok(Vec::new());
    };
    statement
        .rows_with(conn, "products", |row| {
            Ok(SuggestedProduct {
                id: record::shown(row, "id")?,
                name: row.try_get("name")?,
            })
        })
        .await
}

pub(super) fn matches(dialect: Dialect, typed: &str, limit: i64) -> Option<Statement> {
    if !is_enough(typed) {
        return None;
    }
    let mut statement = Statement::default();
    let number = statement.numbered_text(dialect.suggestion_expression(typed)?);
    statement.sql("SELECT id, name FROM (SELECT products.id AS id, products_text.name AS name, ");
    statement.sql(&dialect.search_rank(number)).sql(" AS place");
    statement.sql(" FROM products ").sql(dialect.search_join());
    statement.sql(" AND ").sql(&dialect.search_condition(number));
    statement
        .sql(" WHERE products.status = 'active' LIMIT ")
        .int(CANDIDATES_MAX);
    statement
        .sql(") AS found ORDER BY place, name, id LIMIT ")
        .int(limit);
    Some(statement)
}

fn is_enough(typed: &str) -> bool {
    typed.chars().filter(|c| c.is_alphanumeric()).count() >= TYPED_MIN_CHARS
}

/// Whether a name, such as a category's, has every word that was typed, the last as the beginning of one.
pub fn is_meant(name: &str, typed: &str) -> bool {
    if !is_enough(typed) {
        return false;
    }
    let (name, mut typed) = (words(name), words(typed));
    let Some(last) = typed.pop() else {
        return false;
    };
    typed.iter().all(|word| name.contains(word)) && name.iter().any(|word| word.starts_with(&last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_meant_by_its_words_and_the_beginning_of_one() {
        for (typed, meant) in [
            ("ki", true),
            ("KITCHEN", true),
            ("tea kit", true),
            ("kit tea", false),
            ("café t", false),
            ("", false),
            ("!", false),
        ] {
            assert_eq!(is_meant("Kitchen & Téa", typed), meant, "{typed}");
        }
    }

    #[test]
    fn a_single_letter_means_nothing_yet() {
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            assert!(matches(dialect, "b", 8).is_none());
            assert!(matches(dialect, " !b- ", 8).is_none());
            assert!(matches(dialect, "bl", 8).is_some());
        }
    }
}
