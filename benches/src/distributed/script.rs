//! How pgbench inserts the rows of an order: its tables, and a script that commits one order after the other.
//!
//! The tables are as the log's, with every index and without triggers, in a schema of their own.

use std::fmt::Write;

use super::order_rows::{
    COUNTED, Column, Filling, ORDER_DIGITS, OrderRows, PatternRow, STREAM_DIGITS, TABLES, Table,
};

/// Where the tables are.
const SCHEMA: &str = "bench_limit";

/// The order's number: twenty bits count the client's orders, eight its clients, the rest the rounds.
const NUMBER_OF_ORDER: &str = "\\set n :n + 1\n\\set order (:round << 28) | (:client_id << 20) | :n\n";

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

impl OrderRows {
    /// Makes the tables with their indexes and without triggers.
    pub fn create_tables() -> String {
        let mut sql = format!(
            "CREATE SCHEMA {SCHEMA}; CREATE SEQUENCE {SCHEMA}.positions;
             CREATE TABLE {SCHEMA}.log_head (LIKE event_log.log_head INCLUDING ALL) WITH (fillfactor = 10);
             INSERT INTO {SCHEMA}.log_head (id, position) VALUES (1, 0);"
        );
        for Table { name, .. } in TABLES {
            // Writing to a String never fails.
            let _ = write!(
                sql,
                "CREATE TABLE {SCHEMA}.{name} (LIKE event_log.{name} INCLUDING ALL);"
            );
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
        let (table, _) = COUNTED;
        format!("SELECT count(*) / {} FROM {SCHEMA}.{table}", self.events().max(1))
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
                self.events()
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
                if kind == "bytea" {
                    format!("convert_to({text}, 'UTF8')")
                } else {
                    text
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::order_rows::tests::rows;
    use super::*;

    #[test]
    fn a_script_inserts_all_rows_in_one_transaction() {
        let script = rows().script(Turns::None);
        assert!(!script.contains("log_head"), "{script}");
        assert!(
            rows()
                .script(Turns::Counter)
                .contains("SET position = position + 3;")
        );
        let events = script
            .lines()
            .find(|line| line.contains("bench_limit.events"))
            .unwrap();
        assert!(events.starts_with(
            "INSERT INTO bench_limit.events (position, stream, payload, causation_id) VALUES (nextval("
        ));
        assert_eq!(events.matches(":payload_").count(), 3);
        assert_eq!(
            events.matches("|| '00' ||").count(),
            2,
            "of the same stream: {events}"
        );
        assert_eq!(events.matches("|| '01' ||").count(), 1, "{events}");
        assert!(
            script.contains(
                "convert_to(:key_3::text || '00' || lpad(to_hex(:order::bigint), 12, '0'), 'UTF8')"
            )
        );
        assert!(
            script.contains(":position_3::bigint"),
            "an outcome's position is no counter: {script}"
        );
    }

    #[test]
    fn values_come_by_definitions_and_keep_their_size() {
        let definitions = rows().definitions();
        assert!(definitions.contains(&"payload_1={\"a\":b}".to_owned()));
        assert!(
            definitions.contains(&"stream_0=order-01".to_owned()),
            "14 bytes shorter: {definitions:?}"
        );
        assert!(definitions.contains(&"key_3=".to_owned()));
        assert!(
            !definitions
                .iter()
                .any(|definition| definition.contains("causation_id"))
        );
    }
}
