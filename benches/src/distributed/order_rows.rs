//! What one order leaves in the event log in `PostgreSQL`: its rows, and what in them differs from order to order.
//!
//! How pgbench inserts others of the same kind and size is left to `script`.

use anyhow::{Context, ensure};
use serde_json::Value;

use super::backlog::number;
use super::shop::Shop;

/// The tables that an order adds rows to, each with the column that must differ from order to order.
pub(super) const TABLES: [Table; 2] = [
    Table {
        name: "events",
        differs: "stream",
    },
    Table {
        name: "outcomes",
        differs: "key",
    },
];

/// The column that pgbench fills from a sequence, where it is the key.
pub(super) const COUNTED: (&str, &str) = ("events", "position");

/// Hexadecimal digits of an order's number, and of its streams'. What is longer keeps its length.
pub(super) const ORDER_DIGITS: usize = 12;
pub(super) const STREAM_DIGITS: usize = 2;

pub(super) struct Table {
    pub name: &'static str,
    differs: &'static str,
}

/// The rows of one order.
#[derive(Debug)]
pub struct OrderRows {
    pub(super) rows: Vec<PatternRow>,
    /// As the server stores them, indexes left out.
    bytes: i64,
}

#[derive(Debug)]
pub(super) struct PatternRow {
    pub table: &'static str,
    pub columns: Vec<Column>,
}

#[derive(Debug)]
pub(super) struct Column {
    pub name: String,
    /// As SQL calls it.
    pub kind: String,
    pub value: Filling,
}

/// How a column is filled.
#[derive(Debug, PartialEq)]
pub(super) enum Filling {
    Null,
    /// With the next of a sequence.
    Counted,
    /// With this, again and again.
    Fixed(String),
    /// With this, and after it the stream's and the order's number.
    Numbered {
        beginning: String,
        stream: usize,
    },
}

impl OrderRows {
    /// The rows that the log got after one position through another, which must be those of one command.
    pub fn read(shop: &Shop, after: i64, through: i64) -> anyhow::Result<Self> {
        let range = format!("position > {after} AND position <= {through}");
        let commands = number(
            shop,
            &format!("SELECT count(DISTINCT correlation_id) FROM event_log.events WHERE {range}"),
        )?;
        ensure!(
            commands == 1,
            "{commands} commands wrote the positions after {after} through {through}"
        );
        let (mut rows, mut bytes) = (vec![], 0);
        for table in TABLES {
            let from = format!("FROM event_log.{} AS row WHERE {range}", table.name);
            let kinds = kinds(shop, table.name)?;
            let found = shop.sql(&format!("SELECT to_jsonb(row) {from} ORDER BY position"))?;
            let mut streams: Vec<String> = vec![];
            for line in found.lines() {
                let row: Value = serde_json::from_str(line)?;
                rows.push(table.pattern(&kinds, &row, &mut streams)?);
            }
            bytes += number(
                shop,
                &format!("SELECT coalesce(sum(pg_column_size(row)), 0) {from}"),
            )?;
        }
        Ok(Self { rows, bytes })
    }

    pub fn count(&self) -> usize {
        self.rows.len()
    }

    pub fn bytes(&self) -> i64 {
        self.bytes
    }

    pub fn events(&self) -> usize {
        let (table, _) = COUNTED;
        self.rows.iter().filter(|row| row.table == table).count()
    }
}

impl Table {
    fn pattern(
        &self,
        kinds: &[(String, String)],
        row: &Value,
        streams: &mut Vec<String>,
    ) -> anyhow::Result<PatternRow> {
        let mut columns = vec![];
        for (name, kind) in kinds {
            let value = if (self.name, name.as_str()) == COUNTED {
                Filling::Counted
            } else if name == self.differs {
                numbered(&text(&row[name], kind)?, streams)
            } else if row[name].is_null() {
                Filling::Null
            } else {
                Filling::Fixed(as_input(&row[name]))
            };
            columns.push(Column {
                name: name.clone(),
                kind: kind.clone(),
                value,
            });
        }
        Ok(PatternRow {
            table: self.name,
            columns,
        })
    }
}

