//! A private NATS with `JetStream`.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::daemon::{Daemon, Program};
use crate::port::free_port;
use crate::process::Recipe;
use crate::programs::find;
use crate::{Error, wire};

/// Where and how it runs.
#[derive(Debug)]
pub struct Nats {
    server: PathBuf,
    storage: PathBuf,
    port: u16,
}

impl Nats {
    /// With its storage below `folder`.
    pub fn new(folder: &Path) -> Result<Self, Error> {
        Ok(Self {
            server: find("nats-server")?,
            storage: folder.join("nats"),
            port: free_port()?,
        })
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }
}

impl Program for Nats {
    fn name(&self) -> String {
        "nats".to_owned()
    }

    fn recipe(&self) -> Recipe {
        Recipe::new(&self.server)
            .args(["--addr", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--jetstream", "--store_dir"])
            .args([&self.storage])
    }

    fn is_ready(&self) -> bool {
        let greeting = "CONNECT {\"verbose\":false}\r\nPING\r\n";
        wire::answers(self.port, greeting, "PONG").unwrap_or(false)
    }
}

impl Daemon<Nats> {
    /// Kills it, deletes all streams and consumers from its disk, and starts it again: a bus that remembers nothing.
    pub fn delete_storage(&mut self) -> Result<(), Error> {
        if self.is_running() {
            self.kill_9()?;
        }
        let storage = &self.program.storage;
        match fs::remove_dir_all(storage) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::io(format!("deleting {}", storage.display()))(error));
            }
            _ => {}
        }
        self.start()
    }
}
