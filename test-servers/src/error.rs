//! What can go wrong with a process of ours.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{program} isn't installed; on Debian: apt-get install {package}")]
    NotInstalled {
        program: &'static str,
        package: &'static str,
    },
    #[error("{what} failed")]
    Io { what: String, source: io::Error },
    #[error("no port is free below the ephemeral ones")]
    NoPort,
    #[error("{name} ended before it was ready; {log} says:\n{told}", log = log.display())]
    Ended {
        name: String,
        log: PathBuf,
        told: String,
    },
    #[error("{name} wasn't ready after {} s; {log} says:\n{told}", patience.as_secs(), log = log.display())]
    NotReady {
        name: String,
        patience: Duration,
        log: PathBuf,
        told: String,
    },
    #[error("{name} didn't stop within {} s, and was killed", patience.as_secs())]
    DoesNotStop { name: String, patience: Duration },
    #[error("{command} failed:\n{told}")]
    Failed { command: String, told: String },
    #[error("{name} isn't running")]
    NotRunning { name: String },
}

impl Error {
    /// For `map_err`: says what was being done.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        |source| Self::Io { what, source }
    }
}
