//! What every `PostgreSQL` database of ours has in common: how it is reached, how its schemas come up to date, who may
//! read them. What is in the tables is the business of whoever opens it.
//!
//! Each component (log, vault, …) has a schema of its own with a version of its own. `tillstream migrate` brings them up
//! to date; a role only checks that it knows what it finds. A migration says which programs still work after it, so that
//! old processes run on while new ones come up (expand first, contract releases later).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool};

/// How long a task waits for a free connection before it is told that the database is overloaded.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// A transaction whose client says nothing for this long is ended by the server: a process that hangs (SIGSTOP, a lost
/// network) mustn't keep the others from the log's head. Far above the pauses between two statements of ours.
const IDLE_IN_TRANSACTION_TIMEOUT: &str = "2s";

/// Serialises migrations: two `tillstream migrate` at once do the work once. Any fixed number does.
const MIGRATION_LOCK: i64 = 0x7469_6c6c;

const COMMIT_DURABLY: &str = "SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'";

/// A database, and how to reach it. Cheap to clone; never shows its password.
#[derive(Clone)]
pub struct PostgresTarget {
    url: String,
    options: PgConnectOptions,
}

impl PostgresTarget {
    /// Reads `postgres://user:password@host:port/database?sslmode=…`. `application` is what the server calls us in its
    /// lists.
    pub fn parse(url: &str, application: &str) -> Result<Self, OpenError> {
        let options = PgConnectOptions::from_str(url).map_err(|_| OpenError::Url)?;
        let options = options
            .application_name(application)
            .options([("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION_TIMEOUT)])
            .disable_statement_logging();
        Ok(Self {
            url: url.to_owned(),
            options,
        })
    }

    /// As it was given, password and all: for drivers that take nothing else.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// The same with a setting of the server's for each of its sessions, such as `statement_timeout`.
    #[must_use]
    pub fn with_setting(&self, name: &str, value: &str) -> Self {
        Self {
            url: self.url.clone(),
            options: self.options.clone().options([(name, value)]),
        }
    }

    /// The same for sessions that name the keys of every row that they touch. Left to itself, the server goes by statistics,
    /// by which a table that has just begun to grow is empty; it then reads all of the table each time, and keeps to that
    /// plan until the next `ANALYZE`.
    #[must_use]
    pub fn by_index(&self) -> Self {
        // What no index serves counts as so dear then that the server would compile it.
        self.with_setting("enable_seqscan", "off")
            .with_setting("jit", "off")
    }

    /// One connection.
    pub async fn connect(&self) -> Result<PgConnection, OpenError> {
        Ok(self.options.connect().await?)
    }

    /// Up to `connections`, opened when needed. Fails if not even one can be had.
    pub async fn pool(&self, connections: u32) -> Result<PgPool, OpenError> {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT);
        Ok(pool.connect_with(self.options.clone()).await?)
    }
}

impl fmt::Debug for PostgresTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.options;
        f.debug_struct("PostgresTarget")
            .field("host", &options.get_host())
            .field("port", &options.get_port())
            .field("database", &options.get_database())
            .finish_non_exhaustive()
    }
}

/// Waits for a statement's answer for up to `limit`: a server that is gone without a word never gives one. The
/// connection is in no known state after a timeout and must not be used again; a pool sees to that itself.
pub async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| {
        let silence = format!("PostgreSQL hasn't answered for {} ms", limit.as_millis());
        Err(std::io::Error::new(std::io::ErrorKind::TimedOut, silence).into())
    })
}

/// Makes the session's commits durable before they are answered, if the server is set up to answer sooner. For what is
/// the only copy of something; leaves any stricter setting as it is.
pub async fn commit_durably(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(COMMIT_DURABLY).execute(connection).await?;
    Ok(())
}

/// A component's tables.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// The `PostgreSQL` schema that they stand in.
    pub name: &'static str,
    /// Versions ascending from 1.
    pub migrations: &'static [Migration],
}

/// A step from one version of a schema to the next.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    pub version: u32,
    /// The oldest version whose programs still work after this step.
    pub compatible_from: u32,
    /// Runs with the component's schema as its search path.
    pub sql: &'static str,
}

impl Schema {
    /// The newest version that this program knows.
    pub fn known_version(&self) -> u32 {
        self.migrations.last().map_or(0, |migration| migration.version)
    }
}

/// Why a database can't be opened or brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("this is no PostgreSQL URL; it looks like postgres://user:password@host:5432/database")]
    Url,
    #[error("PostgreSQL can't be used")]
    Sql(#[from] sqlx::Error),
    #[error("the schema {schema} can't be brought to version {version}")]
    Migrate {
        schema: &'static str,
        version: u32,
        source: sqlx::Error,
    },
    #[error(
        "the schema {schema} has version {found}, this program needs {known}: run `tillstream migrate` first"
    )]
    OlderSchema {
        schema: &'static str,
        found: u32,
        known: u32,
    },
    #[error(
        "the schema {schema} has version {found}, which programs before version {compatible_from} can't use, and this \
         one knows up to {known}: start a newer release"
    )]
    NewerSchema {
        schema: &'static str,
        found: u32,
        compatible_from: u32,
        known: u32,
    },
}

