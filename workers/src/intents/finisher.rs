//! Ends leases in groups: many effects that finish at about the same time share one commit, and so one fsync.
//!
//! What an intent comes to is the lanes' to say.

use std::sync::Arc;

use sqlx::SqlitePool;
use tokio::sync::{mpsc, oneshot};

use super::{Finish, IntentId, IntentsError, store};
use crate::clock::Clock;

/// Ends that may wait for the commit before theirs: more than all lanes together have in flight.
const QUEUE: usize = 256;

struct Job {
    lease: (IntentId, u32),
    finish: Finish,
    reply: oneshot::Sender<Result<bool, IntentsError>>,
}

/// The way to the one task that ends leases. The task stops when the last clone is gone, after what it has accepted.
#[derive(Debug, Clone)]
pub(super) struct Finisher {
    jobs: mpsc::Sender<Job>,
}

impl Finisher {
    pub fn start(writer: SqlitePool, owner: Arc<str>, clock: Clock) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        tokio::spawn(run(queue, writer, owner, clock));
        Self { jobs }
    }

    pub async fn finish(&self, lease: (IntentId, u32), finish: Finish) -> Result<bool, IntentsError> {
        let (reply, answer) = oneshot::channel();
        let job = Job { lease, finish, reply };
        self.jobs.send(job).await.map_err(|_| IntentsError::Closed)?;
        answer.await.map_err(|_| IntentsError::Closed)?
    }

    /// Waits until what was accepted so far is done.
    pub async fn close(&self) {
        // All places of the queue being free means that the task has taken everything; it answers before it takes more.
        if let Ok(places) = self.jobs.reserve_many(QUEUE).await {
            drop(places);
        }
    }
}

async fn run(mut queue: mpsc::Receiver<Job>, writer: SqlitePool, owner: Arc<str>, clock: Clock) {
    let mut batch = Vec::with_capacity(QUEUE);
    while queue.recv_many(&mut batch, QUEUE).await > 0 {
        match commit(&batch, &writer, &owner, &clock).await {
            Ok(held) => {
                for (job, held) in batch.drain(..).zip(held) {
                    // Whoever asked may have been dropped; the lease has ended all the same.
                    let _ = job.reply.send(Ok(held));
                }
            }
            Err(error) => {
                tracing::error!(%error, "leases can't be ended; they will run out");
                for job in batch.drain(..) {
                    let _ = job.reply.send(Err(IntentsError::Closed));
                }
            }
        }
    }
}

async fn commit(
    batch: &[Job],
    writer: &SqlitePool,
    owner: &str,
    clock: &Clock,
) -> Result<Vec<bool>, sqlx::Error> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    let mut held = Vec::with_capacity(batch.len());
    for job in batch {
        held.push(store::finish(&mut transaction, owner, job.lease, &job.finish, clock.now()).await?);
    }
    transaction.commit().await?;
    Ok(held)
}
