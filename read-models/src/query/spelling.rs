//! What was meant, where what was typed finds nothing: words that no product has are replaced by the closest ones that name
//! products. Whatever finds something as it was typed is left as it is, so that exact matches are never pushed aside.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, Row};

use super::statement::Statement;
use crate::dialect::{Dialect, SEARCH_WORDS_MAX, words};
use crate::spelling::{closest, is_correctable, pieces};
use crate::store::StoreError;
use crate::vocabulary::SearchWord;

/// Words that are compared with a mistyped one, the most frequent: those that share a piece with it are a few dozen.
const CANDIDATES_MAX: i64 = 500;

/// Where words have to occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum In {
    /// Anywhere in a product's text, as a search looks for them.
    Text,
    /// In what names it, as suggestions do.
    Names,
}

/// What is searched for instead of what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrected {
    pub text: String,
    /// By the word as it was typed (in lower case, without marks), the word that it was taken for.
    pub words: BTreeMap<String, String>,
}

/// Corrects what was typed, if it finds nothing as it is and something when it is corrected.
pub async fn correct(
    conn: &mut AnyConnection,
    typed: &str,
    place: In,
) -> Result<Option<Corrected>, StoreError> {
    if finds(conn, typed, place).await? {
        return Ok(None);
    }
    let mut corrected = BTreeMap::new();
    let mut text = Vec::new();
    for word in words(typed).into_iter().take(SEARCH_WORDS_MAX) {
        let meant = match corrected.get(&word) {
            Some(known) => Some(String::clone(known)),
            None => meant(conn, &word, place).await?,
        };
        text.push(meant.clone().unwrap_or_else(|| word.clone()));
        corrected.extend(meant.map(|meant| (word, meant)));
    }
    let text = text.join(" ");
    if corrected.is_empty() || !finds(conn, &text, place).await? {
        return Ok(None);
    }
    Ok(Some(Corrected {
        text,
        words: corrected,
    }))
}

/// The word that a word stands for which nothing has; none if there is nothing close, or if something has it.
async fn meant(conn: &mut AnyConnection, word: &str, place: In) -> Result<Option<String>, StoreError> {
    if !is_correctable(word) || finds(conn, word, place).await? {
        return Ok(None);
    }
    let candidates: Vec<SearchWord> = candidates(word).rows(conn).await?;
    let counted = candidates
        .iter()
        .map(|candidate| (candidate.word.as_str(), candidate.products));
    Ok(closest(word, counted).map(str::to_owned))
}

async fn finds(conn: &mut AnyConnection, typed: &str, place: In) -> Result<bool, StoreError> {
    let Some(statement) = any_match(Dialect::of(conn), typed, place) else {
        return Ok(false);
    };
    let found = statement
        .rows_with(conn, "products_text", |row| Ok(row.try_get::<i64, _>("number")?))
        .await?;
    Ok(!found.is_empty())
}

/// The index has nothing but what is on sale.
pub(super) fn any_match(dialect: Dialect, typed: &str, place: In) -> Option<Statement> {
    let mut statement = Statement::new("SELECT products_text.number FROM products_text WHERE ");
    let number = statement.numbered_text(match place {
        In::Text => dialect.search_expression(typed)?,
        In::Names => dialect.suggestion_expression(typed)?,
    });
    statement.sql(&dialect.search_condition(number)).sql(" LIMIT 1");
    Some(statement)
}

/// The words that share a piece with this one.
pub(super) fn candidates(word: &str) -> Statement {
    let mut statement = Statement::select::<SearchWord>();
    statement.sql("word IN (SELECT search_pieces.word FROM search_pieces WHERE search_pieces.piece IN (");
    for (number, piece) in pieces(word).iter().enumerate() {
        statement.sql(if number == 0 { "" } else { ", " }).text(piece);
    }
    statement
        .sql(")) ORDER BY products DESC, word LIMIT ")
        .int(CANDIDATES_MAX);
    statement
}
