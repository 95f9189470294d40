//! Where the shop's intents stand, and what can befall them.

use std::path::PathBuf;
use std::time::Duration;

use platform::clock::Clock;
use platform::lease::{Lease, LeaseOptions};
use platform::postgres::{self, PostgresTarget};
use sqlx::Connection;
use workers::intents::{Intents, POSTGRES_SCHEMA};

use super::{LEASE, Shop};

/// The planner's: what a test waits for after it has killed one.
const SHORT_LEASE: LeaseOptions = LeaseOptions {
    ttl: Duration::from_secs(1),
};

/// Where the intents stand.
pub enum Kept {
    File,
    Postgres(Box<PostgresTarget>),
}

impl Shop {
    fn work_file(&self) -> PathBuf {
        self.directory.path().join("work.db")
    }

    /// As another process would open them.
    pub async fn intents(&self) -> Intents {
        let head = self.log.head().await.unwrap();
        let clock = Clock::Manual(self.clock.clone());
        let opened = match &self.kept {
            Kept::File => Intents::open_sqlite(&self.work_file(), head, clock).await,
            Kept::Postgres(target) => Intents::open_postgres(target, head, clock).await,
        };
        opened.unwrap()
    }

    /// Deletes the database of intents; nobody may have it open.
    pub async fn lose_intents(&self) {
        match &self.kept {
            Kept::File => {
                for suffix in ["", "-wal", "-shm"] {
                    let mut file = self.work_file().into_os_string();
                    file.push(suffix);
                    let _ = std::fs::remove_file(file);
                }
            }
            Kept::Postgres(target) => {
                let mut connection = target.connect().await.unwrap();
                sqlx::query("DROP SCHEMA workers CASCADE")
                    .execute(&mut connection)
                    .await
                    .unwrap();
                postgres::migrate(target, &POSTGRES_SCHEMA).await.unwrap();
            }
        }
    }

    /// As if the end of no lease had ever been written.
    pub async fn undo_done(&self) {
        match &self.kept {
            Kept::File => {
                let url = format!("sqlite://{}", self.work_file().display());
                let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
                sqlx::query("UPDATE intents SET state = 'leased', lease_owner = 'dead' WHERE state = 'done'")
                    .execute(&mut connection)
                    .await
                    .unwrap();
                connection.close().await.unwrap();
            }
            Kept::Postgres(target) => {
                let mut connection = target.connect().await.unwrap();
                sqlx::query(
                    "UPDATE workers.intents SET state = 'leased', lease_owner = 'dead' WHERE state = 'done'",
                )
                .execute(&mut connection)
                .await
                .unwrap();
                connection.close().await.unwrap();
                // Only time tells that the owner is dead.
                self.clock.advance(LEASE);
            }
        }
    }

    pub async fn lease(&self) -> Lease {
        match &self.kept {
            Kept::File => Lease::always(),
            Kept::Postgres(target) => Lease::open_postgres(target, "planner", SHORT_LEASE)
                .await
                .unwrap(),
        }
    }
}
