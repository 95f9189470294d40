//! Which texts can be kept and shown: so many characters, and none that no one has typed. NUL and its like break lists,
//! emails and files of rows, and PostgreSQL takes no text that holds one.
//!
//! What a text is for, and so how long it may be, is each aggregate's.

/// Something on one line, such as a name: 1 to so many characters, not all of them blank, none a control character, and
/// none that turns the direction of what is written after it (a name shall not rewrite the price beside it).
pub(crate) fn is_line(text: &str, max_chars: usize) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= max_chars
        && !text.contains(|c: char| c.is_control() || turns_direction(c))
}

/// Unicode's embeddings, overrides and isolates, which last until they are ended (UAX #9, 2.1 to 2.5). Hebrew and Arabic
/// need none of them: their letters turn it by themselves. The marks that help them along (U+200E, U+200F, U+061C) aren't
/// among these.
pub fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Something to read, which may be nothing: at most so many characters, no control characters but the ends of lines and tabs.
pub(crate) fn is_prose(text: &str, max_chars: usize) -> bool {
    let layout = |c: char| matches!(c, '\n' | '\r' | '\t');
    text.chars().count() <= max_chars && !text.contains(|c: char| c.is_control() && !layout(c))
}

/// Something that has to be said, such as a reason: prose that isn't blank.
pub(crate) fn is_said(text: &str, max_chars: usize) -> bool {
    !text.trim().is_empty() && is_prose(text, max_chars)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_neither_blank_nor_long_nor_broken() {
        assert!(is_line("Mug, blue", 9));
        assert!(is_line("ÄÖÜ", 3), "characters count, not bytes");
        assert!(is_line("ספל\u{200F}", 9), "written from the right");
        for wrong in [
            "",
            "  ",
            "Mug, blue!",
            "a\nb",
            "a\0",
            "a\u{85}",
            "a\u{202E}b",
            "a\u{2067}b",
        ] {
            assert!(!is_line(wrong, 9), "{wrong:?}");
        }
    }

    #[test]
    fn prose_has_lines_and_tabs_and_nothing_else_that_is_unseen() {
        for good in ["", "a\r\nb\n\tc"] {
            assert!(is_prose(good, 8), "{good:?}");
        }
        for wrong in ["a\0b", "\u{1b}[2J", "123456789"] {
            assert!(!is_prose(wrong, 8), "{wrong:?}");
        }
        assert!(is_said("gone", 8) && !is_said(" \n", 8));
    }
}
