//! What one order leaves in the shop's event log: its rows, and as many others of the same kind and size as wanted.

use std::path::Path;

use anyhow::{Context, ensure};
use rusqlite::types::{Null, Value};
use rusqlite::{Connection, OpenFlags, Row};

/// The tables that an order adds rows to, each with the column that numbers them and the column that must differ from
/// order to order.
const TABLES: [Table; 2] = [
    Table {
        name: "events",
        number: "position",
        differs: "stream",
    },
    Table {
        name: "outcomes",
        number: "id",
        differs: "key",
    },
];

struct Table {
    name: &'static str,
    number: &'static str,
    differs: &'static str,
}

/// The rows of one order.
pub struct OrderRows {
    /// The statements that make empty tables.
    schema: Vec<String>,
    rows: Vec<PatternRow>,
}

/// A row, and what in it differs from order to order.
struct PatternRow {
    insert: String,
    values: Vec<Value>,
    number: usize,
    differs: usize,
    /// Rows of one stream have one of these, rows of different streams different ones.
    stream: usize,
}

pub fn open_read_only(path: &Path) -> anyhow::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .with_context(|| format!("{} can't be read", path.display()))
}

impl OrderRows {
    /// The rows that the log got after one position through another, which must be those of one command.
    pub fn read(log: &Path, after: i64, through: i64) -> anyhow::Result<Self> {
        let log = open_read_only(log)?;
        let commands: i64 = log.query_row(
            "SELECT count(DISTINCT correlation_id) FROM events WHERE position > ?1 AND position <= ?2",
            [after, through],
            |row| row.get(0),
        )?;
        ensure!(
            commands == 1,
            "{commands} commands wrote the positions after {after} through {through}"
        );
        let mut schema = vec![];
        let mut rows = vec![];
        for table in TABLES {
            schema.extend(table.schema(&log)?);
            table.read(&log, [after, through], &mut rows)?;
        }
        Ok(Self { schema, rows })
    }

    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Of the values, without what `SQLite` adds.
    pub fn bytes(&self) -> usize {
        self.rows
            .iter()
            .flat_map(|row| &row.values)
            .map(value_bytes)
            .sum()
    }

    /// Makes the tables with their indexes, and without triggers.
    pub fn create_tables(&self, database: &Connection) -> rusqlite::Result<()> {
        self.schema
            .iter()
            .try_for_each(|statement| database.execute_batch(statement))
    }

    /// Inserts the rows of an order, the `number`th. To be called inside a transaction.
    pub fn insert(&self, database: &Connection, number: u64) -> rusqlite::Result<()> {
        self.rows.iter().try_for_each(|row| row.insert(database, number))
    }
}

impl Table {
    fn schema(&self, log: &Connection) -> rusqlite::Result<Vec<String>> {
        let statement = "SELECT sql FROM sqlite_schema WHERE tbl_name = ?1 AND type IN ('table', 'index')
            AND sql IS NOT NULL ORDER BY type DESC";
        log.prepare(statement)?
            .query_map([self.name], |row| row.get(0))?
            .collect()
    }

    fn read(&self, log: &Connection, range: [i64; 2], rows: &mut Vec<PatternRow>) -> anyhow::Result<()> {
        let name = self.name;
        let select = format!("SELECT * FROM {name} WHERE position > ?1 AND position <= ?2 ORDER BY position");
        let mut statement = log.prepare(&select)?;
        let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let index = |wanted: &str| {
            let found = columns.iter().position(|column| column == wanted);
            found.with_context(|| format!("the table {name} has no column {wanted}"))
        };
        let (number, differs) = (index(self.number)?, index(self.differs)?);
        let insert = format!(
            "INSERT INTO {name} ({}) VALUES ({})",
            columns.join(", "),
            vec!["?"; columns.len()].join(", ")
        );
        let mut found = statement.query(range)?;
        while let Some(row) = found.next()? {
            let values = values(row, columns.len())?;
            let same_stream = rows
                .iter()
                .position(|earlier| earlier.values.get(differs) == values.get(differs));
            rows.push(PatternRow {
                insert: insert.clone(),
                values,
                number,
                differs,
                stream: same_stream.unwrap_or(rows.len()),
            });
        }
        Ok(())
    }
}

