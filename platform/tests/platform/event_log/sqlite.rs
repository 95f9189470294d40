//! The event log in `SQLite`: everything that every adapter must do, and what only this one can go wrong in.

use platform::event_log::conformance::LogFixture;
use platform::event_log::{AppendError, EventLog, LogOptions};
use platform::sqlite::{self, Durability};
use sqlx::Connection;
use tempfile::TempDir;

use super::one;

/// A database file in a folder of its own.
struct SqliteFixture {
    folder: TempDir,
}

impl LogFixture for SqliteFixture {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    async fn open(&self, options: LogOptions) -> EventLog {
        EventLog::open_sqlite(&self.folder.path().join("log.db"), options)
            .await
            .unwrap()
    }
}

platform::log_conformance!(SqliteFixture);

/// Another process's lock, a full disk, a lost file: the batch is told, and the log recovers.
#[tokio::test]
async fn a_failed_transaction_is_answered_and_the_writer_goes_on() {
    let fixture = SqliteFixture::new();
    let log = fixture.open(LogOptions::default()).await;
    log.append(one("before")).await.unwrap();
    let mut saboteur = sqlite::open_writer(&fixture.folder.path().join("log.db"), Durability::Full)
        .await
        .unwrap();
    sqlx::query(
        "CREATE TRIGGER sabotage BEFORE INSERT ON events BEGIN SELECT RAISE(ROLLBACK, 'sabotage'); END",
    )
    .execute(&mut saboteur)
    .await
    .unwrap();
    let failed = log.append(one("failed")).await;
    assert!(matches!(failed, Err(AppendError::Unavailable { reason }) if reason.contains("sabotage")));
    sqlx::query("DROP TRIGGER sabotage")
        .execute(&mut saboteur)
        .await
        .unwrap();
    saboteur.close().await.unwrap();

    assert_eq!(log.append(one("failed")).await.unwrap().position, 2);
    assert_eq!(log.head().await.unwrap(), 2);
    log.close().await;
}
