//! A log on a file of a test's own, with events to put into it.

use std::path::PathBuf;
use std::time::Duration;

use chrono::Utc;
use events::envelope::{Actor, EventMeta, Position, RecordedEvent, StreamId};
use events::ids::EventId;
use platform::event_log::{Append, EventLog, LogOptions, NewEvent, StreamHead, StreamWrite};
use tempfile::TempDir;
use uuid::Uuid;

/// Longer than any test: a log opened so doesn't see by itself what another handle writes.
const NEVER: Duration = Duration::from_hours(1);

/// A folder with a log in it.
pub struct LogRoom {
    folder: TempDir,
}

impl LogRoom {
    pub fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("log.db")
    }

    pub async fn open(&self) -> EventLog {
        EventLog::open_sqlite(&self.path(), LogOptions::default())
            .await
            .unwrap()
    }

    /// A handle that isn't told what the others write: a reader that has new events with it must have them from the
    /// bus, or have been sent to the log by it.
    pub async fn open_blind(&self) -> EventLog {
        let options = LogOptions {
            poll_interval: NEVER,
            ..LogOptions::default()
        };
        EventLog::open_sqlite(&self.path(), options).await.unwrap()
    }

    /// Another room, with the log as it is now. It must be closed.
    pub fn copy(&self) -> Self {
        let copy = Self::new();
        std::fs::copy(self.path(), copy.path()).unwrap();
        copy
    }
}

/// Appends `count` events to a new stream of this kind, in one go, and returns the last one's position.
pub async fn append(log: &EventLog, kind: &'static str, count: usize) -> Position {
    append_payloads(
        log,
        kind,
        (0..count).map(|number| format!("{{\"number\":{number}}}")),
    )
    .await
}

pub async fn append_payloads(
    log: &EventLog,
    kind: &'static str,
    payloads: impl IntoIterator<Item = String>,
) -> Position {
    let event = |payload| NewEvent {
        event_type: "SomethingHappened",
        schema_version: 1,
        payload,
        meta: EventMeta {
            event_id: EventId::generate(),
            recorded_at: Utc::now(),
            actor: Actor::System,
            correlation_id: Uuid::now_v7(),
            causation_id: None,
            trace_parent: None,
        },
    };
    let write = StreamWrite {
        stream: StreamId::new(kind, Uuid::now_v7()),
        expected: StreamHead::default(),
        events: payloads.into_iter().map(event).collect(),
    };
    let appended = log.append(Append {
        writes: vec![write],
        ..Append::default()
    });
    appended.await.unwrap().position
}

/// Everything that the log has.
pub async fn all(log: &EventLog) -> Vec<RecordedEvent> {
    log.read(0, EventLog::READ_LIMIT).await.unwrap()
}
