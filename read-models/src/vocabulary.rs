//! The words by which products on sale are named: in how many each occurs, and the pieces by which a mistyped one finds it. Kept
//! beside the full-text index, from the same texts. Descriptions are left out: they would fill it with words that nobody
//! looks for.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::dialect::{ProductText, words};
use crate::record::{Binds, Record, RowError};
use crate::spelling::{is_correctable, pieces};
use crate::store::{self, StoreError};
use crate::table::{Of, Table, int, text};

/// Words of one product: what comes after so many names nothing any more.
const WORDS_MAX: usize = 64;

/// A row of `search_words`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchWord {
    pub word: String,
    /// Products that are named by it.
    pub products: i64,
}

/// A row of `search_pieces`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPiece {
    pub piece: String,
    pub word: String,
}

/// The words that name a product, each once.
fn named_by(text: &ProductText) -> BTreeSet<String> {
    let all = words(&text.name).into_iter().chain(words(&text.skus));
    all.filter(|word| is_correctable(word)).take(WORDS_MAX).collect()
}

/// Brings the words up to date: these texts are gone from the index, and those have come.
pub async fn save(
    conn: &mut AnyConnection,
    generation: u64,
    gone: &[ProductText],
    come: &[ProductText],
) -> Result<(), StoreError> {
    let mut moved = BTreeMap::<String, i64>::new();
    for (texts, step) in [(gone, -1), (come, 1)] {
        for word in texts.iter().flat_map(named_by) {
            *moved.entry(word).or_default() += step;
        }
    }
    moved.retain(|_, change| *change != 0);
    if moved.is_empty() {
        return Ok(());
    }
    let keys: Vec<_> = moved.keys().cloned().collect();
    let rows = store::load::<SearchWord>(conn, Of::Generation(generation), &keys).await?;
    let (mut kept, mut new, mut lost) = (vec![], vec![], vec![]);
    for (word, change) in moved {
        let before = rows.get(&word).map_or(0, |row| row.products);
        let products = before + change;
        if products == 0 {
            lost.push(word);
            continue;
        }
        if before == 0 {
            new.extend(pieces_of(&word));
        }
        kept.push(SearchWord { word, products });
    }
    let lost_pieces: Vec<_> = lost
        .iter()
        .flat_map(|word| pieces_of(word))
        .map(|piece| piece.key())
        .collect();
    store::delete::<SearchWord>(conn, generation, &lost).await?;
    store::delete::<SearchPiece>(conn, generation, &lost_pieces).await?;
    store::upsert(conn, generation, &kept).await?;
    store::upsert(conn, generation, &new).await
}

fn pieces_of(word: &str) -> Vec<SearchPiece> {
    let of_word = |piece| SearchPiece {
        piece,
        word: word.to_owned(),
    };
    pieces(word).into_iter().map(of_word).collect()
}

impl Record for SearchWord {
    type Key = String;

    const TABLE: Table = Table {
        name: "search_words",
        columns: &[text("word"), int("products")],
        key: 1,
        indexes: &[],
    };

    fn key(&self) -> String {
        self.word.clone()
    }

    fn bind(&self, binds: &mut Binds) {
        binds.text(&self.word).int(self.products);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            word: row.try_get("word")?,
            products: row.try_get("products")?,
        })
    }
}

impl Record for SearchPiece {
    type Key = (String, String);

    const TABLE: Table = Table {
        name: "search_pieces",
        columns: &[text("piece"), text("word")],
        key: 2,
        indexes: &[],
    };

    fn key(&self) -> Self::Key {
        (self.piece.clone(), self.word.clone())
    }

    fn bind(&self, binds: &mut Binds) {
        binds.text(&self.piece).text(&self.word);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            piece: row.try_get("piece")?,
            word: row.try_get("word")?,
        })
    }
}
