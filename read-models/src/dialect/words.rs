//! What a text's words are, where the database isn't asked: the same that `SQLite`'s full text makes of it, so that a
//! search finds the same in both databases.

use std::ops::RangeInclusive;

use unicode_normalization::char::decompose_canonical;

/// More than this of a word isn't told apart. `PostgreSQL` takes words of up to 2,046 bytes.
const WORD_MAX_BYTES: usize = 2_000;

/// The words of a text in their order: runs of letters and digits, in lower case, Latin letters without their marks.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        if is_of_word(c) {
            push_folded(&mut word, c);
        } else if !word.is_empty() && !is_mark(c) {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn is_of_word(c: char) -> bool {
    const COMBINING: RangeInclusive<char> = '\u{300}'..='\u{36F}';
    c.is_alphanumeric() && !COMBINING.contains(&c)
}

/// A mark above or below the letter before it, of those that Latin letters are written with.
fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{304}' | '\u{306}'..='\u{30C}' | '\u{30F}' | '\u{311}' | '\u{31B}'
            | '\u{323}'..='\u{328}' | '\u{32D}' | '\u{32E}' | '\u{330}' | '\u{331}'
    )
}

fn push_folded(word: &mut String, c: char) {
    for lower in c.to_lowercase().filter(|lower| !is_mark(*lower)) {
        let bare = bare_latin(lower).unwrap_or_else(|| usual_form(lower));
        if word.len() + bare.len_utf8() <= WORD_MAX_BYTES {
            word.push(bare);
        }
    }
}

/// A letter that has another form at a word's end, or in old print.
fn usual_form(c: char) -> char {
    match c {
        'ς' => 'σ',
        'ϐ' => 'β',
        'ϑ' => 'θ',
        'ϕ' => 'φ',
        'ϖ' => 'π',
        'ϰ' => 'κ',
        'ϱ' => 'ρ',
        'ϵ' => 'ε',
        'ſ' | 'ẛ' => 's',
        'µ' => 'μ',
        other => other,
    }
}

/// The letter without its marks, if it is a Latin one with marks.
fn bare_latin(c: char) -> Option<char> {
    let (mut base, mut marks) = (None, true);
    decompose_canonical(c, |part| match base {
        None => base = Some(part),
        Some(_) => marks &= is_mark(part),
    });
    base.filter(|base| marks && base.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use sqlx::{AnyConnection, Connection, Row};

    use super::*;

    #[test]
    fn words_are_folded_runs_of_letters_and_digits() {
        for (text, expected) in [
            ("Red mug, 2-piece", vec!["red", "mug", "2", "piece"]),
            ("CAFÉ cre\u{300}me", vec!["cafe", "creme"]),
            ("snake_case's", vec!["snake", "case", "s"]),
            ("КРУЖКА Йод", vec!["кружка", "йод"]),
            ("İstanbul", vec!["istanbul"]),
            ("\u{301}!? 🍵", vec![]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn a_word_without_end_is_cut() {
        let words = words(&"é".repeat(5_000));
        assert_eq!(words, ["e".repeat(WORD_MAX_BYTES)]);
    }

    /// Where `SQLite`, whose tables are of Unicode 6.1, sees it otherwise: characters that mean nothing, or were given
    /// a meaning later, and one letter that it leaves its marks.
    const OTHERWISE: [RangeInclusive<u32>; 12] = [
        0x1E0..=0x1E1,
        0x378..=0x379,
        0x37F..=0x383,
        0x38B..=0x38B,
        0x38D..=0x38D,
        0x3A2..=0x3A2,
        0x528..=0x528,
        0x52A..=0x52A,
        0x52C..=0x52C,
        0x52E..=0x52E,
        0x3040..=0x3040,
        0x3097..=0x3098,
    ];

    /// Latin, Greek, Cyrillic, Hebrew, kana, and some of the ideographs and of the Korean syllables.
    fn characters() -> impl Iterator<Item = char> {
        let scripts = [
            0x20..0x530,
            0x5D0..0x5EB,
            0x1E00..0x1F00,
            0x3040..0x3100,
            0x4E00..0x4F00,
            0xAC00..0xAD00,
        ];
        let codes = scripts.into_iter().flatten();
        codes
            .filter(|code| !OTHERWISE.iter().any(|range| range.contains(code)))
            .filter_map(char::from_u32)
    }

    /// What `SQLite` makes of each text.
    async fn words_of_sqlite(texts: &[String]) -> Vec<Vec<String>> {
        sqlx::any::install_default_drivers();
        let mut conn = AnyConnection::connect("sqlite::memory:").await.unwrap();
        for statement in [
            "CREATE VIRTUAL TABLE texts USING fts5(text, tokenize = 'unicode61 remove_diacritics 2')",
            "CREATE VIRTUAL TABLE terms USING fts5vocab(texts, instance)",
        ] {
            sqlx::query(statement).execute(&mut conn).await.unwrap();
        }
        for text in texts {
            let insert = sqlx::query("INSERT INTO texts (text) VALUES ($1)").bind(text);
            insert.execute(&mut conn).await.unwrap();
        }
        let all = "SELECT doc, term FROM terms ORDER BY doc, \"offset\"";
        let mut words = vec![Vec::new(); texts.len()];
        for row in sqlx::query(all).fetch_all(&mut conn).await.unwrap() {
            let text = usize::try_from(row.get::<i64, _>("doc")).unwrap() - 1;
            words[text].push(row.get("term"));
        }
        words
    }

    #[tokio::test]
    async fn words_are_those_of_sqlite() {
        let texts: Vec<_> = characters().map(|c| format!("a{c}b {c}")).collect();
        let mut different = Vec::new();
        for (text, theirs) in texts.iter().zip(words_of_sqlite(&texts).await) {
            let ours = words(text);
            if ours != theirs {
                different.push(format!("{text:?}: {ours:?}, in SQLite {theirs:?}"));
            }
        }
        assert!(different.is_empty(), "{}", different.join("\n"));
    }
}
