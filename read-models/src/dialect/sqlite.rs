//! Full text in `SQLite`: an FTS5 table whose `rowid` is the product's number.

use super::SEARCH_WORDS_MAX;

pub fn create_text(table: &str) -> String {
    // Prefix indexes of two and three letters serve a search that runs while somebody types.
    // A word of the name weighs most, then one of a SKU, as in PostgreSQL.
    format!(
        "CREATE VIRTUAL TABLE {table} USING fts5(name, description, skus, \
         tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'); \
         INSERT INTO {table} ({table}, rank) VALUES ('rank', 'bm25(10.0, 1.0, 4.0)')"
    )
}

pub fn expose_text(table: &str) -> String {
    // FTS5's column of the table's own name is what MATCH is asked of.
    format!("SELECT rowid AS number, name, description, skus, {table} AS terms, rank AS score FROM {table}")
}

pub fn insert_text(table: &str) -> String {
    format!("INSERT INTO {table} (rowid, name, description, skus) VALUES ($1, $2, $3, $4)")
}

pub fn delete_text(table: &str) -> String {
    format!("DELETE FROM {table} WHERE rowid = $1")
}

pub fn select_texts(table: &str, number: &str) -> String {
    format!("SELECT {number} AS number, name, description, skus FROM {table} ORDER BY {number}")
}

/// Each word becomes a quoted string, so that nothing typed is ever an operator.
pub fn search_expression(typed: &str) -> Option<String> {
    let words: Vec<_> = typed
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(SEARCH_WORDS_MAX)
        .map(|word| format!("\"{word}\""))
        .collect();
    (!words.is_empty()).then(|| format!("{}*", words.join(" ")))
}

/// The same, in the columns that name a product.
pub fn suggestion_expression(typed: &str) -> Option<String> {
    search_expression(typed).map(|expression| format!("{{name skus}} : ({expression})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_words_and_never_an_operator() {
        assert_eq!(search_expression("red mu").as_deref(), Some("\"red\" \"mu\"*"));
        assert_eq!(
            search_expression("\"a\" OR b* NOT(c)").as_deref(),
            Some("\"a\" \"OR\" \"b\" \"NOT\" \"c\"*")
        );
        assert_eq!(search_expression(" -*\" "), None);
    }
}
