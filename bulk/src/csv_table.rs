//! A CSV file as a table: columns by name, rows by line. What the columns mean is each dataset's.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, Read};
use std::ops::ControlFlow;

use csv::{ByteRecord, StringRecord, Terminator};

use crate::error::BulkError;
use crate::guard::unguarded;
use crate::rejection::Rejection;
use crate::source::Source;

/// A column whose name starts with this holds a variant's option, such as `option:size`.
pub const OPTION_PREFIX: &str = "option:";
/// A column whose name starts with this holds a product's attribute, such as `attribute:author`.
pub const ATTRIBUTE_PREFIX: &str = "attribute:";

/// Which columns a table has.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    pub required: &'static [&'static str],
    pub optional: &'static [&'static str],
    /// What the names of further columns may start with; the rest of each is its own.
    pub prefixes: &'static [&'static str],
}

/// The file, and one more line's end: so that the last record has one too.
type Terminated = std::io::Chain<Box<dyn BufRead + Send>, &'static [u8]>;

/// See the module.
pub struct CsvTable {
    reader: csv::Reader<Terminated>,
    file: String,
    header: Header,
}

struct Header {
    index: HashMap<String, usize>,
    /// Those with a prefix: that, the rest of the name, and the column.
    prefixed: Vec<(&'static str, String, usize)>,
    columns: usize,
}

/// One row.
#[derive(Clone, Copy)]
pub struct Row<'t> {
    /// Counted from 1, with the header.
    pub line: u64,
    header: &'t Header,
    record: &'t StringRecord,
}

impl Row<'_> {
    /// Trimmed, and without the apostrophe that keeps it from being a formula; empty if the file doesn't have this column.
    pub fn get(&self, column: &str) -> &str {
        self.header.index.get(column).map_or("", |&index| self.at(index))
    }

    fn at(&self, index: usize) -> &str {
        unguarded(self.record.get(index).unwrap_or("").trim())
    }

    /// What this row fills in of the columns with this prefix, by the rest of their names.
    pub fn prefixed(&self, prefix: &str) -> BTreeMap<String, String> {
        let columns = self.header.prefixed.iter();
        let of_prefix = columns.filter(|(of, _, _)| *of == prefix);
        let filled = of_prefix.map(|(_, name, index)| (name.clone(), self.at(*index).to_owned()));
        filled.filter(|(_, value)| !value.is_empty()).collect()
    }

    /// A rejection of this row for what's in that column.
    pub fn reject(&self, column: &str, code: &'static str, reason: impl Into<String>) -> Rejection {
        Rejection::new(self.line, column, self.get(column), code, reason)
    }
}

impl CsvTable {
    pub fn open(source: &Source, columns: Columns) -> Result<Self, BulkError> {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true) // a row of another length is rejected, it doesn't end the run
            .terminator(Terminator::Any(b'\n')) // trimming takes the '\r'; each record ends with its own line
            .from_reader(source.reader()?.chain(&b"\n"[..]));
        let file = source.name();
        let names = reader.headers().map_err(|cause| BulkError::Csv {
            file: file.clone(),
            row: 1,
            cause,
        })?;
        let header = Header::read(&file, names, columns)?;
        Ok(Self { reader, file, header })
    }

    /// Gives every row with data in turn, or why it isn't one.
    pub fn for_each(
        mut self,
        mut visit: impl FnMut(Result<Row<'_>, Rejection>) -> ControlFlow<()>,
    ) -> Result<(), BulkError> {
        let mut raw = ByteRecord::new();
        loop {
            let more = self.reader.read_byte_record(&mut raw);
            let line = first_line(&raw, self.reader.position().line());
            let failed = |cause| BulkError::Csv {
                file: self.file.clone(),
                row: line,
                cause,
            };
            if !more.map_err(failed)? {
                return Ok(());
            }
            if raw.len() == 1 && raw[0].trim_ascii().is_empty() {
                continue;
            }
            let visited = match StringRecord::from_byte_record(std::mem::take(&mut raw)) {
                Ok(record) => visit(self.header.row(line, &record)),
                Err(error) => visit(Err(not_text(line, &error))),
            };
            if visited.is_break() {
                return Ok(());
            }
        }
    }
}

/// Where a record begins, given the line after its end. (The position that the reader gives to a record is
/// that of the blank lines before it.)
fn first_line(record: &ByteRecord, next_line: u64) -> u64 {
    let lines = record.as_slice().split(|&byte| byte == b'\n').count();
    next_line.saturating_sub(lines as u64)
}

