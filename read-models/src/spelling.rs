//! When two words may be the same, one of them mistyped. Where words come from, and which are known, is left to `vocabulary` and
//! to who corrects.
//!
//! One letter is left out, added, taken for another, or two have changed places; of a long word twice. Words that are so close
//! have a piece in common, which each gives when one of its letters is left out (or none): by these pieces they are looked up.
//! That finds all words one mistake away, and of those two away the ones of which each lacks a letter of the other's.

use std::collections::BTreeSet;

/// Shorter words are beginnings or abbreviations, and every one is a mistake away from another.
const CHARS_MIN: usize = 3;
/// Longer ones are no words of a language; and each letter costs a row.
const CHARS_MAX: usize = 24;
/// From this length on two mistakes may be made.
const LONG_CHARS: usize = 6;

/// Whether a word, as [`words`](crate::dialect::words) has it, can be corrected, or be what is meant. A number that is off by a
/// digit is another number.
pub fn is_correctable(word: &str) -> bool {
    let chars = word.chars().count();
    (CHARS_MIN..=CHARS_MAX).contains(&chars) && word.chars().all(char::is_alphabetic)
}

/// The pieces by which a word is looked up: itself, and itself with each one letter left out.
pub fn pieces(word: &str) -> BTreeSet<String> {
    let without = |(left_out, c): (usize, char)| {
        let mut piece = word[..left_out].to_owned();
        piece.push_str(&word[left_out + c.len_utf8()..]);
        piece
    };
    let mut pieces: BTreeSet<_> = word.char_indices().map(without).collect();
    pieces.insert(word.to_owned());
    pieces
}

/// The word that is most likely meant, out of words with how many products have them: the one with the fewest mistakes, then
/// the most frequent, then the first in the alphabet.
pub fn closest<'w>(typed: &str, words: impl IntoIterator<Item = (&'w str, i64)>) -> Option<&'w str> {
    let mistakes_max = if typed.chars().count() < LONG_CHARS { 1 } else { 2 };
    let ranked = words.into_iter().filter_map(|(word, products)| {
        let mistakes = mistakes(typed, word);
        (mistakes <= mistakes_max).then_some((mistakes, std::cmp::Reverse(products), word))
    });
    ranked.min().map(|(_, _, word)| word)
}

/// How many letters must be left out, added, replaced or swapped with the next to make one word of the other; no letter
/// takes part in two (the "optimal string alignment").
fn mistakes(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let replaced = last[j] + usize::from(a[i] != b[j]);
            let mut fewest = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                fewest = fewest.min(before_last[j - 1] + 1);
            }
            row.push(fewest);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_counted() {
        for (a, b, count) in [
            ("mug", "mug", 0),
            ("mgu", "mug", 1),
            ("candel", "candle", 1),
            ("mug", "mugs", 1),
            ("mug", "ug", 1),
            ("mug", "bug", 1),
            ("mug", "gum", 2),
            ("saucer", "suacre", 2),
            ("über", "uber", 1),
            ("", "mug", 3),
        ] {
            assert_eq!((mistakes(a, b), mistakes(b, a)), (count, count), "{a} {b}");
        }
    }

    #[test]
    fn words_that_are_close_have_a_piece_in_common() {
        for (typed, meant) in [
            ("mgu", "mug"),
            ("candel", "candle"),
            ("mugg", "mug"),
            ("mg", "mug"),
            ("bug", "mug"),
            ("candlle", "candles"),
        ] {
            assert!(!pieces(typed).is_disjoint(&pieces(meant)), "{typed} {meant}");
        }
        assert_eq!(pieces("éaa"), ["aa", "éa", "éaa"].map(str::to_owned).into());
    }

    #[test]
    fn the_closest_comes_before_the_most_frequent() {
        let words = [("mud", 9), ("mug", 2), ("mugs", 5), ("jug", 2)];
        assert_eq!(closest("mgu", words), Some("mug"));
        assert_eq!(closest("mut", words), Some("mud"));
        assert_eq!(
            closest("dug", words),
            Some("jug"),
            "as frequent, and first in the alphabet"
        );
        assert_eq!(closest("cup", words), None);
        assert_eq!(
            closest("saucr", [("saucers", 1)]),
            None,
            "two mistakes in a short word"
        );
        assert_eq!(closest("saucre", [("saucers", 1)]), Some("saucers"));
    }

    #[test]
    fn numbers_and_beginnings_are_left_alone() {
        for (word, correctable) in [
            ("mug", true),
            ("mu", false),
            ("23166", false),
            ("a4", false),
            ("кружка", true),
        ] {
            assert_eq!(is_correctable(word), correctable, "{word}");
        }
        assert!(!is_correctable(&"a".repeat(CHARS_MAX + 1)));
    }
}
