//! The writer at work: gather a batch, decide it in memory, write it in one transaction, tell everybody in it.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use events::envelope::Position;
use telemetry::names;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::{FORGET_STEP, Job, Reply, announce};
use crate::event_log::batch::{Batch, Touched};
use crate::event_log::options::Step;
use crate::event_log::store::{LogStore, Purpose, StoreError};
use crate::event_log::{Append, AppendError, Appended, LogStats};

/// Appends in one transaction. Beyond this the fsync's share is negligible, and everybody in the batch would
/// only wait longer.
const BATCH_APPENDS: usize = 256;

/// Events in one transaction, unless a single append has more: bounds its memory and how long it keeps
/// other processes out.
const BATCH_EVENTS: usize = 8_192;

/// Why a batch came to nothing.
#[derive(Debug)]
enum BatchError {
    Store(StoreError),
    #[cfg(any(test, feature = "conformance"))]
    Crashed(Step),
}

impl From<StoreError> for BatchError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What a transaction has come to.
struct Stored {
    answers: Vec<Result<Appended, AppendError>>,
    position: Position,
    events: usize,
}

pub(super) struct Writer<S> {
    pub(super) store: S,
    pub(super) jobs: mpsc::Receiver<Job>,
    /// Taken from the queue, but too much for the batch.
    pub(super) backlog: VecDeque<Job>,
    pub(super) newest: watch::Sender<Position>,
    pub(super) stats: Arc<LogStats>,
    pub(super) closing: CancellationToken,
    #[cfg(any(test, feature = "conformance"))]
    pub(super) crash_at: Option<Step>,
    #[cfg(any(test, feature = "conformance"))]
    pub(super) batches_before_crash: u64,
}

impl<S: LogStore> Writer<S> {
    pub(super) async fn run(mut self) {
        while let Some(job) = self.next_job().await {
            let flow = match job {
                Job::Forget { before, reply } => self.forget(before, reply).await,
                Job::Append { append, reply } => {
                    let batch = self.gather(append, reply);
                    self.write(batch).await
                }
            };
            if flow.is_break() {
                return;
            }
        }
        if let Err(error) = self.store.close().await {
            tracing::warn!(%error, "the event log's database didn't close cleanly; what was answered is safe");
        }
    }

    /// The next job, of those that were taken from the queue or else of those that now wait there. `None` when the log
    /// is closing and all that was accepted is done.
    async fn next_job(&mut self) -> Option<Job> {
        if self.backlog.is_empty() {
            self.drain_queue().await;
        }
        self.backlog.pop_front()
    }

    async fn drain_queue(&mut self) {
        let mut drained = Vec::with_capacity(BATCH_APPENDS);
        tokio::select! {
            _ = self.jobs.recv_many(&mut drained, BATCH_APPENDS) => {}
            () = self.closing.cancelled() => {
                self.jobs.close();
                self.jobs.recv_many(&mut drained, BATCH_APPENDS).await;
            }
        }
        self.backlog.extend(drained);
    }

    /// A batch of this append and those that wait behind it, as far as the bounds allow.
    fn gather(&mut self, append: Append, reply: Reply) -> Vec<(Append, Reply)> {
        let mut events = append.event_count();
        let mut batch = vec![(append, reply)];
        while let Some(job) = self.backlog.pop_front() {
            match job {
                Job::Append { append, reply } if events + append.event_count() <= BATCH_EVENTS => {
                    events += append.event_count();
                    batch.push((append, reply));
                }
                other => {
                    self.backlog.push_front(other);
                    break;
                }
            }
        }
        batch
    }

    /// Writes a batch and answers everybody in it. Breaks when a test wants a crash.
    async fn write(&mut self, batch: Vec<(Append, Reply)>) -> ControlFlow<()> {
        let (appends, replies): (Vec<Append>, Vec<Reply>) = batch.into_iter().unzip();
        match self.store_batch(appends).await {
            Ok(stored) => {
                self.count(&stored);
                announce(&self.newest, stored.position);
                for (reply, answer) in replies.into_iter().zip(stored.answers) {
                    // Who has stopped waiting doesn't want to know.
                    let _ = reply.send(answer);
                }
                ControlFlow::Continue(())
            }
            Err(BatchError::Store(error)) => {
                tracing::error!(%error, appends = replies.len(), "a batch of appends failed");
                self.store.rollback().await;
                for reply in replies {
                    let _ = reply.send(Err(error.clone().into()));
                }
                ControlFlow::Continue(())
            }
            #[cfg(any(test, feature = "conformance"))]
            Err(BatchError::Crashed(step)) => {
                tracing::debug!(?step, "the event log's writer stops dead, as a test asked it to");
                ControlFlow::Break(())
            }
        }
    }

