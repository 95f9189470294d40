//! A view's tables as data, and the statements that follow from them. Names and keys are constants
//! of this crate, never input, so putting them into SQL is safe. Full-text tables are the dialect's.

use crate::dialect::Dialect;

/// What a column holds. Two types do for every view, and both databases have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    BigInt,
}

#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    pub nullable: bool,
}

/// A text column that always has a value.
pub const fn text(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Text,
        nullable: false,
    }
}

/// A 64-bit integer column that always has a value.
pub const fn int(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::BigInt,
        nullable: false,
    }
}

impl Column {
    /// The same column, which may be NULL.
    #[must_use]
    pub const fn or_null(self) -> Self {
        Self {
            nullable: true,
            ..self
        }
    }

    fn definition(&self, dialect: Dialect) -> String {
        let kind = match self.kind {
            Kind::Text => dialect.text_type(),
            Kind::BigInt => "BIGINT",
        };
        let null = if self.nullable { "" } else { " NOT NULL" };
        format!("{} {kind}{null}", self.name)
    }
}

/// A table of a view. Every generation of the view has its own copy.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// The stable name, under which the serving generation is read.
    pub name: &'static str,
    /// The key's columns first.
    pub columns: &'static [Column],
    /// How many of the columns are the key.
    pub key: usize,
    /// The column lists of further indexes.
    pub indexes: &'static [&'static str],
}

/// Which copy of a view's tables is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Of {
    /// The one that is being served, under the stable name.
    Serving,
    /// One generation's own.
    Generation(u64),
}

/// Which columns an upsert writes of a row that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    All,
    /// Those in no index. Naming an indexed column makes the database write the index, changed or not.
    Unindexed,
}

impl Of {
    /// The name under which this copy of the table `name` is reached.
    pub fn table(self, name: &str) -> String {
        match self {
            Self::Serving => name.to_owned(),
            Self::Generation(generation) => format!("{name}_g{generation}"),
        }
    }
}

impl Table {
    /// The statements that create one generation's copy.
    pub fn create(&self, dialect: Dialect, generation: u64) -> Vec<String> {
        let table = Of::Generation(generation).table(self.name);
        let columns = self.columns.iter().map(|column| column.definition(dialect));
        let columns: Vec<_> = columns.collect();
        let mut statements = vec![format!(
            "CREATE TABLE {table} ({}, PRIMARY KEY ({}))",
            columns.join(", "),
            self.key_list(),
        )];
        for (number, columns) in self.indexes.iter().enumerate() {
            statements.push(format!("CREATE INDEX {table}_i{number} ON {table} ({columns})"));
        }
        statements
    }

    /// Reads the rows of `rows` keys, given as parameters one key after the other.
    pub fn select(&self, dialect: Dialect, of: Of, rows: usize) -> String {
        let table = of.table(self.name);
        let columns = self.column_list();
        if self.key == 1 {
            let key = self.columns[0].name;
            return format!(
                "SELECT {columns} FROM {table} WHERE {key} IN ({})",
                parameters(dialect, 1, rows)
            );
        }
        let keys = tuples(dialect, self.key, rows);
        let key = self.key_list();
        format!("SELECT {columns} FROM {table} WHERE ({key}) IN (VALUES {keys})")
    }

    /// Reads every row in the order of the keys.
    pub fn select_all(&self, of: Of) -> String {
        let (columns, table, key) = (self.column_list(), of.table(self.name), self.key_list());
        format!("SELECT {columns} FROM {table} ORDER BY {key}")
    }

