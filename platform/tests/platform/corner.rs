//! A `PostgreSQL` database of a test's own, dropped after it.

use std::sync::OnceLock;

use platform::postgres::{self, PostgresTarget, Schema};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::OnceCell;

/// A database with one component's schema. Made at first use, as a fixture is made outside of any task.
pub struct Database {
    schema: Schema,
    url: OnceCell<String>,
    /// Kept for the end, where nothing can be awaited.
    made: OnceLock<String>,
}

impl Database {
    pub fn new(schema: Schema) -> Self {
        Self {
            schema,
            url: OnceCell::new(),
            made: OnceLock::new(),
        }
    }

    pub async fn url(&self) -> &str {
        self.url
            .get_or_init(|| async {
                let url = test_servers::new_database().await;
                postgres::migrate(&PostgresTarget::parse(&url, "test").unwrap(), &self.schema)
                    .await
                    .unwrap();
                self.made.set(url.clone()).unwrap();
                url
            })
            .await
    }

    pub async fn target(&self) -> PostgresTarget {
        self.target_named("test").await
    }

    pub async fn target_named(&self, application: &str) -> PostgresTarget {
        PostgresTarget::parse(self.url().await, application).unwrap()
    }

    pub async fn connect(&self) -> PgConnection {
        self.target().await.connect().await.unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(url) = self.made.take() {
            // A thread of its own: a runtime can't block on another one.
            let dropped = std::thread::spawn(move || drop_database(&url)).join();
            assert!(
                dropped.is_ok() || std::thread::panicking(),
                "the database is dropped"
            );
        }
    }
}

fn drop_database(url: &str) {
    let (server, name) = url.rsplit_once('/').expect("the URL names a database");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut connection = PgConnection::connect(&format!("{server}/postgres"))
            .await
            .unwrap();
        sqlx::query(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)")))
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    });
}
