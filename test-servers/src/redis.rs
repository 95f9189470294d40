//! A private Redis that keeps nothing over a restart: it is a cache.

use std::path::{Path, PathBuf};

use crate::daemon::Program;
use crate::port::free_port;
use crate::process::Recipe;
use crate::programs::find;
use crate::{Error, wire};

/// Where and how it runs.
#[derive(Debug)]
pub struct Redis {
    server: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl Redis {
    pub fn new(folder: &Path) -> Result<Self, Error> {
        Ok(Self {
            server: find("redis-server")?,
            folder: folder.to_owned(),
            port: free_port()?,
        })
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// `FLUSHALL`: every key of everybody is gone.
    pub fn flush(&self) -> Result<(), Error> {
        let flushed = wire::answers(self.port, "FLUSHALL\r\n", "+OK").map_err(Error::io("flushing Redis"))?;
        if flushed {
            return Ok(());
        }
        Err(Error::Failed {
            command: "FLUSHALL".to_owned(),
            told: "Redis refused".to_owned(),
        })
    }
}

impl Program for Redis {
    fn name(&self) -> String {
        "redis".to_owned()
    }

    fn recipe(&self) -> Recipe {
        Recipe::new(&self.server)
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .args([&self.folder])
    }

    fn is_ready(&self) -> bool {
        wire::answers(self.port, "PING\r\n", "+PONG").unwrap_or(false)
    }
}
