//! A CSV file as a table: columns by name, rows by line. What the columns mean is each dataset's.

use std::collections::HashMap;
use std::io::BufRead;
use std::ops::ControlFlow;

use csv::{ByteRecord, StringRecord, Trim};

use crate::error::ImportError;
use crate::rejection::Rejection;
use crate::source::Source;

/// A column whose name starts with this holds a variant's option, such as `option:size`.
pub const OPTION_PREFIX: &str = "option:";

/// Which columns a table has.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    pub required: &'static [&'static str],
    pub optional: &'static [&'static str],
    /// Whether columns of options may follow.
    pub options: bool,
}

/// See the module.
pub struct CsvTable {
    reader: csv::Reader<Box<dyn BufRead + Send>>,
    file: String,
    header: Header,
}

struct Header {
    index: HashMap<String, usize>,
    /// The options' names, with their columns.
    options: Vec<(String, usize)>,
    columns: usize,
}

/// One row, trimmed.
#[derive(Clone, Copy)]
pub struct Row<'t> {
    /// Counted from 1, with the header.
    pub line: u64,
    header: &'t Header,
    record: &'t StringRecord,
}

impl Row<'_> {
    /// Empty if the file doesn't have this column.
    pub fn get(&self, column: &str) -> &str {
        let index = self.header.index.get(column);
        index.and_then(|&index| self.record.get(index)).unwrap_or("")
    }

    /// The options that this row fills in.
    pub fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        self.header.options.iter().filter_map(|(name, index)| {
            let value = self.record.get(*index).unwrap_or("");
            (!value.is_empty()).then_some((name.as_str(), value))
        })
    }

    /// A rejection of this row for what's in that column.
    pub fn reject(&self, column: &str, code: &'static str, reason: impl Into<String>) -> Rejection {
        Rejection::new(self.line, column, self.get(column), code, reason)
    }
}

impl CsvTable {
    pub fn open(source: &Source, columns: Columns) -> Result<Self, ImportError> {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true) // a row of another length is rejected, it doesn't end the run
            .trim(Trim::All)
            .from_reader(source.reader()?);
        let file = source.name();
        let names = reader.headers().map_err(|source| ImportError::Csv {
            file: file.clone(),
            row: 1,
            source,
        })?;
        let header = Header::read(&file, names, columns)?;
        Ok(Self {
            reader,
            file,
            header,
        })
    }

    /// Gives every row with data in turn, or why it isn't one.
    pub fn for_each(
        mut self,
        mut visit: impl FnMut(Result<Row<'_>, Rejection>) -> ControlFlow<()>,
    ) -> Result<(), ImportError> {
        let mut raw = ByteRecord::new();
        loop {
            let more = self.reader.read_byte_record(&mut raw);
            let line = raw.position().map_or(0, csv::Position::line);
            let failed = |source| ImportError::Csv {
                file: self.file.clone(),
                row: line,
                source,
            };
            if !more.map_err(failed)? {
                return Ok(());
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

fn not_text(line: u64, error: &csv::FromUtf8Error) -> Rejection {
    let column = error.utf8_error().field() + 1;
    let reason = format!("column {column} isn't UTF-8");
    Rejection::new(line, column.to_string(), "", "encoding_invalid", reason)
}

impl Header {
    fn read(file: &str, names: &StringRecord, columns: Columns) -> Result<Self, ImportError> {
        let mut header = Self {
            index: HashMap::new(),
            options: Vec::new(),
            columns: names.len(),
        };
        for (index, name) in names.iter().enumerate() {
            header.add(file, name, index, columns)?;
        }
        for &required in columns.required {
            if !header.index.contains_key(required) {
                return Err(ImportError::ColumnMissing {
                    file: file.to_owned(),
                    column: required.to_owned(),
                    found: names.iter().collect::<Vec<_>>().join(", "),
                });
            }
        }
        Ok(header)
    }

    fn add(&mut self, file: &str, name: &str, index: usize, columns: Columns) -> Result<(), ImportError> {
        let option = name.strip_prefix(OPTION_PREFIX).filter(|_| columns.options);
        if let Some(option) = option {
            self.options.push((option.to_owned(), index));
        } else if !columns.required.contains(&name) && !columns.optional.contains(&name) {
            let mut known = [columns.required, columns.optional].concat().join(", ");
            if columns.options {
                known.push_str(", option:<name>");
            }
            return Err(ImportError::ColumnUnknown {
                file: file.to_owned(),
                column: name.to_owned(),
                known,
            });
        }
        if self.index.insert(name.to_owned(), index).is_some() {
            return Err(ImportError::ColumnTwice {
                file: file.to_owned(),
                column: name.to_owned(),
            });
        }
        Ok(())
    }

    fn row<'t>(&'t self, line: u64, record: &'t StringRecord) -> Result<Row<'t>, Rejection> {
        if record.len() != self.columns {
            let reason = format!("the row has {} columns, the header {}", record.len(), self.columns);
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
        options: true,
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
        let source = Source::of_bytes(b"\xef\xbb\xbfsku,name,option:size\n A1 ,\"x\ny\",L\nB\nC1,\xff,\n\nD1,z,\n");
        let mut seen = Vec::new();
        CsvTable::open(&source, COLUMNS)
            .unwrap()
            .for_each(|row| {
                seen.push(match row {
                    Ok(row) => format!("{} {} {:?}", row.line, row.get("sku"), row.options().collect::<Vec<_>>()),
                    Err(rejection) => format!("{} {}", rejection.row, rejection.code),
                });
                ControlFlow::Continue(())
            })
            .unwrap();
        let expected = [
            "2 A1 [(\"size\", \"L\")]",
            "4 column_count",
            "5 encoding_invalid",
            "7 D1 []",
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_wrong_header_says_which_column() {
        assert!(open_error("name\n").contains("\"sku\" is missing"));
        assert!(open_error("sku,colour\n").contains("\"colour\" that means nothing"));
        assert!(open_error("sku,sku\n").contains("\"sku\" twice"));
    }
}
