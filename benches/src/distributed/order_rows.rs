//! What one order leaves in the event log in `PostgreSQL`: its rows, and a script by which pgbench inserts as many others of
//! the same kind and size as it can.

use std::fmt::Write;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::backlog::number;
use super::shop::Shop;

/// The tables that pgbench fills: as the log's, in a schema of their own.
const SCHEMA: &str = "bench_limit";

/// The tables that an order adds rows to, each with the column that must differ from order to order.
const TABLES: [Table; 2] = [
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
const COUNTED: (&str, &str) = ("events", "position");

/// Hexadecimal digits of an order's number, and of its streams'. What is longer keeps its length.
const ORDER_DIGITS: usize = 12;
const STREAM_DIGITS: usize = 2;

/// The order's number: twenty bits count the client's orders, eight its clients, the rest the rounds.
const NUMBER_OF_ORDER: &str = "\\set n :n + 1\n\\set order (:round << 28) | (:client_id << 20) | :n\n";

struct Table {
    name: &'static str,
    differs: &'static str,
}

/// Whether those who insert wait for one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turns {
    /// Nobody waits.
    None,
    /// Each transaction moves the same counter, as positions without gaps demand.
    Counter,
}

impl Turns {
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "inserts",
            Self::Counter => "counter",
        }
    }
}

/// The rows of one order.
#[derive(Debug)]
pub struct OrderRows {
    rows: Vec<PatternRow>,
    /// As the server stores them, indexes left out.
    bytes: i64,
}

#[derive(Debug)]
struct PatternRow {
    table: &'static str,
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// As SQL calls it.
    kind: String,
    value: Filling,
}

