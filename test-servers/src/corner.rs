//! A test's own corner of the servers that `cargo xtask test` has started.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::port::random_name;

/// Why a test is ignored: write it into the attribute.
pub const NEEDS_SERVERS: &str = "needs servers: cargo xtask test";

/// A `PostgreSQL` whose user may create databases: `postgres://user:password@127.0.0.1:port/postgres`.
pub const POSTGRES: &str = "TILLSTREAM_TEST_POSTGRES";
/// `nats://127.0.0.1:port`, with `JetStream`.
pub const NATS: &str = "TILLSTREAM_TEST_NATS";
/// `redis://127.0.0.1:port`.
pub const REDIS: &str = "TILLSTREAM_TEST_REDIS";

/// The URL of a new, empty database.
///
/// # Panics
/// If there is no server, or it refuses.
pub async fn new_database() -> String {
    let server = address(POSTGRES);
    let mut connection = PgConnection::connect(&server)
        .await
        .expect("the test's PostgreSQL answers");
    let name = random_name("test_");
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .expect("a database can be created");
    let (server, _) = server.rsplit_once('/').expect("the URL names a database");
    format!("{server}/{name}")
}

/// The URL of NATS. Use [`new_name`] for streams and subjects.
///
/// # Panics
/// If there is no server.
pub fn nats() -> String {
    address(NATS)
}

/// The URL of Redis. Use [`new_name`] for keys.
///
/// # Panics
/// If there is no server.
pub fn redis() -> String {
    address(REDIS)
}

/// A name that no other test has: letters and digits.
pub fn new_name() -> String {
    random_name("t")
}

fn address(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} isn't set; {NEEDS_SERVERS}"))
}
