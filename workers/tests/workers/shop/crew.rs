//! The shop's workers: started, stopped in good order, killed, and waited for.

use std::path::PathBuf;

use platform::clock::{Clock, ManualClock};
use platform::feed::Feed;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use workers::WorkerDeps;
use workers::email::MailTransport;
use workers::gateway::PaymentGateway;
use workers::intents::{IntentId, Intents, Lane, Parked};

use super::kept::Kept;
use super::{IMPATIENCE, LEASE, LONGEST_WAIT, PATIENCE, Shop, gateway, identity, until};

/// Workers at work.
pub struct Workers {
    pub intents: Intents,
    task: JoinHandle<()>,
    shutdown: CancellationToken,
    clock: ManualClock,
    /// The file whose lock tells that they live.
    lock: Option<PathBuf>,
}

impl Shop {
    /// Workers that write emails into the folder.
    pub async fn work(&self) -> Workers {
        self.work_with(self.gateway(), self.folder()).await
    }

    /// Workers that give a provider two seconds to answer.
    pub async fn work_impatiently(&self) -> Workers {
        self.work_with(gateway(&self.sandbox.base_url, IMPATIENCE), self.folder())
            .await
    }

    pub async fn work_with(&self, gateway: PaymentGateway, transport: MailTransport) -> Workers {
        let intents = self.intents().await;
        let deps = WorkerDeps {
            feed: Feed::tail(self.log.clone()),
            executor: self.executor.clone(),
            vault: self.vault.clone(),
            intents: intents.clone(),
            gateway,
            identity: identity(),
            transport,
            chain: None,
            blobs: self.blobs.clone(),
            lease: self.lease().await,
        };
        let shutdown = CancellationToken::new();
        Workers {
            intents,
            task: tokio::spawn(workers::run(deps, shutdown.clone())),
            shutdown,
            clock: self.clock.clone(),
            lock: matches!(self.kept, Kept::File).then(|| self.directory.path().join("work.db.lock")),
        }
    }
}

impl Workers {
    /// In good order.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, &mut self.task)
            .await
            .expect("the workers stop")
            .unwrap();
        let leased = self.count("leased").await;
        assert_eq!(leased, 0, "a lease is left over");
        self.intents.close().await;
    }

    /// As if the process died: everything is dropped where it stands. Then time passes until nobody believes that it
    /// lives.
    pub async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
        drop(self.intents);
        let Some(lock) = self.lock else {
            self.clock.advance(LEASE);
            return;
        };
        let lock = std::fs::File::options().append(true).open(lock).unwrap();
        until("the dead workers let go of their file", async || {
            let free = lock.try_lock().is_ok();
            lock.unlock().unwrap();
            free
        })
        .await;
    }

    async fn count(&self, state: &str) -> u64 {
        let backlog = self.intents.tally().await.unwrap();
        backlog
            .iter()
            .filter(|backlog| backlog.state == state)
            .map(|backlog| backlog.count)
            .sum()
    }

    /// Waits until so many intents of the lane are in this state.
    pub async fn until_count(&self, lane: Lane, state: &str, count: u64) {
        until(&format!("{count} {state} in {}", lane.as_str()), async || {
            let backlog = self.intents.tally().await.unwrap();
            let found = backlog
                .iter()
                .find(|backlog| backlog.lane == lane.as_str() && backlog.state == state);
            found.map_or(0, |backlog| backlog.count) == count
        })
        .await;
    }

    /// Whether everything of the lane that isn't over has been tried and waits for its next try.
    pub async fn waits(&self, lane: Lane) -> bool {
        // What has never been tried is due by now. Looked at first: a lease that begins in between shows in the backlog.
        let now = Clock::Manual(self.clock.clone()).now();
        if self.intents.next_due(lane, now).await.unwrap().is_none() {
            return false;
        }
        let backlog = self.intents.tally().await.unwrap();
        let has = |state| {
            backlog
                .iter()
                .any(|backlog| backlog.lane == lane.as_str() && backlog.state == state)
        };
        has("pending") && !has("leased")
    }

    pub async fn until_waiting(&self, lane: Lane) {
        until(&format!("a failed try in {}", lane.as_str()), async || {
            self.waits(lane).await
        })
        .await;
    }

    /// Lets time pass from try to try until an intent of the lane is parked.
    pub async fn until_parked(&self, shop: &Shop, lane: Lane) -> Vec<Parked> {
        loop {
            let mut parked = vec![];
            until("a failed try, or the last one", async || {
                parked = self.intents.parked(IntentId(0), 10).await.unwrap();
                !parked.is_empty() || self.waits(lane).await
            })
            .await;
            if !parked.is_empty() {
                return parked;
            }
            shop.clock.advance(LONGEST_WAIT);
        }
    }

    /// Waits until everything in the log has been planned.
    pub async fn until_planned(&self, shop: &Shop) {
        let head = shop.log.head().await.unwrap();
        until("the plan", async || {
            self.intents.checkpoint().await.unwrap() >= head
        })
        .await;
    }
}