impl PatternRow {
    fn insert(&self, database: &Connection, number: u64) -> rusqlite::Result<()> {
        let mut statement = database.prepare_cached(&self.insert)?;
        for (column, value) in self.values.iter().enumerate() {
            match value {
                _ if column == self.number => statement.raw_bind_parameter(column + 1, Null)?, // the next one
                Value::Text(text) if column == self.differs => {
                    statement.raw_bind_parameter(column + 1, renumbered(text, self.stream, number))?;
                }
                value => statement.raw_bind_parameter(column + 1, value)?,
            }
        }
        statement.raw_execute()?;
        Ok(())
    }
}

/// The name or key with a number of its own at its end, and of the same length if that is at least 12 bytes.
fn renumbered(text: &str, stream: usize, number: u64) -> String {
    let tail = format!("{stream:02x}{number:010x}");
    let kept = text.floor_char_boundary(text.len().saturating_sub(tail.len()));
    format!("{}{tail}", &text[..kept])
}

fn values(row: &Row<'_>, columns: usize) -> rusqlite::Result<Vec<Value>> {
    (0..columns).map(|column| row.get(column)).collect()
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Integer(_) | Value::Real(_) => 8,
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = include_str!("../../../migrations/sqlite/log/0001_event_log.sql");

    fn event(log: &Connection, position: i64, stream: &str, version: i64, correlation: u8) {
        log.execute(
            "INSERT INTO events VALUES (?1, ?2, ?3, x'00', 'OrderPlaced', 1, '{\"n\": 1}', 0, 'system', ?4, NULL, NULL)",
            (position, stream, version, [correlation]),
        )
        .unwrap();
    }

    fn log(folder: &Path) -> Connection {
        let log = Connection::open(folder.join("log.db")).unwrap();
        log.execute_batch(LOG).unwrap();
        event(&log, 1, "order-0123456789ab", 1, 1);
        event(&log, 2, "order-0123456789ab", 2, 1);
        event(&log, 3, "stock-0123456789ab", 9, 1);
        event(&log, 4, "stock-0123456789ab", 10, 2);
        log.execute_batch("INSERT INTO outcomes VALUES (1, 'orders', 'key-0123456789ab', 'f', 'o', 3, 0)")
            .unwrap();
        log
    }

    #[test]
    fn an_order_can_be_inserted_again_and_again_at_its_size() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(folder.path());
        let rows = OrderRows::read(&folder.path().join("log.db"), 0, 3).unwrap();
        assert_eq!(rows.count(), 4);
        let limit = Connection::open_in_memory().unwrap();
        rows.create_tables(&limit).unwrap();
        for number in 0..3 {
            rows.insert(&limit, number).unwrap();
        }
        let size =
            "SELECT count(*), count(DISTINCT stream), sum(length(stream) + length(payload)) FROM events";
        let sizes = |database: &Connection, clause: &str| -> (i64, i64, i64) {
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            database.query_row(&format!("{size} {clause}"), [], read).unwrap()
        };
        let (events, streams, bytes) = sizes(&log, "WHERE position <= 3");
        assert_eq!((events, streams), (3, 2));
        assert_eq!(sizes(&limit, ""), (3 * events, 3 * streams, 3 * bytes));
        let keys = "SELECT count(DISTINCT key) FROM outcomes";
        assert_eq!(limit.query_row(keys, [], |row| row.get::<_, i64>(0)).unwrap(), 3);
    }

    #[test]
    fn rows_of_two_commands_are_no_order() {
        let folder = tempfile::tempdir().unwrap();
        let _log = log(folder.path());
        let error = OrderRows::read(&folder.path().join("log.db"), 0, 4)
            .err()
            .unwrap();
        assert!(error.to_string().contains("2 commands"), "{error}");
    }
}
