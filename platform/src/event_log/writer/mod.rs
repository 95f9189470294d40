//! The writer: the one task of a process that appends to the log.
//!
//! It drains everything that waits into one transaction (group commit): while a commit is on its way to the disk the
//! next batch gathers by itself, so that throughput grows with the load and a lone append waits for nobody. This file is
//! how the log talks to it; what it does stands in `task`.

mod task;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use events::envelope::Position;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use self::task::Writer;
use super::poll::HeadPoll;
use super::store::{LogStore, StoreError};
use super::{Append, AppendError, Appended, LogOptions, LogStats};

/// Appends that may wait. Sixteen full batches: enough to keep the writer busy, and when it is reached, callers
/// wait (and time out) rather than pile up memory.
const QUEUE_CAPACITY: usize = 4_096;

/// Outcomes deleted in one transaction: a few milliseconds that appends have to wait.
const FORGET_STEP: u32 = 2_000;

type Reply = oneshot::Sender<Result<Appended, AppendError>>;

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Job {
    Append {
        append: Append,
        reply: Reply,
    },
    Forget {
        before: DateTime<Utc>,
        reply: oneshot::Sender<Result<u64, AppendError>>,
    },
}

/// How the log talks to its writer.
#[derive(Debug, Clone)]
pub(super) struct WriterHandle {
    queue: mpsc::Sender<Job>,
    newest: watch::Sender<Position>,
    /// Hints that other processes have committed something.
    hints: Arc<Notify>,
    stats: Arc<LogStats>,
    closing: CancellationToken,
    stopped: CancellationToken,
    /// Stops the writer and the poll when the last handle is gone.
    _stop_when_dropped: Arc<DropGuard>,
}

impl WriterHandle {
    /// Starts the writer of a log whose newest event is at `position`.
    pub fn start<S: LogStore>(store: S, position: Position, options: &LogOptions) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE_CAPACITY);
        let closing = CancellationToken::new();
        let handle = Self {
            queue,
            newest: watch::Sender::new(position),
            hints: Arc::default(),
            stats: Arc::default(),
            stopped: CancellationToken::new(),
            _stop_when_dropped: Arc::new(closing.clone().drop_guard()),
            closing,
        };
        let writer = Writer {
            store,
            jobs,
            backlog: VecDeque::new(),
            newest: handle.newest.clone(),
            stats: Arc::clone(&handle.stats),
            closing: handle.closing.clone(),
            #[cfg(any(test, feature = "conformance"))]
            crash_at: options.crash_at,
            #[cfg(any(test, feature = "conformance"))]
            batches_before_crash: options.batches_before_crash,
        };
        #[cfg(not(any(test, feature = "conformance")))]
        let _ = options;
        let stopped = handle.stopped.clone().drop_guard();
        tokio::spawn(async move {
            writer.run().await;
            // Tells those who wait in `close`; being a guard, it would also do so if the writer should panic.
            drop(stopped);
        });
        handle
    }

    pub async fn reserve(&self) -> Result<mpsc::OwnedPermit<Job>, AppendError> {
        let queue = self.queue.clone();
        queue.reserve_owned().await.map_err(|_| AppendError::stopped())
    }

    pub async fn forget_outcomes_before(&self, before: DateTime<Utc>) -> Result<u64, AppendError> {
        let mut forgotten = 0;
        loop {
            let (reply, answer) = oneshot::channel();
            self.reserve().await?.send(Job::Forget { before, reply });
            let step = answer.await.map_err(|_| AppendError::stopped())??;
            forgotten += step;
            if step < u64::from(FORGET_STEP) {
                return Ok(forgotten);
            }
        }
    }

    pub fn watch(&self) -> watch::Receiver<Position> {
        self.newest.subscribe()
    }

    /// What looks for positions that others have committed, to be run for as long as the log is open.
    pub fn head_poll(&self, interval: Duration) -> HeadPoll {
        HeadPoll {
            interval,
            hints: Arc::clone(&self.hints),
            newest: self.newest.clone(),
            closing: self.closing.clone(),
        }
    }

    pub fn look_now(&self) {
        self.hints.notify_one();
    }

    pub fn stats(&self) -> &LogStats {
        &self.stats
    }

    pub async fn close(&self) {
        self.closing.cancel();
        self.stopped.cancelled().await;
    }

    pub fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    pub async fn closing(&self) {
        self.closing.cancelled().await;
    }
}

/// Moves the newest known position, never back.
pub(super) fn announce(newest: &watch::Sender<Position>, position: Position) {
    newest.send_if_modified(|known| {
        let moves = position > *known;
        *known = position.max(*known);
        moves
    });
}

impl AppendError {
    pub(super) fn stopped() -> Self {
        Self::Unavailable {
            reason: "its writer has stopped".to_owned(),
        }
    }
}

impl From<StoreError> for AppendError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable { reason: error.reason }
    }
}