    /// Writes `rows` rows, given as parameters one row after the other, over what is there. Of a row that is there,
    /// only the columns of `set` are written.
    pub fn upsert(&self, dialect: Dialect, generation: u64, rows: usize, set: Set) -> String {
        let table = Of::Generation(generation).table(self.name);
        let values = tuples(dialect, self.columns.len(), rows);
        let set: Vec<_> = self.columns[self.key..]
            .iter()
            .filter(|column| set == Set::All || !self.is_indexed(column.name))
            .map(|column| format!("{0} = excluded.{0}", column.name))
            .collect();
        let action = if set.is_empty() {
            "NOTHING".to_owned()
        } else {
            format!("UPDATE SET {}", set.join(", "))
        };
        format!(
            "INSERT INTO {table} ({}) VALUES {values} ON CONFLICT ({}) DO {action}",
            self.column_list(),
            self.key_list(),
        )
    }

    /// Deletes the rows of `rows` keys, given as parameters one key after the other.
    pub fn delete(&self, dialect: Dialect, generation: u64, rows: usize) -> String {
        let table = Of::Generation(generation).table(self.name);
        let key = self.key_list();
        let keys = tuples(dialect, self.key, rows);
        format!("DELETE FROM {table} WHERE ({key}) IN (VALUES {keys})")
    }

    fn is_indexed(&self, column: &str) -> bool {
        let columns = self.indexes.iter().flat_map(|columns| columns.split(", "));
        columns.into_iter().any(|indexed| indexed == column)
    }

    /// The columns' names with commas between them.
    pub fn column_list(&self) -> String {
        names(self.columns)
    }

    fn key_list(&self) -> String {
        names(&self.columns[..self.key])
    }
}

fn names(columns: &[Column]) -> String {
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    names.join(", ")
}

/// `($1, $2), ($3, $4)`: as many tuples as there are rows.
fn tuples(dialect: Dialect, width: usize, rows: usize) -> String {
    let mut list = String::new();
    for row in 0..rows {
        let comma = if row == 0 { "" } else { ", " };
        list.push_str(comma);
        list.push('(');
        list.push_str(&parameters(dialect, row * width + 1, width));
        list.push(')');
    }
    list
}

/// `$3, $4, $5` for the first 3 and the count 3.
fn parameters(dialect: Dialect, first: usize, count: usize) -> String {
    let mut list = String::new();
    for number in first..first + count {
        if number > first {
            list.push_str(", ");
        }
        dialect.push_parameter(&mut list, number);
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIRS: Table = Table {
        name: "pairs",
        columns: &[text("a"), int("b"), text("c").or_null()],
        key: 2,
        indexes: &["c, a"],
    };

    #[test]
    fn statements_take_one_row_after_the_other() {
        assert_eq!(
            PAIRS.upsert(Dialect::Sqlite, 3, 2, Set::All),
            "INSERT INTO pairs_g3 (a, b, c) VALUES (?, ?, ?), (?, ?, ?) \
             ON CONFLICT (a, b) DO UPDATE SET c = excluded.c"
        );
        assert_eq!(
            PAIRS.select(Dialect::Sqlite, Of::Serving, 2),
            "SELECT a, b, c FROM pairs WHERE (a, b) IN (VALUES (?, ?), (?, ?))"
        );
        assert_eq!(
            PAIRS.select(Dialect::Postgres, Of::Serving, 2),
            "SELECT a, b, c FROM pairs WHERE (a, b) IN (VALUES ($1, $2), ($3, $4))"
        );
    }

    #[test]
    fn an_upsert_can_spare_the_indexes() {
        const TABLE: Table = Table {
            columns: &[text("a"), text("b"), text("c")],
            key: 1,
            ..PAIRS
        };
        let statement = TABLE.upsert(Dialect::Sqlite, 1, 1, Set::Unindexed);
        assert!(statement.ends_with("ON CONFLICT (a) DO UPDATE SET b = excluded.b"));
    }

    #[test]
    fn each_generation_has_its_own_table_and_indexes() {
        assert_eq!(
            PAIRS.create(Dialect::Sqlite, 1),
            [
                "CREATE TABLE pairs_g1 (a TEXT NOT NULL, b BIGINT NOT NULL, c TEXT, PRIMARY KEY (a, b))",
                "CREATE INDEX pairs_g1_i0 ON pairs_g1 (c, a)",
            ]
        );
    }
}
