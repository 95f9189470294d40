//! The objects of an NDJSON file or of one JSON array, one at a time, however large the file is.

use std::fmt;
use std::io::BufRead;
use std::ops::ControlFlow;

use serde::de::{DeserializeOwned, Error as _, SeqAccess, Visitor};
use serde::{Deserializer, de};
use serde_json::value::RawValue;
use wording::Fault;

use crate::error::BulkError;
use crate::format::Format;
use crate::rejection::Rejection;
use crate::source::Source;

/// Larger than any order or product that the API takes; bounds the memory that one line can claim.
const LINE_MAX_BYTES: usize = 8 * 1024 * 1024;

/// Gives the text of every object with its row: the line in NDJSON, the item in an array, from 1.
pub fn for_each_item(
    source: &Source,
    format: Format,
    visit: impl FnMut(u64, Result<&str, Rejection>) -> ControlFlow<()>,
) -> Result<(), BulkError> {
    match format {
        Format::Json => for_each_in_array(source, visit),
        Format::Ndjson | Format::Csv => for_each_line(source, visit),
    }
}

fn for_each_line(
    source: &Source,
    mut visit: impl FnMut(u64, Result<&str, Rejection>) -> ControlFlow<()>,
) -> Result<(), BulkError> {
    let mut reader = source.reader()?;
    let mut line = Vec::new();
    for row in 1.. {
        line.clear();
        let read = read_line(&mut *reader, &mut line).map_err(|error| BulkError::File {
            file: source.name(),
            what: "read",
            cause: error,
        })?;
        if read == 0 {
            break;
        }
        let text = if read > LINE_MAX_BYTES {
            let reason = format!("a line has at most {LINE_MAX_BYTES} bytes, this has {read}");
            Err(Rejection::new(row, "", "", "line_too_long", reason))
        } else {
            std::str::from_utf8(&line)
                .map_err(|_| Rejection::new(row, "", "", "encoding_invalid", "the line isn't UTF-8"))
        };
        let blank = text.as_ref().is_ok_and(|text| text.trim().is_empty());
        if !blank && visit(row, text.map(str::trim)).is_break() {
            break;
        }
    }
    Ok(())
}

/// Reads up to and with the line's end; of an overlong line it keeps the beginning. Gives the line's length.
fn read_line(reader: &mut dyn BufRead, line: &mut Vec<u8>) -> std::io::Result<usize> {
    let mut length = 0;
    loop {
        let buffer = reader.fill_buf()?;
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let taken = end.map_or(buffer.len(), |end| end + 1);
        let room = LINE_MAX_BYTES.saturating_sub(line.len());
        line.extend_from_slice(&buffer[..taken.min(room)]);
        length += taken;
        reader.consume(taken);
        if end.is_some() || taken == 0 {
            return Ok(length);
        }
    }
}

fn for_each_in_array(
    source: &Source,
    visit: impl FnMut(u64, Result<&str, Rejection>) -> ControlFlow<()>,
) -> Result<(), BulkError> {
    let mut stopped = false;
    let mut deserializer = serde_json::Deserializer::from_reader(source.reader()?);
    let visitor = ArrayVisitor {
        visit,
        stopped: &mut stopped,
    };
    let read = deserializer
        .deserialize_seq(visitor)
        .and_then(|()| deserializer.end());
    match read {
        Err(cause) if !stopped => Err(BulkError::Json {
            file: source.name(),
            cause,
        }),
        _ => Ok(()),
    }
}

struct ArrayVisitor<'s, F> {
    visit: F,
    stopped: &'s mut bool,
}

impl<'de, F> Visitor<'de> for ArrayVisitor<'_, F>
where
    F: FnMut(u64, Result<&str, Rejection>) -> ControlFlow<()>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        let mut row = 0;
        while let Some(item) = items.next_element::<Box<RawValue>>()? {
            row += 1;
            if (self.visit)(row, Ok(item.get())).is_break() {
                *self.stopped = true;
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// Reads one object; the rejection names the field.
pub fn parse<T: DeserializeOwned>(row: u64, text: &str) -> Result<T, Rejection> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let inner = error.inner();
        if !inner.is_data() {
            return Rejection::new(row, "", text, "json_malformed", inner.to_string());
        }
        let unreadable = wording::unreadable(&error.path().to_string(), &inner.to_string());
        let code = match unreadable.fault {
            Fault::Missing => "field_missing",
            Fault::Duplicate => "field_twice",
            Fault::Invalid => "field_invalid",
        };
        // The path's way of saying "the whole" and "unknown".
        let is_known = !matches!(unreadable.field.as_str(), "." | "?");
        let field = if is_known { unreadable.field } else { String::new() };
        Rejection::new(row, field, text, code, unreadable.message)
    })?;
    deserializer.end().map_err(|error: serde_json::Error| {
        Rejection::new(row, "", text, "json_malformed", error.to_string())
    })?;
    Ok(value)
}

/// Reads an empty text as nothing.
pub fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text: Option<String> = de::Deserialize::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(format: Format, text: &str) -> Result<Vec<String>, BulkError> {
        let mut seen = Vec::new();
        for_each_item(&Source::of_bytes(text.as_bytes()), format, |row, item| {
            seen.push(match item {
                Ok(text) => format!("{row} {text}"),
                Err(rejection) => format!("{row} {}", rejection.code),
            });
            ControlFlow::Continue(())
        })?;
        Ok(seen)
    }

    #[test]
    fn lines_and_array_items_are_given_in_turn() {
        let lines = items(Format::Ndjson, "{\"a\":1}\n\n  {\"a\":2}\r\n{\"a\":3}").unwrap();
        assert_eq!(lines, ["1 {\"a\":1}", "3 {\"a\":2}", "4 {\"a\":3}"]);
        let array = items(Format::Json, "[ {\"a\": 1.10},\n{\"a\":[2]} ]\n").unwrap();
        assert_eq!(array, ["1 {\"a\": 1.10}", "2 {\"a\":[2]}"]);
    }

    #[test]
    fn what_is_no_array_is_an_error_and_an_overlong_line_a_rejection() {
        assert!(matches!(items(Format::Json, "{}"), Err(BulkError::Json { .. })));
        assert!(matches!(items(Format::Json, "[{}"), Err(BulkError::Json { .. })));
        assert!(matches!(
            items(Format::Json, "[{}] x"),
            Err(BulkError::Json { .. })
        ));
        let long = format!("{}\n{{}}\n", "x".repeat(LINE_MAX_BYTES + 1));
        assert_eq!(items(Format::Ndjson, &long).unwrap(), ["1 line_too_long", "2 {}"]);
    }

    #[test]
    fn a_stopped_reading_is_no_error() {
        let mut seen = 0;
        for_each_item(&Source::of_bytes(b"[1,2,3]"), Format::Json, |_, _| {
            seen += 1;
            ControlFlow::Break(())
        })
        .unwrap();
        assert_eq!(seen, 1);
    }
}
