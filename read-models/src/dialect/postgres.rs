//! What is `PostgreSQL`'s own: the locks that keep writers, swaps and readers apart, and full text in a `tsvector`.
//!
//! The words and what is asked of them are made here, not by a text search configuration of the server's, whose parser
//! depends on its locale.

use std::fmt::Write;

use super::{ProductText, SEARCH_WORDS_MAX, words::words};

/// `guard` is a table without rows that is only ever locked; see the migration.
pub const HOLD_OFF_WRITERS: &str = "LOCK TABLE guard IN SHARE ROW EXCLUSIVE MODE";
pub const HOLD_OFF_SWAPS: &str = "LOCK TABLE guard IN ACCESS SHARE MODE";

/// Readers queue up behind it, so it gives up soon: snapshots are short, and the swap is tried again.
pub const HOLD_OFF_READERS: &str = "SET LOCAL lock_timeout = '3s'; LOCK TABLE guard IN ACCESS EXCLUSIVE MODE";

/// A `tsvector` counts a word's place up to here.
const PLACE_MAX: usize = 16_383;

/// Of all the words of a text; what comes after isn't found. A `tsvector` has at most 1 MiB, places included.
const TERMS_MAX_BYTES: usize = 256 * 1024;

pub fn create_text(table: &str) -> String {
    format!(
        "CREATE TABLE {table} (number BIGINT PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, \
         skus TEXT NOT NULL, terms TSVECTOR NOT NULL); \
         CREATE INDEX {table}_i0 ON {table} USING GIN (terms)"
    )
}

pub fn expose_text(table: &str) -> String {
    format!("SELECT number, name, description, skus, terms FROM {table}")
}

pub fn insert_text(table: &str) -> String {
    format!(
        "INSERT INTO {table} (number, name, description, skus, terms) \
         VALUES ($1, $2, $3, $4, CAST($5 AS TSVECTOR))"
    )
}

pub fn delete_text(table: &str) -> String {
    format!("DELETE FROM {table} WHERE number = $1")
}

pub fn select_texts(table: &str) -> String {
    format!("SELECT number, name, description, skus FROM {table} ORDER BY number")
}

pub fn search_condition(number: usize) -> String {
    format!("products_text.terms @@ CAST(${number} AS TSQUERY)")
}

pub fn search_rank(number: usize) -> String {
    format!("-ts_rank(products_text.terms, CAST(${number} AS TSQUERY))")
}

/// What the index holds of a text, as a `tsvector` is written: a word of the name weighs most, then one of a SKU.
pub fn terms(text: &ProductText) -> String {
    let mut terms = String::new();
    let mut place = 0;
    for (part, weight) in [(&text.name, 'A'), (&text.skus, 'B'), (&text.description, 'D')] {
        for word in words(part) {
            if terms.len() + word.len() > TERMS_MAX_BYTES {
                return terms;
            }
            place = PLACE_MAX.min(place + 1);
            let _ = write!(terms, "'{word}':{place}{weight} "); // proof: writing to a String can't fail
        }
    }
    terms
}

pub fn search_expression(typed: &str) -> Option<String> {
    expression(typed, "")
}

/// In the parts that name a product: see [`terms`].
pub fn suggestion_expression(typed: &str) -> Option<String> {
    expression(typed, "AB")
}

/// Words are letters and digits, so that in quotes nothing typed is ever an operator. They must stand in a part of one of
/// these weights; in any, if there are none.
fn expression(typed: &str, weights: &str) -> Option<String> {
    let mut words: Vec<_> = words(typed)
        .into_iter()
        .take(SEARCH_WORDS_MAX)
        .map(|word| format!("'{word}'"))
        .collect();
    let last = words.pop()?;
    let weighed = |word: String| match weights {
        "" => word,
        weights => format!("{word}:{weights}"),
    };
    let mut words: Vec<_> = words.into_iter().map(weighed).collect();
    words.push(format!("{last}:*{weights}"));
    Some(words.join(" & "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_words_and_never_an_operator() {
        assert_eq!(search_expression("Red mu").as_deref(), Some("'red' & 'mu':*"));
        assert_eq!(
            search_expression("a' | !b:* <-> (c\\").as_deref(),
            Some("'a' & 'b' & 'c':*")
        );
        assert_eq!(search_expression(" -*' "), None);
        let named = suggestion_expression("red mu");
        assert_eq!(named.as_deref(), Some("'red':AB & 'mu':*AB"));
    }

    #[test]
    fn a_text_of_any_length_fits() {
        let text = ProductText {
            number: 1,
            name: "Red mug".to_owned(),
            description: (0..100_000).map(|n| n.to_string() + " ").collect(),
            skus: "1a".to_owned(),
        };
        let terms = terms(&text);
        assert!(terms.starts_with("'red':1A 'mug':2A '1a':3B '0':4D "));
        assert!(terms.len() < 2 * TERMS_MAX_BYTES);
    }
}
