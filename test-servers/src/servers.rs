//! The three servers that the distributed form stands on.

use std::fs;
use std::path::{Path, PathBuf};

use crate::daemon::Daemon;
use crate::{Durability, Error, Folder, Nats, Postgres, Redis};

/// Private servers on free ports of this machine; stopped, not left over, when this is dropped.
#[derive(Debug)]
pub struct Servers {
    pub postgres: Daemon<Postgres>,
    pub nats: Daemon<Nats>,
    pub redis: Daemon<Redis>,
    logs: PathBuf,
    // Last, so that it goes when nobody uses it any more.
    folder: Folder,
}

impl Servers {
    /// Starts all three with their data in this folder, and waits until they can be used.
    pub fn start(folder: Folder, durability: Durability) -> Result<Self, Error> {
        let path = folder.path();
        let logs = path.join("logs");
        fs::create_dir_all(&logs).map_err(Error::io(format!("making the folder {}", logs.display())))?;
        let mut servers = Self {
            nats: Daemon::new(Nats::new(path)?, &logs),
            redis: Daemon::new(Redis::new(path)?, &logs),
            postgres: Daemon::new(Postgres::new(path, durability)?, &logs),
            logs,
            folder,
        };
        servers.nats.launch()?;
        servers.redis.launch()?;
        servers.postgres.start()?;
        servers.nats.wait_until_ready()?;
        servers.redis.wait_until_ready()?;
        Ok(servers)
    }

    /// Everything of theirs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file per server.
    pub fn logs(&self) -> &Path {
        &self.logs
    }

    /// What [`new_database`](crate::new_database) and its like look for in the environment.
    pub fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("TILLSTREAM_TEST_POSTGRES", self.postgres.program.url()),
            ("TILLSTREAM_TEST_NATS", self.nats.program.url()),
            ("TILLSTREAM_TEST_REDIS", self.redis.program.url()),
        ]
    }

    /// Stops all three gracefully.
    pub fn stop(mut self) -> Result<(), Error> {
        self.nats.stop()?;
        self.redis.stop()?;
        self.postgres.stop()
    }
}

impl Drop for Servers {
    /// Gracefully where possible: a killed `PostgreSQL` leaves processes behind that are still writing while its folder is
    /// deleted.
    fn drop(&mut self) {
        let _ = self.postgres.stop();
    }
}
