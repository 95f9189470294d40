//! What the relay has done, for whoever measures it.

use std::sync::atomic::{AtomicU64, Ordering};

use events::envelope::Position;
use tokio::sync::watch;

/// What the relay of this process has done, and where it stands.
#[derive(Debug, Default)]
pub struct RelayStats {
    position: watch::Sender<Position>,
    published: AtomicU64,
    refused: AtomicU64,
    made: AtomicU64,
    failures: AtomicU64,
}

impl RelayStats {
    /// The newest position that is known to be on the bus. 0 before the stream was looked at. It goes back when NATS
    /// loses something. What remains of the way to the log's head is the relay's lag.
    pub fn position(&self) -> Position {
        *self.position.borrow()
    }

    /// [`RelayStats::position`], as it moves.
    pub fn watch(&self) -> watch::Receiver<Position> {
        self.position.subscribe()
    }

    /// Events that this relay has published, repeats included.
    pub fn published(&self) -> u64 {
        self.published.load(Ordering::Relaxed)
    }

    /// How often NATS has refused an event since the stream had moved: another relay was at work, or the stream lost
    /// something.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How often this relay has made the stream.
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// How often NATS or the log could not be used.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    pub(crate) fn reached(&self, position: Position) {
        self.position.send_if_modified(|at| {
            let moved = *at != position;
            *at = position;
            moved
        });
    }

    pub(crate) fn count_published(&self) {
        self.published.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_made(&self) {
        self.made.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_failure(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }
}
