//! The databases that the read models can stand in: one process's file, or a server that the query API shares with a
//! projector elsewhere.

use std::path::Path;

use futures::stream;
use platform::postgres::{self, PostgresTarget};
use read_models::{POSTGRES_SCHEMA, Views};
use tokio_util::sync::{CancellationToken, DropGuard};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// Makes of each of these functions a test for each database. They take the [`Database`].
macro_rules! on_each_database {
    ($($test:ident),+ $(,)?) => {
        mod in_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    super::$test($crate::database::Database::Sqlite).await;
                }
            )+
        }

        mod in_postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                #[ignore = "needs servers: cargo xtask test"]
                async fn $test() {
                    super::$test($crate::database::Database::Postgres).await;
                }
            )+
        }
    };
}
pub(crate) use on_each_database;

/// A place of a test's own.
pub struct OpenViews {
    /// As the query API has them: what it can't write it has to follow.
    pub read: Views,
    /// As the projector has them: the same where they share a process.
    pub written: Views,
    /// Ends the following when it is dropped.
    pub following: DropGuard,
}

impl OpenViews {
    pub async fn new(database: Database, folder: &Path) -> Self {
        let following = CancellationToken::new();
        let (read, written) = match database {
            Database::Sqlite => {
                let views = Views::open_sqlite(&folder.join("views.db")).await.unwrap();
                (views.clone(), views)
            }
            Database::Postgres => {
                let target = new_server().await;
                let written = Views::open_postgres_writer(&target).await.unwrap();
                let read = Views::open_postgres_reader(&target).await.unwrap();
                let (followed, shutdown) = (read.clone(), following.clone());
                tokio::spawn(async move { followed.follow(stream::pending(), shutdown).await });
                (read, written)
            }
        };
        Self {
            read,
            written,
            following: following.drop_guard(),
        }
    }
}

/// A database with nothing but the registry in it.
pub async fn new_server() -> PostgresTarget {
    let url = test_servers::new_database().await;
    let target = PostgresTarget::parse(&url, "test of the query API").unwrap();
    postgres::migrate(&target, &POSTGRES_SCHEMA).await.unwrap();
    target
}
