//! The databases that views can stand in, and a place of a test's own in each of them.

use std::path::{Path, PathBuf};

use platform::postgres::{self, PostgresTarget};
use read_models::{POSTGRES_SCHEMA, ViewName, Views};

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

/// Where a shop's views are.
pub enum Place {
    File(PathBuf),
    Server(Box<PostgresTarget>),
}

impl Place {
    pub async fn new(database: Database, folder: &Path) -> Self {
        match database {
            Database::Sqlite => Self::File(folder.join("views.db")),
            Database::Postgres => {
                let url = test_servers::new_database().await;
                let target = PostgresTarget::parse(&url, "test of projectors").unwrap();
                postgres::migrate(&target, &POSTGRES_SCHEMA).await.unwrap();
                Self::Server(Box::new(target))
            }
        }
    }

    /// The views, as a process that writes them opens them.
    pub async fn open(&self) -> Views {
        self.open_with(ViewName::version).await
    }

    /// As a program opens them whose views have other versions.
    pub async fn open_with(&self, version: impl Fn(ViewName) -> u64) -> Views {
        let opened = match self {
            Self::File(path) => Views::open_sqlite_with(path, version).await,
            Self::Server(target) => Views::open_postgres_writer_with(target, version).await,
        };
        opened.unwrap()
    }

    /// How to reach the server that they are on.
    pub fn server(&self) -> &PostgresTarget {
        match self {
            Self::File(path) => panic!("the views are in the file {}", path.display()),
            Self::Server(target) => target,
        }
    }
}