fn not_text(line: u64, error: &csv::FromUtf8Error) -> Rejection {
    let column = error.utf8_error().field() + 1;
    let reason = format!("column {column} isn't UTF-8");
    Rejection::new(line, column.to_string(), "", "encoding_invalid", reason)
}

impl Header {
    fn read(file: &str, names: &StringRecord, columns: Columns) -> Result<Self, BulkError> {
        let mut header = Self {
            index: HashMap::new(),
            prefixed: Vec::new(),
            columns: names.len(),
        };
        for (index, name) in names.iter().enumerate() {
            header.add(file, name.trim(), index, columns)?;
        }
        for &required in columns.required {
            if !header.index.contains_key(required) {
                return Err(BulkError::ColumnMissing {
                    file: file.to_owned(),
                    column: required.to_owned(),
                    found: names.iter().collect::<Vec<_>>().join(", "),
                });
            }
        }
        Ok(header)
    }

    fn add(&mut self, file: &str, name: &str, index: usize, columns: Columns) -> Result<(), BulkError> {
        let mut prefixes = columns.prefixes.iter();
        let prefixed = prefixes.find_map(|prefix| Some((*prefix, name.strip_prefix(prefix)?)));
        if let Some((prefix, rest)) = prefixed {
            self.prefixed.push((prefix, rest.to_owned(), index));
        } else if !columns.required.contains(&name) && !columns.optional.contains(&name) {
            let mut known = [columns.required, columns.optional].concat().join(", ");
            for prefix in columns.prefixes {
                known.push_str(", ");
                known.push_str(prefix);
                known.push_str("<name>");
            }
            return Err(BulkError::ColumnUnknown {
                file: file.to_owned(),
                column: name.to_owned(),
                known,
            });
        }
        if self.index.insert(name.to_owned(), index).is_some() {
            return Err(BulkError::ColumnTwice {
                file: file.to_owned(),
                column: name.to_owned(),
            });
        }
        Ok(())
    }

    fn row<'t>(&'t self, line: u64, record: &'t StringRecord) -> Result<Row<'t>, Rejection> {
        if record.len() != self.columns {
            let reason = format!(
                "the row has {} columns, the header {}",
                record.len(),
                self.columns
            );
            return Err(Rejection::new(
                line,
                "",
                record.get(0).unwrap_or(""),
                "column_count",
                reason,
            ));
        }
        Ok(Row {
            line,
            header: self,
            record,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: Columns = Columns {
        required: &["sku"],
        optional: &["name"],
        prefixes: &[OPTION_PREFIX],
    };

    fn open_error(text: &str) -> String {
        let source = Source::of_bytes(text.as_bytes());
        match CsvTable::open(&source, COLUMNS) {
            Ok(_) => panic!("{text:?} was accepted"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn rows_come_with_lines_and_options_and_bad_ones_are_told() {
        let source =
            Source::of_bytes(b"\xef\xbb\xbfsku,name,option:size\n A1 ,\"x\ny\",L\nB\nC1,\xff,\n\nD1,z,\n");
        let mut seen = Vec::new();
        CsvTable::open(&source, COLUMNS)
            .unwrap()
            .for_each(|row| {
                seen.push(match row {
                    Ok(row) => format!(
                        "{} {} {:?}",
                        row.line,
                        row.get("sku"),
                        row.prefixed(OPTION_PREFIX)
                    ),
                    Err(rejection) => format!("{} {}", rejection.row, rejection.code),
                });
                ControlFlow::Continue(())
            })
            .unwrap();
        let expected = [
            "2 A1 {\"size\": \"L\"}",
            "4 column_count",
            "5 encoding_invalid",
            "7 D1 {}",
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn carriage_returns_change_nothing() {
        let source = Source::of_bytes(b"sku,name\r\nA,\"x\"\r\n\r\n \r\nB,y");
        let mut seen = Vec::new();
        CsvTable::open(&source, COLUMNS)
            .unwrap()
            .for_each(|row| {
                let row = row.unwrap();
                seen.push(format!("{} {} {}", row.line, row.get("sku"), row.get("name")));
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(seen, ["2 A x", "5 B y"]);
    }

    #[test]
    fn a_wrong_header_says_which_column() {
        assert!(open_error("name\n").contains("\"sku\" is missing"));
        assert!(open_error("sku,colour\n").contains("\"colour\" that means nothing"));
        assert!(open_error("sku,sku\n").contains("\"sku\" twice"));
    }
}
