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

struct End {
    lease: (IntentId, u32),
    finish: Finish,
    reply: oneshot::Sender<Result<bool, IntentsError>>,
}

enum Job {
    End(End),
    /// Answers once everything before it is committed.
    Flush(oneshot::Sender<()>),
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
        let end = End { lease, finish, reply };
        self.jobs
            .send(Job::End(end))
            .await
            .map_err(|_| IntentsError::Closed)?;
        answer.await.map_err(|_| IntentsError::Closed)?
    }

    /// Waits until what was accepted so far is committed.
    pub async fn flush(&self) {
        let (reply, answer) = oneshot::channel();
        if self.jobs.send(Job::Flush(reply)).await.is_ok() {
            // An error means that the task is gone, and everything with it.
            let _ = answer.await;
        }
    }
}

async fn run(mut queue: mpsc::Receiver<Job>, writer: SqlitePool, owner: Arc<str>, clock: Clock) {
    let mut batch = Vec::with_capacity(QUEUE);
    while queue.recv_many(&mut batch, QUEUE).await > 0 {
        let (mut ends, mut flushes) = (Vec::with_capacity(batch.len()), vec![]);
        for job in batch.drain(..) {
            match job {
                Job::End(end) => ends.push(end),
                Job::Flush(reply) => flushes.push(reply),
            }
        }
        let committed = commit(&ends, &writer, &owner, &clock).await;
        answer(ends, committed);
        for flush in flushes {
            let _ = flush.send(());
        }
    }
}

/// Whoever asked may have been dropped since; the lease has ended all the same.
fn answer(ends: Vec<End>, committed: Result<Vec<bool>, sqlx::Error>) {
    match committed {
        Ok(held) => {
            for (end, held) in ends.into_iter().zip(held) {
                let _ = end.reply.send(Ok(held));
            }
        }
        Err(error) => {
            let reason = error.to_string();
            for end in ends {
                let _ = end.reply.send(Err(IntentsError::Unavailable {
                    reason: reason.clone(),
                }));
            }
        }
    }
}

async fn commit(
    ends: &[End],
    writer: &SqlitePool,
    owner: &str,
    clock: &Clock,
) -> Result<Vec<bool>, sqlx::Error> {
    if ends.is_empty() {
        return Ok(vec![]);
    }
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    let mut held = Vec::with_capacity(ends.len());
    for end in ends {
        held.push(store::finish(&mut transaction, owner, end.lease, &end.finish, clock.now()).await?);
    }
    transaction.commit().await?;
    Ok(held)
}
