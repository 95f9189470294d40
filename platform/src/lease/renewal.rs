//! Keeping a lease while the work goes on: a task of its own, so that busy work doesn't lose it.

use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::Held;
use super::postgres::PostgresLease;

/// Renews a lease until it is told to end, or dropped, or the lease is lost.
#[derive(Debug)]
pub(super) struct Renewal {
    task: JoinHandle<bool>,
    /// Ends the task also when nobody waits for the work any more.
    end: DropGuard,
}

impl Renewal {
    /// Cancels `token` and drops `held` when the lease is lost, or hasn't been renewed by `stop_at`.
    pub fn start(
        lease: PostgresLease,
        holder: Uuid,
        stop_at: Instant,
        token: CancellationToken,
        held: Held,
    ) -> Self {
        let end = CancellationToken::new();
        let task = tokio::spawn({
            let end = end.clone();
            async move {
                let lost = tokio::select! {
                    () = end.cancelled() => false,
                    () = keep(&lease, holder, stop_at) => true,
                };
                if lost {
                    tracing::warn!(lease = lease.name(), "lost the lease");
                    token.cancel();
                }
                drop(held);
                lost
            }
        });
        Self {
            task,
            end: end.drop_guard(),
        }
    }

    /// Stops renewing, and says whether the lease was lost meanwhile.
    pub async fn end(self) -> bool {
        drop(self.end);
        // A task that has panicked has renewed nothing.
        self.task.await.unwrap_or(true)
    }
}

/// Returns when the lease is somebody else's, or may soon be.
async fn keep(lease: &PostgresLease, holder: Uuid, mut stop_at: Instant) {
    let (renew_every, retry_every) = (lease.options().renew_every(), lease.options().look_every());
    let mut pause = renew_every;
    loop {
        tokio::time::sleep_until(stop_at.min(Instant::now() + pause)).await;
        let asked_at = Instant::now();
        let answer = tokio::select! {
            answer = lease.renew(holder) => answer,
            () = tokio::time::sleep_until(stop_at) => return,
        };
        match answer {
            Ok(true) => {
                stop_at = asked_at + lease.options().stop_after();
                pause = renew_every;
            }
            Ok(false) => return,
            Err(error) => {
                lease.tell(&error);
                pause = retry_every;
            }
        }
    }
}
