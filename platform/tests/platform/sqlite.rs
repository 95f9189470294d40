//! Opening databases: what is set, what is migrated, what is refused.

use platform::event_log::{EventLog, LogOptions};
use platform::sqlite::{self, Durability, OpenError};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

const FIRST: (u32, &str) = (
    1,
    "CREATE TABLE a (x INTEGER) STRICT; CREATE TABLE b (x INTEGER) STRICT;",
);
const SECOND: (u32, &str) = (2, "INSERT INTO a VALUES (1);");

async fn pragma(connection: &mut SqliteConnection, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn a_writer_is_as_durable_as_it_was_asked_to_be() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.db");
    for (durability, synchronous) in [(Durability::Full, 2), (Durability::Normal, 1)] {
        let mut writer = sqlite::open_writer(&path, durability).await.unwrap();
        assert_eq!(pragma(&mut writer, "PRAGMA synchronous").await, synchronous);
        assert_eq!(pragma(&mut writer, "PRAGMA foreign_keys").await, 1);
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
            .fetch_one(&mut writer)
            .await
            .unwrap();
        assert_eq!(mode, "wal");
        writer.close().await.unwrap();
    }
}

#[tokio::test]
async fn migrations_run_once_each() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.db");
    let mut writer = sqlite::open_writer(&path, Durability::Full).await.unwrap();
    sqlite::apply_migrations(&mut writer, &[FIRST]).await.unwrap();
    for _ in 0..2 {
        sqlite::apply_migrations(&mut writer, &[FIRST, SECOND])
            .await
            .unwrap();
    }
    assert_eq!(pragma(&mut writer, "SELECT count(*) FROM a").await, 1);
    assert_eq!(pragma(&mut writer, "PRAGMA user_version").await, 2);
    writer.close().await.unwrap();
}

#[tokio::test]
async fn a_failed_migration_leaves_nothing_behind() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.db");
    let mut writer = sqlite::open_writer(&path, Durability::Full).await.unwrap();
    let broken = (
        2,
        "CREATE TABLE half (x INTEGER) STRICT; INSERT INTO missing VALUES (1);",
    );
    let failed = sqlite::apply_migrations(&mut writer, &[FIRST, broken]).await;
    assert!(matches!(failed, Err(OpenError::Migrate { version: 2, .. })));
    assert_eq!(pragma(&mut writer, "PRAGMA user_version").await, 1);
    assert_eq!(
        pragma(
            &mut writer,
            "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"
        )
        .await,
        0
    );
    sqlite::apply_migrations(&mut writer, &[FIRST, SECOND])
        .await
        .unwrap();
    writer.close().await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log.db");
    EventLog::open_sqlite(&path, LogOptions::default())
        .await
        .unwrap()
        .close()
        .await;
    let mut writer = sqlite::open_writer(&path, Durability::Full).await.unwrap();
    sqlx::query("PRAGMA user_version = 99")
        .execute(&mut writer)
        .await
        .unwrap();
    writer.close().await.unwrap();

    let refused = EventLog::open_sqlite(&path, LogOptions::default())
        .await
        .unwrap_err();
    let reason = std::error::Error::source(&refused).unwrap().to_string();
    assert!(reason.contains("version 99"), "{reason}");
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log.db");
    std::fs::write(
        &path,
        "a letter to my mother, which is longer than the header of a database ".repeat(20),
    )
    .unwrap();
    assert!(EventLog::open_sqlite(&path, LogOptions::default()).await.is_err());
    let missing = folder.path().join("no such folder").join("log.db");
    let refused = sqlite::open_writer(&missing, Durability::Full).await.unwrap_err();
    assert!(refused.to_string().contains("no such folder"), "{refused}");
}

#[tokio::test]
async fn readers_cannot_write_and_events_cannot_change() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log.db");
    EventLog::open_sqlite(&path, LogOptions::default())
        .await
        .unwrap()
        .close()
        .await;
    let readers = sqlite::open_readers(&path, 1).await.unwrap();
    assert!(sqlx::query("DELETE FROM claims").execute(&readers).await.is_err());
    readers.close().await;

    let mut writer = sqlite::open_writer(&path, Durability::Full).await.unwrap();
    sqlx::query(
        "INSERT INTO events (position, stream, version, event_id, event_type, schema_version, payload, recorded_at,
            actor, correlation_id) VALUES (1, 'a-1', 1, x'00', 'A', 1, '{}', 0, 'system', x'00')",
    )
    .execute(&mut writer)
    .await
    .unwrap();
    for statement in ["UPDATE events SET payload = '[]'", "DELETE FROM events"] {
        let refused = sqlx::query(statement).execute(&mut writer).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
    writer.close().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let log = EventLog::open_sqlite(&folder.path().join("log.db"), LogOptions::default())
        .await
        .unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(!files.is_empty());
    for file in files {
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o077,
            0,
            "{:?}",
            file.path()
        );
    }
    log.close().await;
}
