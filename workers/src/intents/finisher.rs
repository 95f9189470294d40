//! Ends leases in groups: many effects that finish at about the same time share one commit, and so one fsync.
//!
//! What an intent comes to is the lanes' to say.

use tokio::sync::{mpsc, oneshot};

use super::held::Claim;
use super::store::{End, Store};
use super::{Finish, IntentsError};
use platform::clock::Clock;

/// Ends that may wait for the commit before theirs: more than all lanes together have in flight.
const QUEUE: usize = 256;

struct Asked {
    claim: Claim,
    finish: Finish,
    reply: oneshot::Sender<Result<bool, IntentsError>>,
}

enum Job {
    End(Asked),
    /// Answers once everything before it is committed.
    Flush(oneshot::Sender<()>),
}

/// The way to the one task that ends leases. The task stops when the last clone is gone, after what it has accepted.
#[derive(Debug, Clone)]
pub(super) struct Finisher {
    jobs: mpsc::Sender<Job>,
}

impl Finisher {
    pub fn start(store: Store, clock: Clock) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        tokio::spawn(run(queue, store, clock));
        Self { jobs }
    }

    pub async fn finish(&self, claim: Claim, finish: Finish) -> Result<bool, IntentsError> {
        let (reply, answer) = oneshot::channel();
        let asked = Asked { claim, finish, reply };
        self.jobs
            .send(Job::End(asked))
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

async fn run(mut queue: mpsc::Receiver<Job>, store: Store, clock: Clock) {
    let mut batch = Vec::with_capacity(QUEUE);
    while queue.recv_many(&mut batch, QUEUE).await > 0 {
        let (mut asked, mut flushes) = (Vec::with_capacity(batch.len()), vec![]);
        for job in batch.drain(..) {
            match job {
                Job::End(end) => asked.push(end),
                Job::Flush(reply) => flushes.push(reply),
            }
        }
        commit(asked, &store, &clock).await;
        for flush in flushes {
            let _ = flush.send(());
        }
    }
}

/// Whoever asked may have been dropped since; the lease has ended all the same.
async fn commit(asked: Vec<Asked>, store: &Store, clock: &Clock) {
    if asked.is_empty() {
        return;
    }
    let now = clock.now();
    let ends: Vec<_> = asked
        .iter()
        .map(|asked| End::new(asked.claim, &asked.finish, now))
        .collect();
    match store.finish(&ends).await {
        Ok(held) => {
            for asked in asked {
                let _ = asked.reply.send(Ok(held.contains(&asked.claim)));
            }
        }
        Err(error) => {
            let reason = error.to_string();
            for asked in asked {
                let _ = asked.reply.send(Err(IntentsError::Unavailable {
                    reason: reason.clone(),
                }));
            }
        }
    }
}
