//! Generations of a view: each is a full copy of its tables with a checkpoint of its own. One is
//! being served under the stable names; another may be filled beside it and swapped in.
//!
//! Everything here runs inside the caller's transaction. Who fills which generation, and when one
//! is complete, is `projectors`' business.

use events::envelope::Position;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::dialect::{Dialect, PRODUCTS_TEXT};
use crate::positions::Positions;
use crate::record::{Binds, RowError, count};
use crate::store::{StoreError, execute, fetch};
use crate::table::Of;
use crate::view_name::ViewName;

/// The generation of a view that is being served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Serving {
    pub generation: u64,
    /// The view's version that it was filled by.
    pub version: u64,
    /// What it reflects.
    pub position: Position,
}

/// Creates the tables that keep track of generations, where no migration does.
pub(crate) async fn create_registry(conn: &mut AnyConnection) -> Result<(), StoreError> {
    let statements = [
        "CREATE TABLE IF NOT EXISTS views (name TEXT NOT NULL PRIMARY KEY, \
         generation BIGINT NOT NULL, newest_generation BIGINT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS checkpoints (view TEXT NOT NULL, generation BIGINT NOT NULL, \
         version BIGINT NOT NULL, position BIGINT NOT NULL, PRIMARY KEY (view, generation))",
    ];
    for statement in statements {
        sqlx::query(statement).execute(&mut *conn).await?;
    }
    Ok(())
}

/// What is being served of a view; none before its first generation.
pub async fn serving(conn: &mut AnyConnection, view: ViewName) -> Result<Option<Serving>, StoreError> {
    let statement = "SELECT generation, version, position FROM checkpoints JOIN views \
                     USING (generation) WHERE view = $1 AND name = $1";
    let row = sqlx::query(statement)
        .bind(view.as_str())
        .fetch_optional(conn)
        .await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok(Serving {
            generation: count(row, "generation")?,
            version: count(row, "version")?,
            position: count(row, "position")?,
        })
    };
    row.as_ref().map(read).transpose().map_err(unreadable)
}

/// What each serving generation reflects.
pub async fn positions(conn: &mut AnyConnection) -> Result<Positions, StoreError> {
    let statement = "SELECT name, position FROM checkpoints JOIN views \
                     ON name = view AND views.generation = checkpoints.generation";
    let mut positions = Positions::default();
    for row in sqlx::query(statement).fetch_all(conn).await? {
        // A view of a newer program is none of ours.
        if let Ok(view) = row.try_get::<&str, _>("name")?.parse() {
            let position = count(&row, "position").map_err(unreadable)?;
            positions.set(view, position);
        }
    }
    Ok(positions)
}

/// Creates an empty generation at position 0; its number is one that was never used before.
pub async fn create(conn: &mut AnyConnection, view: ViewName, version: u64) -> Result<u64, StoreError> {
    let statement = "INSERT INTO views (name, generation, newest_generation) VALUES ($1, 0, 1) \
                     ON CONFLICT (name) DO UPDATE SET newest_generation = views.newest_generation + 1 \
                     RETURNING newest_generation";
    let row = sqlx::query(statement)
        .bind(view.as_str())
        .fetch_one(&mut *conn)
        .await?;
    let generation = count(&row, "newest_generation").map_err(unreadable)?;
    let dialect = Dialect::of(conn);
    for table in view.tables() {
        for statement in table.create(dialect, generation) {
            run(conn, statement).await?;
        }
    }
    if view.has_text() {
        run(conn, dialect.create_text(generation)).await?;
    }
    let mut binds = Binds::default();
    binds
        .text(view.as_str())
        .count(generation)
        .count(version)
        .count(0);
    let insert = "INSERT INTO checkpoints (view, generation, version, position) VALUES ($1, $2, $3, $4)";
    execute(conn, insert.to_owned(), binds).await?;
    Ok(generation)
}

/// How far the generation is that is being filled beside the one that is served, if there is one.
pub async fn filling(conn: &mut AnyConnection, view: ViewName) -> Result<Option<Position>, StoreError> {
    let mut binds = Binds::default();
    binds.text(view.as_str());
    let others = "SELECT position FROM checkpoints JOIN views ON name = view \
                  WHERE view = $1 AND views.generation <> checkpoints.generation";
    let rows = fetch(conn, others.to_owned(), binds).await?;
    rows.first()
        .map(|row| count(row, "position"))
        .transpose()
        .map_err(unreadable)
}

/// What a generation reflects, served or not; none once it has been dropped.
pub async fn checkpoint(
    conn: &mut AnyConnection,
    view: ViewName,
    generation: u64,
) -> Result<Option<Position>, StoreError> {
    let mut binds = Binds::default();
    binds.text(view.as_str()).count(generation);
    let this = "SELECT position FROM checkpoints WHERE view = $1 AND generation = $2";
    let rows = fetch(conn, this.to_owned(), binds).await?;
    rows.first()
        .map(|row| count(row, "position"))
        .transpose()
        .map_err(unreadable)
}