/// A schema's state in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Found {
    version: u32,
    compatible_from: u32,
}

/// Applies the migrations that the database doesn't have yet, each in a transaction of its own, and says how many.
/// Safe to run from several processes at once, and beside running roles.
///
/// Fails with [`OpenError::NewerSchema`] when a newer release has been here whose schema this program doesn't know.
pub async fn migrate(target: &PostgresTarget, schema: &Schema) -> Result<usize, OpenError> {
    let mut connection = target.connect().await?;
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(MIGRATION_LOCK)
        .execute(&mut connection)
        .await?;
    let migrated = migrate_locked(&mut connection, schema).await;
    // Closing the session gives the lock back, also after a failure.
    connection.close().await?;
    migrated
}

async fn migrate_locked(connection: &mut PgConnection, schema: &Schema) -> Result<usize, OpenError> {
    let found = found(connection, schema).await?.unwrap_or_default();
    refuse_newer(schema, found)?;
    let missing: Vec<&Migration> = schema
        .migrations
        .iter()
        .filter(|migration| migration.version > found.version)
        .collect();
    for migration in &missing {
        apply(connection, schema, migration)
            .await
            .map_err(|source| OpenError::Migrate {
                schema: schema.name,
                version: migration.version,
                source,
            })?;
        tracing::info!(
            schema = schema.name,
            version = migration.version,
            "migrated the schema"
        );
    }
    Ok(missing.len())
}

async fn apply(
    connection: &mut PgConnection,
    schema: &Schema,
    migration: &Migration,
) -> Result<(), sqlx::Error> {
    let name = schema.name;
    let mut transaction = connection.begin().await?;
    sqlx::raw_sql(AssertSqlSafe(format!(
        "CREATE SCHEMA IF NOT EXISTS {name};
         SET LOCAL search_path TO {name};
         CREATE TABLE IF NOT EXISTS schema_version (
             version integer PRIMARY KEY,
             compatible_from integer NOT NULL,
             applied_at timestamptz NOT NULL DEFAULT now()
         );"
    )))
    .execute(&mut *transaction)
    .await?;
    sqlx::raw_sql(migration.sql).execute(&mut *transaction).await?;
    sqlx::query("INSERT INTO schema_version (version, compatible_from) VALUES ($1, $2)")
        .bind(migration.version.cast_signed())
        .bind(migration.compatible_from.cast_signed())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

/// Whether this program can use what is there: all of its migrations are applied, and nothing newer that it can't stand.
pub async fn check(connection: &mut PgConnection, schema: &Schema) -> Result<(), OpenError> {
    let found = found(connection, schema).await?.unwrap_or_default();
    refuse_newer(schema, found)?;
    let known = schema.known_version();
    if found.version < known {
        return Err(OpenError::OlderSchema {
            schema: schema.name,
            found: found.version,
            known,
        });
    }
    Ok(())
}

fn refuse_newer(schema: &Schema, found: Found) -> Result<(), OpenError> {
    let known = schema.known_version();
    if found.compatible_from > known {
        return Err(OpenError::NewerSchema {
            schema: schema.name,
            found: found.version,
            compatible_from: found.compatible_from,
            known,
        });
    }
    Ok(())
}

async fn found(connection: &mut PgConnection, schema: &Schema) -> Result<Option<Found>, sqlx::Error> {
    let table = format!("{}.schema_version", schema.name);
    let exists: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(&table)
        .fetch_one(&mut *connection)
        .await?;
    if !exists {
        return Ok(None);
    }
    let newest: Option<(i32, i32)> = sqlx::query_as(AssertSqlSafe(format!(
        "SELECT version, compatible_from FROM {table} ORDER BY version DESC LIMIT 1"
    )))
    .fetch_optional(connection)
    .await?;
    Ok(newest.map(|(version, compatible_from)| Found {
        version: version.cast_unsigned(),
        compatible_from: compatible_from.cast_unsigned(),
    }))
}

/// Lets a role read everything in a schema, now and in tables to come, and nothing more.
pub async fn grant_read(target: &PostgresTarget, schema: &Schema, role: &str) -> Result<(), OpenError> {
    let mut connection = target.connect().await?;
    let (name, role) = (schema.name, quoted(role));
    sqlx::raw_sql(AssertSqlSafe(format!(
        "GRANT USAGE ON SCHEMA {name} TO {role};
         GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO {role};
         ALTER DEFAULT PRIVILEGES IN SCHEMA {name} GRANT SELECT ON TABLES TO {role};"
    )))
    .execute(&mut connection)
    .await?;
    Ok(connection.close().await?)
}

/// A name as `PostgreSQL` takes it, whatever is in it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