/// How a column is filled.
#[derive(Debug, PartialEq)]
enum Filling {
    Null,
    /// With the next of a sequence.
    Counted,
    /// With this, again and again.
    Fixed(String),
    /// With this, and after it the stream's and the order's number.
    Numbered { beginning: String, stream: usize },
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
            bytes += number(shop, &format!("SELECT coalesce(sum(pg_column_size(row)), 0) {from}"))?;
        }
        Ok(Self { rows, bytes })
    }

    pub fn count(&self) -> usize {
        self.rows.len()
    }

    pub fn bytes(&self) -> i64 {
        self.bytes
    }

    /// Makes the tables with their indexes and without triggers.
    pub fn create_tables() -> String {
        let mut sql = format!(
            "CREATE SCHEMA {SCHEMA}; CREATE SEQUENCE {SCHEMA}.positions;
             CREATE TABLE {SCHEMA}.log_head (LIKE event_log.log_head INCLUDING ALL) WITH (fillfactor = 10);
             INSERT INTO {SCHEMA}.log_head (id, position) VALUES (1, 0);"
        );
        for Table { name, .. } in TABLES {
            // Writing to a String never fails.
            let _ = write!(sql, "CREATE TABLE {SCHEMA}.{name} (LIKE event_log.{name} INCLUDING ALL);");
        }
        sql
    }

    /// Empties the tables.
    pub fn empty_tables() -> String {
        let tables = TABLES.map(|Table { name, .. }| format!("{SCHEMA}.{name}"));
        format!("TRUNCATE {}", tables.join(", "))
    }

    /// How many orders are in the tables.
    pub fn count_orders(&self) -> String {
        let each = self.rows.iter().filter(|row| row.table == TABLES[0].name).count();
        format!("SELECT count(*) / {} FROM {SCHEMA}.{}", each.max(1), TABLES[0].name)
    }

    /// For `pgbench --file`. What differs from round to round comes by `--define round=…`, the values by
    /// [`definitions`](Self::definitions): in a text they could look like variables.
    pub fn script(&self, turns: Turns) -> String {
        // All in one round trip.
        let mut script = format!("{NUMBER_OF_ORDER}\\startpipeline\nBEGIN;\n");
        if turns == Turns::Counter {
            let _ = writeln!(
                script,
                "UPDATE {SCHEMA}.log_head SET position = position + {};",
                self.rows.len()
            );
        }
        for Table { name, .. } in TABLES {
            let rows = || self.rows.iter().enumerate().filter(|(_, row)| row.table == name);
            let Some((_, first)) = rows().next() else { continue };
            let columns: Vec<&str> = first.columns.iter().map(|column| column.name.as_str()).collect();
            let values: Vec<String> = rows().map(|(number, row)| row.values(number)).collect();
            let _ = writeln!(
                script,
                "INSERT INTO {SCHEMA}.{name} ({}) VALUES {};",
                columns.join(", "),
                values.join(", ")
            );
        }
        script + "COMMIT;\n\\endpipeline\n"
    }

    /// The arguments that give the script its values.
    pub fn definitions(&self) -> Vec<String> {
        let mut arguments = vec!["--define".to_owned(), "n=0".to_owned()];
        for (number, row) in self.rows.iter().enumerate() {
            for column in &row.columns {
                if let Filling::Fixed(text) | Filling::Numbered { beginning: text, .. } = &column.value {
                    arguments.push("--define".to_owned());
                    arguments.push(format!("{}={text}", column.variable(number)));
                }
            }
        }
        arguments
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

impl PatternRow {
    /// In parentheses.
    fn values(&self, row: usize) -> String {
        let values: Vec<String> = self.columns.iter().map(|column| column.sql(row)).collect();
        format!("({})", values.join(", "))
    }
}

impl Column {
    fn variable(&self, row: usize) -> String {
        format!("{}_{row}", self.name)
    }

    fn sql(&self, row: usize) -> String {
        let (variable, kind) = (self.variable(row), &self.kind);
        match &self.value {
            Filling::Null => "NULL".to_owned(),
            Filling::Counted => format!("nextval('{SCHEMA}.positions')"),
            Filling::Fixed(_) => format!(":{variable}::{kind}"),
            Filling::Numbered { stream, .. } => {
                let text = format!(
                    ":{variable}::text || '{stream:0STREAM_DIGITS$x}' || lpad(to_hex(:order::bigint), {ORDER_DIGITS}, '0')"
                );
                if kind == "bytea" { format!("convert_to({text}, 'UTF8')") } else { text }
            }
        }
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
    let digits = text.strip_prefix("\\x").context("bytes that aren't hexadecimal")?;
    let byte = |pair: &[u8]| Some(u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?);
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(byte).collect();
    Ok(String::from_utf8(bytes.context("bytes that aren't hexadecimal")?)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kinds(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect()
    }

    fn rows() -> OrderRows {
        let columns = kinds(&[("position", "bigint"), ("stream", "text"), ("payload", "text"), ("causation_id", "uuid")]);
        let event = |stream: &str| json!({"position": 7, "stream": stream, "payload": "{\"a\":b}", "causation_id": null});
        let mut streams = vec![];
        let mut rows: Vec<PatternRow> = ["order-0123456789abcdef", "stock-0123456789abcdef", "order-0123456789abcdef"]
            .map(|stream| TABLES[0].pattern(&columns, &event(stream), &mut streams).unwrap())
            .into();
        let columns = kinds(&[("key", "bytea"), ("position", "bigint")]);
        let outcome = json!({"key": "\\x6b6579", "position": 9});
        rows.push(TABLES[1].pattern(&columns, &outcome, &mut vec![]).unwrap());
        OrderRows { rows, bytes: 0 }
    }

    #[test]
    fn a_script_inserts_all_rows_in_one_transaction() {
        let script = rows().script(Turns::None);
        assert!(!script.contains("log_head"), "{script}");
        assert!(rows().script(Turns::Counter).contains("SET position = position + 4;"));
        let events = script.lines().find(|line| line.contains("bench_limit.events")).unwrap();
        assert!(events.starts_with("INSERT INTO bench_limit.events (position, stream, payload, causation_id) VALUES (nextval("));
        assert_eq!(events.matches(":payload_").count(), 3);
        assert_eq!(events.matches("|| '00' ||").count(), 2, "of the same stream: {events}");
        assert_eq!(events.matches("|| '01' ||").count(), 1, "{events}");
        assert!(script.contains("convert_to(:key_3::text || '00' || lpad(to_hex(:order::bigint), 12, '0'), 'UTF8')"));
        assert!(script.contains(":position_3::bigint"), "an outcome's position is no counter: {script}");
    }

    #[test]
    fn values_come_by_definitions_and_keep_their_size() {
        let definitions = rows().definitions();
        assert!(definitions.contains(&"payload_1={\"a\":b}".to_owned()));
        assert!(definitions.contains(&"stream_0=order-01".to_owned()), "14 bytes shorter: {definitions:?}");
        assert!(definitions.contains(&"key_3=".to_owned()));
        assert!(!definitions.iter().any(|definition| definition.contains("causation_id")));
    }
}
