//! Cells of CSV that a spreadsheet would take for a formula: written with an apostrophe in front, which spreadsheets take
//! for "this is text", and read without it.

use std::borrow::Cow;

/// What makes a spreadsheet calculate, and the apostrophe itself, so that none is lost. (A tab or a carriage return at
/// the beginning of a cell, which some count among these, is trimmed away.)
const GUARDED: [char; 5] = ['=', '+', '-', '@', APOSTROPHE];
const APOSTROPHE: char = '\'';

/// As it is written into a cell of text.
pub fn guarded(text: &str) -> Cow<'_, str> {
    if text.starts_with(GUARDED) {
        Cow::Owned(format!("{APOSTROPHE}{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// As it was before it was written.
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix(APOSTROPHE) {
        Some(text) if text.starts_with(GUARDED) => text,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_formula_becomes_text_and_other_apostrophes_stay() {
        assert_eq!(guarded("=1+1"), "'=1+1");
        assert_eq!(guarded("mug"), "mug");
        assert_eq!(unguarded("'t Hooft"), "'t Hooft");
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in "['=+@a-]{0,5}.{0,5}") {
            let cell = guarded(&text);
            prop_assert_eq!(unguarded(&cell), &text);
            prop_assert!(!cell.starts_with(['=', '+', '-', '@']));
        }
    }
}
