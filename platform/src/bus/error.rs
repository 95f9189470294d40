//! What can go wrong with the bus.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use events::envelope::Position;

use crate::event_log::ReadError;

/// Why the bus can't be used, or not now.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BusError {
    #[error("this is no NATS URL; it looks like nats://host:4222 or tls://user:password@host:4222")]
    Url,
    #[error("a setting of the bus is wrong: {reason}")]
    Setting { reason: &'static str },
    #[error("the file {path} can't be used: {reason}")]
    File { path: PathBuf, reason: String },
    #[error("TLS to NATS can't be set up: {reason}")]
    Tls { reason: String },
    /// It may work in a moment.
    #[error("NATS can't {what}: {reason}")]
    Unavailable { what: &'static str, reason: String },
    /// There is no connection to NATS at the moment.
    #[error("NATS can't be reached")]
    Disconnected,
    /// There is no stream of ours, or no longer.
    #[error("the events' stream is missing")]
    Missing,
    /// The stream's last sequence isn't what the publisher took it for: another one was faster, or the stream lost
    /// something.
    #[error("position {position} was refused: the events' stream has moved")]
    Refused { position: Position },
    /// A stream of ours would have a name or subjects that are taken.
    #[error(
        "the stream {stream} on NATS wasn't made by Tillstream, and stands in its way; set another prefix"
    )]
    NotOurs { stream: String },
    /// Without an event a log can't be told from another.
    #[error("the event log is empty")]
    EmptyLog,
    /// It said that it goes to `known`, and has no events there.
    #[error("the event log has lost events that it had, up to position {known}; was it restored under us?")]
    ShorterLog { known: Position },
    #[error(transparent)]
    Log(#[from] ReadError),
}

impl BusError {
    pub(super) fn setting(reason: &'static str) -> Self {
        Self::Setting { reason }
    }

    pub(super) fn file(path: &Path, reason: &impl Display) -> Self {
        Self::File {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }

    pub(super) fn unavailable(what: &'static str, reason: &impl Display) -> Self {
        Self::Unavailable {
            what,
            reason: reason.to_string(),
        }
    }
}