    /// One transaction. A batch that changes nothing is given up rather than committed, which spares it the fsync.
    async fn store_batch(&mut self, appends: Vec<Append>) -> Result<Stored, BatchError> {
        let touched = Touched::by(&appends);
        // Mere checks, such as refusals, keep nobody out.
        let purpose = if appends.iter().all(Append::is_check) {
            Purpose::Check
        } else {
            Purpose::Append
        };
        let base = self.store.begin(purpose).await?;
        self.reached(Step::AfterBegin)?;
        let known = self.store.load(&touched).await?;
        self.reached(Step::AfterHeads)?;

        let mut batch = Batch::new(base, known, Utc::now());
        let answers = appends.into_iter().map(|append| batch.decide(append)).collect();
        let stored = Stored {
            answers,
            position: batch.position,
            events: batch.events.len(),
        };
        if batch.is_empty() {
            self.store.rollback().await;
            return Ok(stored);
        }

        if !batch.events.is_empty() {
            self.store.advance_head(batch.position).await?;
            self.reached(Step::AfterHeadCounter)?;
            self.store.insert_events(batch.events).await?;
        }
        self.reached(Step::AfterEvents)?;
        if !batch.claims.is_empty() {
            self.store
                .write_claims(batch.claims.into_iter().collect())
                .await?;
        }
        if !batch.outcomes.is_empty() {
            self.store.insert_outcomes(batch.outcomes).await?;
        }
        self.reached(Step::AfterOutcomes)?;
        self.reached(Step::BeforeCommit)?;
        self.store.commit().await?;
        self.reached(Step::AfterCommit)?;
        Ok(stored)
    }

    async fn forget(
        &mut self,
        before: DateTime<Utc>,
        reply: oneshot::Sender<Result<u64, AppendError>>,
    ) -> ControlFlow<()> {
        let answer = self.store.forget_outcomes(before, FORGET_STEP).await;
        if let Err(error) = &answer {
            tracing::error!(%error, "old idempotency keys could not be deleted");
            self.store.rollback().await;
        }
        let _ = reply.send(answer.map_err(AppendError::from));
        ControlFlow::Continue(())
    }

    #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
    fn count(&self, stored: &Stored) {
        let succeeded = stored.answers.iter().filter(|answer| answer.is_ok()).count();
        let conflicts = stored
            .answers
            .iter()
            .filter(|answer| matches!(answer, Err(AppendError::Conflict { .. })))
            .count();
        for (counter, count) in [
            (&self.stats.batches, 1),
            (&self.stats.appends, succeeded),
            (&self.stats.events, stored.events),
            (&self.stats.conflicts, conflicts),
        ] {
            counter.fetch_add(count as u64, Ordering::Relaxed);
        }
        metrics::histogram!(names::LOG_BATCH_APPENDS).record(stored.answers.len() as f64);
        metrics::histogram!(names::LOG_BATCH_EVENTS).record(stored.events as f64);
        tracing::debug!(
            appends = stored.answers.len(),
            succeeded,
            conflicts,
            events = stored.events,
            position = stored.position,
            "wrote a batch"
        );
    }

    /// Marks a place in the transaction where tests let the process die.
    #[cfg(any(test, feature = "conformance"))]
    fn reached(&self, step: Step) -> Result<(), BatchError> {
        if self.crash_at == Some(step) && self.stats.batches() >= self.batches_before_crash {
            return Err(BatchError::Crashed(step));
        }
        Ok(())
    }

    #[cfg(not(any(test, feature = "conformance")))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "tests crash here")]
    fn reached(&self, _step: Step) -> Result<(), BatchError> {
        Ok(())
    }
}