/// Makes a generation the one that is served, and drops every other of the view. Waits until nobody reads in a
/// snapshot, and nobody begins one until the transaction ends.
pub async fn serve(conn: &mut AnyConnection, view: ViewName, generation: u64) -> Result<(), StoreError> {
    let dialect = Dialect::of(conn);
    if let Some(statement) = dialect.hold_off_readers() {
        sqlx::raw_sql(statement).execute(&mut *conn).await?;
    }
    for table in view.tables() {
        let of = Of::Generation(generation).table(table.name);
        let columns = table.column_list();
        expose(conn, table.name, &format!("SELECT {columns} FROM {of}")).await?;
    }
    if view.has_text() {
        let shown = dialect.expose_text(generation);
        expose(conn, PRODUCTS_TEXT, &shown).await?;
    }
    let mut binds = Binds::default();
    binds.count(generation).text(view.as_str());
    let update = "UPDATE views SET generation = $1 WHERE name = $2";
    execute(conn, update.to_owned(), binds).await?;
    drop_others(conn, view, generation).await?;
    Ok(())
}

/// Drops what was left behind when somebody stopped filling it; how many generations.
pub async fn drop_leftovers(conn: &mut AnyConnection, view: ViewName) -> Result<usize, StoreError> {
    match serving(conn, view).await? {
        Some(serving) => drop_others(conn, view, serving.generation).await,
        None => Ok(0),
    }
}

/// Drops every generation of a view but one; how many.
async fn drop_others(conn: &mut AnyConnection, view: ViewName, kept: u64) -> Result<usize, StoreError> {
    let mut binds = Binds::default();
    binds.text(view.as_str()).count(kept);
    let others = "SELECT generation FROM checkpoints WHERE view = $1 AND generation <> $2";
    let others = fetch(conn, others.to_owned(), binds).await?;
    for row in &others {
        let generation = count(row, "generation").map_err(unreadable)?;
        drop_one(conn, view, generation).await?;
    }
    Ok(others.len())
}

/// Drops a generation that isn't served.
pub async fn drop_one(conn: &mut AnyConnection, view: ViewName, generation: u64) -> Result<(), StoreError> {
    let of = Of::Generation(generation);
    for table in view.tables() {
        run(conn, format!("DROP TABLE IF EXISTS {}", of.table(table.name))).await?;
    }
    if view.has_text() {
        run(conn, format!("DROP TABLE IF EXISTS {}", of.table(PRODUCTS_TEXT))).await?;
    }
    let mut binds = Binds::default();
    binds.text(view.as_str()).count(generation);
    let delete = "DELETE FROM checkpoints WHERE view = $1 AND generation = $2";
    execute(conn, delete.to_owned(), binds).await?;
    Ok(())
}

/// Where a generation stands: what it reflects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    pub view: ViewName,
    pub generation: u64,
    pub position: Position,
}

/// Moves checkpoints to a position, if each still stands where the caller left it: one statement, since a batch of few
/// events would otherwise spend most of its statements on this. `false` means that somebody else has moved one, or dropped
/// its generation; the transaction must then be rolled back.
pub async fn advance(
    conn: &mut AnyConnection,
    from: &[Checkpoint],
    to: Position,
) -> Result<bool, StoreError> {
    if from.is_empty() {
        return Ok(true);
    }
    let mut binds = Binds::default();
    binds.count(to);
    for checkpoint in from {
        binds
            .text(checkpoint.view.as_str())
            .count(checkpoint.generation)
            .count(checkpoint.position);
    }
    let places: Vec<_> = (0..from.len())
        .map(|place| 2 + 3 * place)
        .map(|first| format!("(${first}, ${}, ${})", first + 1, first + 2))
        .collect();
    let update = format!(
        "UPDATE checkpoints SET position = $1 WHERE (view, generation, position) IN (VALUES {})",
        places.join(", ")
    );
    Ok(execute(conn, update, binds).await? == from.len() as u64)
}

async fn expose(conn: &mut AnyConnection, name: &str, shown: &str) -> Result<(), StoreError> {
    run(conn, format!("DROP VIEW IF EXISTS {name}")).await?;
    run(conn, format!("CREATE VIEW {name} AS {shown}")).await
}

/// Runs a statement that defines something. Its names are constants of this crate and numbers.
async fn run(conn: &mut AnyConnection, statement: String) -> Result<(), StoreError> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(conn).await?;
    Ok(())
}

/// A row of the tables that keep track of generations is broken.
fn unreadable(source: RowError) -> StoreError {
    StoreError::Row {
        table: "checkpoints",
        source,
    }
}
