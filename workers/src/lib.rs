//! What happens after the fact: the outside world is told, and answers come back as commands.
//!
//! The planner reads the log and writes intents; lanes carry them out: charges, refunds and payouts at the payment
//! provider, emails, images, timers. Nothing here runs when a view is rebuilt, and nothing here writes events: what the outside
//! world answers becomes a command like anybody else's.
//!
//! Deciding is left to `domain`, views to the projectors, pages to the APIs.

pub mod chain;
pub mod email;
pub mod gateway;
pub mod intents;
pub mod mailbox;
pub mod reconciliation;
pub mod restoration;

mod effects;
mod images;
mod lanes;
mod metrics;
mod planner;
mod settlement;
mod timers;

use std::sync::Arc;

use executor::Executor;
use platform::blobs::BlobStore;
use platform::event_log::EventLog;
use platform::feed::Feed;
use platform::lease::Lease;
use platform::vault::Vault;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::chain::ChainDeps;
use crate::effects::{Effects, Shop};
use crate::email::{EmailSender, MailTransport, ShopIdentity};
use crate::gateway::PaymentGateway;
use crate::images::{ImageMaker, Sweep};
use crate::intents::Intents;
use crate::reconciliation::Reconciliation;

pub use crate::images::{NamedBlob, NamedBlobs};

/// What the workers work with.
pub struct WorkerDeps {
    pub feed: Feed,
    pub executor: Executor,
    pub vault: Vault,
    /// Its clock is the workers' clock.
    pub intents: Intents,
    pub gateway: PaymentGateway,
    pub identity: ShopIdentity,
    pub transport: MailTransport,
    /// What a branch of a chain does for its headquarters; none in a shop of its own.
    pub chain: Option<ChainDeps>,
    /// Where uploads are, and what becomes of them.
    pub blobs: BlobStore,
    /// For what only one process does at a time: planning, and comparing ledgers. The effects need none.
    pub lease: Lease,
}

impl WorkerDeps {
    /// The comparison of both ledgers, with the workers' own means.
    pub fn reconciliation(&self) -> Reconciliation {
        Reconciliation {
            executor: self.executor.clone(),
            intents: self.intents.clone(),
            gateway: self.gateway.clone(),
            clock: self.intents.clock().clone(),
        }
    }
}

/// Runs the planner, the lanes and the reconciliation until `shutdown`. Then nothing new is begun, what is in flight is
/// waited for within a bound, and the leases that are left are given up.
pub async fn run(deps: WorkerDeps, shutdown: CancellationToken) {
    let WorkerDeps {
        feed,
        executor,
        vault,
        intents,
        gateway,
        identity,
        transport,
        chain,
        blobs,
        lease,
    } = deps;
    let clock = intents.clock().clone();
    let shop = Shop {
        executor: executor.clone(),
        clock: clock.clone(),
    };
    let effects = Arc::new(Effects {
        email: EmailSender {
            identity,
            transport,
            shop: shop.clone(),
            vault,
        },
        images: ImageMaker::new(shop.clone(), blobs.clone()),
        shop,
        gateway: gateway.clone(),
        headquarters: chain.as_ref().map(|chain| chain.headquarters().clone()),
        intents: intents.clone(),
    });
    let reconciliation = Reconciliation {
        executor: executor.clone(),
        intents: intents.clone(),
        gateway,
        clock: clock.clone(),
    };
    // Dropping this future drops the set, and that ends its tasks.
    let mut tasks = JoinSet::new();
    let alone = Alone {
        feed,
        log: executor.log().clone(),
        intents: intents.clone(),
        reconciliation,
        executor: executor.clone(),
        chain,
        sweep: Sweep {
            log: executor.log().clone(),
            blobs,
            clock,
        },
    };
    tasks.spawn(alone.run(lease, shutdown.clone()));
    for settings in lanes::LANES {
        tasks.spawn(lanes::run(
            settings,
            intents.clone(),
            Arc::clone(&effects),
            shutdown.clone(),
        ));
    }
    tasks.spawn(metrics::refresh(
        intents.clone(),
        executor.log().clone(),
        shutdown,
    ));
    tokio::select! {
        () = all(tasks) => {}
        // Also while a shutdown waits for what is in flight.
        () = intents::renew(intents.clone()) => {}
    }
    if let Err(error) = intents.release().await {
        tracing::warn!(%error, "leases can't be given up; they will run out");
    }
}

/// What only one of the worker processes does.
#[derive(Clone)]
struct Alone {
    feed: Feed,
    log: EventLog,
    intents: Intents,
    reconciliation: Reconciliation,
    executor: Executor,
    chain: Option<ChainDeps>,
    sweep: Sweep,
}

impl Alone {
    /// Whenever this process holds the lease, until shutdown. One that believes for too long that it does is fenced: the
    /// planner by its checkpoint, the reconciliation since it settles what anybody would.
    async fn run(self, lease: Lease, shutdown: CancellationToken) {
        let work = |token: CancellationToken| {
            let Self {
                feed,
                log,
                intents,
                reconciliation,
                executor,
                chain,
                sweep,
            } = self.clone();
            async move {
                // Boxed: most shops have none.
                let chain = chain.map(|chain| {
                    Box::pin(chain::run(
                        chain,
                        feed.clone(),
                        executor,
                        intents.clone(),
                        token.clone(),
                    ))
                });
                tokio::join!(
                    if_any(chain),
                    planner::run(feed, log, intents, token.clone()),
                    reconciliation::repeat(reconciliation, token.clone()),
                    images::keep_swept(sweep, token),
                );
            }
        };
        lease.hold(shutdown, work).await;
    }
}

/// Waits for it, if there is one.
async fn if_any(part: Option<impl Future<Output = ()>>) {
    if let Some(part) = part {
        part.await;
    }
}

async fn all(mut tasks: JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a part of the workers broke off");
        }
    }
}