/// Rows of one stream get the same number, rows of different streams different ones.
fn numbered(text: &str, streams: &mut Vec<String>) -> Filling {
    let known = streams.iter().position(|stream| stream == text);
    let stream = known.unwrap_or_else(|| {
        streams.push(text.to_owned());
        streams.len() - 1
    });
    let kept = text.len().saturating_sub(ORDER_DIGITS + STREAM_DIGITS);
    Filling::Numbered {
        beginning: text[..text.floor_char_boundary(kept)].to_owned(),
        stream,
    }
}

/// The columns of a table of the log and their types, in order.
fn kinds(shop: &Shop, table: &str) -> anyhow::Result<Vec<(String, String)>> {
    let columns = shop.sql(&format!(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
         WHERE attrelid = 'event_log.{table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    ))?;
    let split = |line: &str| {
        let (name, kind) = line.split_once('|')?;
        Some((name.to_owned(), kind.to_owned()))
    };
    let kinds: Option<Vec<_>> = columns.lines().map(split).collect();
    kinds.with_context(|| format!("the columns of {table} can't be told: {columns}"))
}

/// As `PostgreSQL` reads a value of any type.
fn as_input(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The text in a column of text, or of bytes that are one.
fn text(value: &Value, kind: &str) -> anyhow::Result<String> {
    let text = value.as_str().with_context(|| format!("{value} is no text"))?;
    if kind != "bytea" {
        return Ok(text.to_owned());
    }
    let digits = text
        .strip_prefix("\\x")
        .context("bytes that aren't hexadecimal")?;
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(byte).collect();
    Ok(String::from_utf8(
        bytes.context("bytes that aren't hexadecimal")?,
    )?)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    fn kinds(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter()
            .map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned()))
            .collect()
    }

    /// Three events of two streams, and an outcome.
    pub fn rows() -> OrderRows {
        let columns = kinds(&[
            ("position", "bigint"),
            ("stream", "text"),
            ("payload", "text"),
            ("causation_id", "uuid"),
        ]);
        let event = |stream: &str| json!({"position": 7, "stream": stream, "payload": "{\"a\":b}", "causation_id": null});
        let mut streams = vec![];
        let mut rows: Vec<PatternRow> = [
            "order-0123456789abcdef",
            "stock-0123456789abcdef",
            "order-0123456789abcdef",
        ]
        .map(|stream| TABLES[0].pattern(&columns, &event(stream), &mut streams).unwrap())
        .into();
        let columns = kinds(&[("key", "bytea"), ("position", "bigint")]);
        let outcome = json!({"key": "\\x6b6579", "position": 9});
        rows.push(TABLES[1].pattern(&columns, &outcome, &mut vec![]).unwrap());
        OrderRows { rows, bytes: 0 }
    }

    #[test]
    fn what_differs_is_cut_off_and_the_rest_is_kept() {
        let rows = rows();
        assert_eq!((rows.count(), rows.events()), (4, 3));
        let streams = rows.rows[..3].iter().map(|row| match &row.columns[1].value {
            Filling::Numbered { beginning, stream } => (beginning.as_str(), *stream),
            other => panic!("{other:?}"),
        });
        let streams: Vec<(&str, usize)> = streams.collect();
        assert_eq!(streams, [("order-01", 0), ("stock-01", 1), ("order-01", 0)]);
        assert_eq!(rows.rows[0].columns[3].value, Filling::Null);
        let key = Filling::Numbered {
            beginning: String::new(),
            stream: 0,
        };
        assert_eq!(rows.rows[3].columns[0].value, key);
        assert!(text(&json!("6b"), "bytea").is_err());
        assert!(text(&json!("\\xzz"), "bytea").is_err());
    }
}
