//! How a log is opened, and what it counts while it runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Reading connections: one per core of a small machine, as they are busy only while `SQLite` is.
const READERS: u32 = 4;

/// How often the database is asked for positions that other processes have committed. The writer of this process
/// tells at once; this is the safety net, and what another process's readers wait at most.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// How to open a log.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// Connections that read at the same time.
    pub readers: u32,
    /// How often to look for what other processes have committed.
    pub poll_interval: Duration,
    /// Where the writer stops dead, as if the process had been killed there. For tests.
    #[cfg(any(test, feature = "conformance"))]
    pub crash_at: Option<Step>,
    /// How many batches come through before that.
    #[cfg(any(test, feature = "conformance"))]
    pub batches_before_crash: u64,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            readers: READERS,
            poll_interval: POLL_INTERVAL,
            #[cfg(any(test, feature = "conformance"))]
            crash_at: None,
            #[cfg(any(test, feature = "conformance"))]
            batches_before_crash: 0,
        }
    }
}

/// A place in the writer's transaction: between two of its statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    AfterBegin,
    AfterHeads,
    AfterHeadCounter,
    AfterEvents,
    AfterOutcomes,
    BeforeCommit,
    /// Committed, and nobody was told.
    AfterCommit,
}

#[cfg(any(test, feature = "conformance"))]
impl Step {
    pub const ALL: [Self; 7] = [
        Self::AfterBegin,
        Self::AfterHeads,
        Self::AfterHeadCounter,
        Self::AfterEvents,
        Self::AfterOutcomes,
        Self::BeforeCommit,
        Self::AfterCommit,
    ];
}

/// What the writer of this process has done since the log was opened.
#[derive(Debug, Default)]
pub struct LogStats {
    pub(super) batches: AtomicU64,
    pub(super) appends: AtomicU64,
    pub(super) events: AtomicU64,
    pub(super) conflicts: AtomicU64,
}

impl LogStats {
    /// Transactions, also those that only checked.
    pub fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }

    /// Appends that succeeded.
    pub fn appends(&self) -> u64 {
        self.appends.load(Ordering::Relaxed)
    }

    /// Events written.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Appends that were refused since a stream had moved on.
    pub fn conflicts(&self) -> u64 {
        self.conflicts.load(Ordering::Relaxed)
    }
}
