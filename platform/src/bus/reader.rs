//! One reader's way through the events: from the bus where it can, from the log where it must.
//!
//! The bus may have holes, stop, come back, or lie; so nothing is handed out but what follows directly on where the reader
//! stands. What is missing there is read from the log.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use events::envelope::{Position, RecordedEvent};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::incoming::{Arrival, Incoming};
use super::{Bus, BusError};
use crate::event_log::{EventLog, ReadError};

/// How long the log may be ahead while nothing comes from the bus. Many times what the way over the relay takes; a reader
/// with nobody to publish for it is late by this, once.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long a reader keeps to the log before it tries the bus again.
const REOPEN_AFTER: Duration = Duration::from_secs(2);

/// Events taken from the bus at once: bounds what a reader holds of them, whatever it asks for.
const BATCH_LIMIT: usize = 1_000;

/// Reads the events of one log for one reader. A clone reads on its own, with a consumer of its own.
pub(crate) struct BusReader {
    log: EventLog,
    bus: Bus,
    reading: Mutex<Reading>,
}

/// What lives from one batch to the next.
struct Reading {
    road: Road,
    /// Come from the bus and not yet handed out, ascending.
    arrived: VecDeque<Arrival>,
    /// Whether the bus has brought something since it was last found silent. If not, the log is read as soon as it is
    /// ahead.
    trusted: bool,
}

enum Road {
    Closed { until: Instant },
    Opening(BoxFuture<'static, Result<Incoming, BusError>>),
    Open(Box<Incoming>),
}

/// What the bus has for a reader at this moment.
enum Found {
    Events(Vec<RecordedEvent>),
    /// Only the log has the events up to this position.
    Hole {
        until: Position,
    },
    Nothing,
}

impl BusReader {
    pub(crate) fn new(log: EventLog, bus: Bus) -> Self {
        Self {
            log,
            bus,
            reading: Mutex::new(Reading {
                road: Road::Closed {
                    until: Instant::now(),
                },
                arrived: VecDeque::new(),
                trusted: false,
            }),
        }
    }

    /// As `Feed::next_batch` promises. May be dropped at any time; nothing is lost.
    pub(crate) async fn next_batch(
        &self,
        after: Position,
        limit: usize,
        shutdown: &CancellationToken,
    ) -> Result<Option<Vec<RecordedEvent>>, ReadError> {
        let mut reading = self.reading.lock().await;
        let mut newest = self.log.watch();
        let mut deadline = None;
        loop {
            if shutdown.is_cancelled() || self.log.is_closed() {
                return Ok(None);
            }
            match reading.find(after, limit) {
                Found::Events(events) => return Ok(Some(events)),
                Found::Hole { until } => {
                    let missing = usize::try_from(until - after).unwrap_or(usize::MAX);
                    let events = self.log.read(after, limit.min(missing)).await?;
                    if !events.is_empty() {
                        return Ok(Some(events));
                    }
                    tracing::warn!(until, "NATS has events that the log hasn't; keeping to the log");
                    reading.close();
                }
                Found::Nothing => {}
            }
            let behind = *newest.borrow_and_update() > after;
            if behind && !(reading.trusted && self.bus.is_connected()) {
                let events = self.log.read(after, limit).await?;
                if !events.is_empty() {
                    return Ok(Some(events));
                }
            }
            let late = if behind {
                *deadline.get_or_insert_with(|| Instant::now() + PATIENCE)
            } else {
                Instant::now()
            };
            tokio::select! {
                () = shutdown.cancelled() => return Ok(None),
                () = self.log.closed() => return Ok(None),
                () = reading.progress(&self.bus, &self.log, after) => {}
                // The sender lives as long as the log, so an error can't come; it would lead to the checks above.
                _ = newest.changed(), if !behind => {}
                () = sleep_until(late), if behind => {
                    deadline = None;
                    reading.distrust();
                }
            }
        }
    }
}

impl Reading {
    /// Looks at what has come, without waiting.
    fn find(&mut self, after: Position, limit: usize) -> Found {
        let limit = limit.min(BATCH_LIMIT);
        loop {
            self.receive(limit);
            let Some(first) = self.arrived.iter().position(|arrival| arrival.position > after) else {
                if self.arrived.is_empty() {
                    return Found::Nothing;
                }
                self.arrived.clear();
                continue;
            };
            self.arrived.drain(..first);
            return self.follow(after, limit);
        }
    }

    /// What follows directly on `after`, of what has come and lies behind it.
    fn follow(&mut self, after: Position, limit: usize) -> Found {
        let mut events = Vec::new();
        while events.len() < limit {
            let next = after + 1 + events.len() as Position;
            let Some(arrival) = self.arrived.pop_front_if(|arrival| arrival.position == next) else {
                break;
            };
            match arrival.event {
                Some(event) => events.push(*event),
                None if events.is_empty() => return Found::Hole { until: next },
                None => {
                    self.arrived.push_front(arrival);
                    break;
                }
            }
        }
        match self.arrived.front() {
            _ if !events.is_empty() => Found::Events(events),
            Some(later) => Found::Hole {
                until: later.position - 1,
            },
            None => Found::Nothing,
        }
    }

    /// Takes up to `limit` messages that are here already.
    fn receive(&mut self, limit: usize) {
        while self.arrived.len() < limit {
            let Road::Open(incoming) = &mut self.road else {
                return;
            };
            match incoming.next_now() {
                None => return,
                Some(Ok(arrival)) => self.accept(arrival),
                Some(Err(ended)) => {
                    tracing::debug!(%ended, "a consumer on NATS has ended");
                    self.close();
                }
            }
        }
    }

    fn accept(&mut self, arrival: Arrival) {
        self.trusted = true;
        self.arrived.push_back(arrival);
    }

    /// Waits until something has come from the bus, opening the way to it where needed. May be dropped at any time.
    async fn progress(&mut self, bus: &Bus, log: &EventLog, after: Position) {
        loop {
            match &mut self.road {
                Road::Closed { until } => {
                    sleep_until(*until).await;
                    self.road = Road::Opening(Incoming::open(bus.clone(), log.clone(), after).boxed());
                }
                Road::Opening(opening) => match opening.await {
                    Ok(incoming) => self.road = Road::Open(Box::new(incoming)),
                    Err(error) => {
                        tracing::debug!(%error, "reading from the log, as NATS has nothing");
                        self.close();
                    }
                },
                Road::Open(incoming) => {
                    match incoming.next().await {
                        Ok(arrival) => self.accept(arrival),
                        Err(ended) => {
                            tracing::debug!(%ended, "a consumer on NATS has ended");
                            self.close();
                        }
                    }
                    return;
                }
            }
        }
    }

    /// The bus is silent although there are events: leaves it, if it was relied on.
    fn distrust(&mut self) {
        if self.trusted {
            tracing::debug!("nothing comes from NATS; reading from the log");
            self.close();
        }
    }

    /// Leaves the bus for a while, and what came from it.
    fn close(&mut self) {
        self.arrived.clear();
        self.trusted = false;
        self.road = Road::Closed {
            until: Instant::now() + REOPEN_AFTER,
        };
    }
}

impl Clone for BusReader {
    fn clone(&self) -> Self {
        Self::new(self.log.clone(), self.bus.clone())
    }
}

impl fmt::Debug for BusReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusReader").finish_non_exhaustive()
    }
}
