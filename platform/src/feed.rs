//! The feed: how readers get the log's events, in order and without holes, as they come.
//!
//! Where a reader stands, and what it does with the events, is its own business.

use events::envelope::{Position, RecordedEvent};
use tokio_util::sync::CancellationToken;

use crate::bus::{Bus, BusReader};
use crate::event_log::{EventLog, ReadError};

/// Where events come from. Cheap to clone; each clone reads on its own.
#[derive(Debug, Clone)]
pub struct Feed {
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    Tail(EventLog),
    JetStream(BusReader),
}

impl Feed {
    /// Reads from the log, in this process or beside others on the same database.
    pub fn tail(log: EventLog) -> Self {
        Self {
            source: Source::Tail(log),
        }
    }

    /// Takes events from the bus as the relay publishes them, and from the log what the bus hasn't: what lies before its
    /// stream, what it lost, and everything while it is silent.
    pub fn jet_stream(log: EventLog, bus: Bus) -> Self {
        Self {
            source: Source::JetStream(BusReader::new(log, bus)),
        }
    }

    /// Waits until there are events after `after` and returns up to `limit` of them (at least one), beginning with
    /// position `after + 1`. `None` at shutdown, or when the log was closed. May be dropped at any time; nothing is lost.
    pub async fn next_batch(
        &self,
        after: Position,
        limit: usize,
        shutdown: &CancellationToken,
    ) -> Result<Option<Vec<RecordedEvent>>, ReadError> {
        let limit = limit.max(1);
        match &self.source {
            Source::Tail(log) => next_from_log(log, after, limit, shutdown).await,
            Source::JetStream(reader) => reader.next_batch(after, limit, shutdown).await,
        }
    }
}

async fn next_from_log(
    log: &EventLog,
    after: Position,
    limit: usize,
    shutdown: &CancellationToken,
) -> Result<Option<Vec<RecordedEvent>>, ReadError> {
    let mut newest = log.watch();
    loop {
        if shutdown.is_cancelled() || log.is_closed() {
            return Ok(None);
        }
        if *newest.borrow_and_update() > after {
            return log.read(after, limit).await.map(Some);
        }
        tokio::select! {
            () = shutdown.cancelled() => return Ok(None),
            () = log.closed() => return Ok(None),
            // The sender lives as long as `log`, so an error can't come; it would lead to the checks above.
            _ = newest.changed() => {}
        }
    }
}
