//! How `PostgreSQL` means to run the log's statements: none may slow down as the log grows.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::store::{FORGET_OUTCOMES, HEADS, INSERT_EVENTS, INSERT_OUTCOMES, OUTCOMES, OWNERS, WRITE_CLAIMS};
use super::{HEAD, OUTCOME, OWNER, READ, READ_STREAMS, SCHEMA};
use crate::postgres::{self, PostgresTarget};

/// Each with how many values it takes.
const STATEMENTS: [(&str, usize); 12] = [
    (HEAD, 0),
    (READ, 2),
    (READ_STREAMS, 2),
    (OWNER, 2),
    (OUTCOME, 2),
    (HEADS, 1),
    (OWNERS, 2),
    (OUTCOMES, 2),
    (INSERT_EVENTS, 13),
    (WRITE_CLAIMS, 3),
    (INSERT_OUTCOMES, 6),
    (FORGET_OUTCOMES, 2),
];

/// Enough rows that no planner in its senses prefers a scan.
const ROWS: &str = "
    INSERT INTO event_log.events
        SELECT n, 'test-' || n / 5, n % 5 + 1, gen_random_uuid(), 'SomethingHappened', 1, '{}', n, 'system',
            gen_random_uuid()
        FROM generate_series(1, 20000) AS n;
    INSERT INTO event_log.claims
        SELECT 'email', convert_to(n::text, 'UTF8'), n::text FROM generate_series(1, 20000) AS n;
    INSERT INTO event_log.outcomes
        SELECT 'caller', convert_to(n::text, 'UTF8'), 'print', '{}', n, n FROM generate_series(1, 20000) AS n;
    ANALYZE event_log.events, event_log.claims, event_log.outcomes";

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn no_statement_scans_a_table_that_grows() {
    let url = test_servers::new_database().await;
    let target = PostgresTarget::parse(&url, "test").unwrap();
    postgres::migrate(&target, &SCHEMA).await.unwrap();
    let mut connection = target.connect().await.unwrap();
    // The plan without the values, which is what a prepared statement comes to.
    sqlx::raw_sql("SET plan_cache_mode = force_generic_plan; SET jit = off")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::raw_sql(ROWS).execute(&mut connection).await.unwrap();
    for (number, (statement, values)) in STATEMENTS.iter().enumerate() {
        let plan = plan(&mut connection, number, statement, *values).await;
        let scan = plan
            .lines()
            .find(|line| line.contains("Seq Scan on") && !line.contains("log_head"));
        assert_eq!(scan, None, "{statement}\n{plan}");
    }
    connection.close().await.unwrap();
}

async fn plan(connection: &mut PgConnection, number: usize, statement: &str, values: usize) -> String {
    let nulls = match values {
        0 => String::new(),
        values => format!("({})", vec!["NULL"; values].join(", ")),
    };
    sqlx::raw_sql(AssertSqlSafe(format!(
        "PREPARE statement_{number} AS {statement}"
    )))
    .execute(&mut *connection)
    .await
    .unwrap();
    let lines: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
        "EXPLAIN (COSTS off) EXECUTE statement_{number}{nulls}"
    )))
    .fetch_all(connection)
    .await
    .unwrap();
    assert!(!lines.is_empty());
    lines.join("\n")
}
