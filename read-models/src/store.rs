//! Loads and saves rows of any view, many in one statement. It runs inside the caller's
//! transaction; when that begins and ends is not its business.

use std::borrow::Cow;
use std::collections::HashMap;

use events::envelope::Position;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};

use crate::dialect::{Dialect, ProductText};
use crate::record::{Binds, Change, Key, Record, RowError};
use crate::table::{Of, Set};

/// Why rows can't be loaded or saved.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Sql(sqlx::Error),
    /// No projector of this version has run on this database yet.
    #[error("the views haven't been created yet")]
    NotReady,
    #[error("the views are opened to be read, not to be written")]
    ReadOnly,
    #[error("a row of {table} can't be read: {source}")]
    Row { table: &'static str, source: RowError },
}

/// What `PostgreSQL` calls a table that isn't there.
const UNDEFINED_TABLE: &str = "42P01";

/// What it says when it goes down or comes up, has no more connections, or had to end a transaction for another's sake:
/// classes and codes after which a new try has every chance.
const PASSING: [&str; 6] = ["08", "40", "53", "57", "55P03", "25P03"];

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match sql_state(&error).as_deref() {
            Some(UNDEFINED_TABLE) => Self::NotReady,
            _ => Self::Sql(error),
        }
    }
}

impl StoreError {
    /// Whether it is the database's state and passes: it is being restarted, say.
    pub fn is_passing(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        match error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => true,
            error => sql_state(error).is_some_and(|code| PASSING.iter().any(|class| code.starts_with(class))),
        }
    }
}

/// The five characters by which `PostgreSQL` names what is wrong; `SQLite`'s codes are shorter.
fn sql_state(error: &sqlx::Error) -> Option<Cow<'_, str>> {
    let code = error.as_database_error()?.code()?;
    (code.len() == 5).then_some(code)
}

/// How many rows one statement carries. A few fixed sizes, so that each statement is prepared once and found
/// again; the largest stays far below `SQLite`'s 32,766 parameters for the widest table.
const ROWS_PER_STATEMENT: [usize; 5] = [128, 32, 8, 2, 1];

/// The rows of these keys, as far as they exist.
pub async fn load<R: Record>(
    conn: &mut AnyConnection,
    of: Of,
    keys: &[R::Key],
) -> Result<HashMap<R::Key, R>, StoreError> {
    let mut found = HashMap::with_capacity(keys.len());
    let dialect = Dialect::of(conn);
    for part in parts(keys) {
        let mut binds = Binds::default();
        for key in part {
            key.bind(&mut binds);
        }
        for row in fetch(conn, R::TABLE.select(dialect, of, part.len()), binds).await? {
            let row = read::<R>(&row)?;
            found.insert(row.key(), row);
        }
    }
    Ok(found)
}

/// Reads one row of [`Table::column_list`](crate::table::Table::column_list).
pub fn read<R: Record>(row: &AnyRow) -> Result<R, StoreError> {
    let table = R::TABLE.name;
    R::read(row).map_err(|source| StoreError::Row { table, source })
}

/// Saves what has changed, deletes what is gone, and what the view keeps beside its rows.
pub async fn save<R: Record>(
    conn: &mut AnyConnection,
    generation: u64,
    changes: &[Change<R>],
) -> Result<(), StoreError> {
    let gone: Vec<_> = changes
        .iter()
        .filter(|change| change.new.is_none())
        .filter_map(|change| change.old.as_ref().map(Record::key))
        .collect();
    delete::<R>(conn, generation, &gone).await?;
    let (mut settled, mut moved) = (Vec::new(), Vec::new());
    for Change { old, new } in changes {
        let Some(new) = new else { continue };
        match old {
            Some(old) if new.is_indexed_like(old) => settled.push(new),
            _ => moved.push(new),
        }
    }
    upsert_rows(conn, generation, &settled, Set::Unindexed).await?;
    upsert_rows(conn, generation, &moved, Set::All).await?;
    R::save_beside(conn, generation, changes).await
}

/// Writes rows over what is there.
pub async fn upsert<R: Record>(
    conn: &mut AnyConnection,
    generation: u64,
    rows: &[R],
) -> Result<(), StoreError> {
    let rows: Vec<_> = rows.iter().collect();
    upsert_rows(conn, generation, &rows, Set::All).await
}

async fn upsert_rows<R: Record>(
    conn: &mut AnyConnection,
    generation: u64,
    rows: &[&R],
    set: Set,
) -> Result<(), StoreError> {
    let dialect = Dialect::of(conn);
    for part in parts(rows) {
        let mut binds = Binds::default();
        for row in part {
            row.bind(&mut binds);
        }
        let statement = R::TABLE.upsert(dialect, generation, part.len(), set);
        execute(conn, statement, binds).await?;
    }
    Ok(())
}

/// Deletes the rows of these keys.
pub async fn delete<R: Record>(
    conn: &mut AnyConnection,
    generation: u64,
    keys: &[R::Key],
) -> Result<(), StoreError> {
    let dialect = Dialect::of(conn);
    for part in parts(keys) {
        let mut binds = Binds::default();
        for key in part {
            key.bind(&mut binds);
        }
        execute(conn, R::TABLE.delete(dialect, generation, part.len()), binds).await?;
    }
    Ok(())
}

/// Adds texts to the full-text index.
pub async fn insert_text(
    conn: &mut AnyConnection,
    generation: u64,
    texts: &[ProductText],
) -> Result<(), StoreError> {
    let dialect = Dialect::of(conn);
    let statement = dialect.insert_text(generation);
    for text in texts {
        let mut binds = Binds::default();
        text.bind(dialect, &mut binds);
        execute(conn, statement.clone(), binds).await?;
    }
    Ok(())
}

/// Takes texts out of the full-text index.
pub async fn delete_text(
    conn: &mut AnyConnection,
    generation: u64,
    numbers: &[Position],
) -> Result<(), StoreError> {
    let statement = Dialect::of(conn).delete_text(generation);
    for number in numbers {
        let mut binds = Binds::default();
        binds.count(*number);
        execute(conn, statement.clone(), binds).await?;
    }
    Ok(())
}

/// Runs a statement that changes rows; how many it changed.
pub(crate) async fn execute(
    conn: &mut AnyConnection,
    statement: String,
    binds: Binds,
) -> Result<u64, sqlx::Error> {
    let query = sqlx::query_with(AssertSqlSafe(statement), binds.into_arguments());
    Ok(query.execute(conn).await?.rows_affected())
}

pub(crate) async fn fetch(
    conn: &mut AnyConnection,
    statement: String,
    binds: Binds,
) -> Result<Vec<AnyRow>, sqlx::Error> {
    sqlx::query_with(AssertSqlSafe(statement), binds.into_arguments())
        .fetch_all(conn)
        .await
}

/// Cuts a list into parts of the sizes that statements come in.
fn parts<T>(mut list: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = ROWS_PER_STATEMENT.into_iter().find(|size| *size <= list.len())?;
        let (part, rest) = list.split_at(size);
        list = rest;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_of_the_fixed_sizes_and_lose_nothing() {
        let list: Vec<_> = (0..175).collect();
        let sizes: Vec<_> = parts(&list).map(<[_]>::len).collect();
        assert_eq!(sizes, [128, 32, 8, 2, 2, 2, 1]);
        assert_eq!(parts(&list).flatten().copied().collect::<Vec<_>>(), list);
        assert_eq!(parts::<u8>(&[]).count(), 0);
    }
}
