//! The whole shop in one process, on the embedded default: opens what it keeps, starts its roles,
//! and stops them in the order in which data flows through them, so that accepted work is finished.

mod open;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use command_api::CommandDeps;
use executor::Executor;
use payment_sandbox::Sandbox;
use platform::call_log::CallLog;
use platform::event_log::EventLog;
use platform::vault::Vault;
use read_models::Views;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::background::{Background, Task};
use crate::data_dir::{DataDir, Lock};
use crate::secrets::Credentials;
use crate::settings::Settings;

/// How long requests that are under way may take after the order to stop: as long as the longest
/// wait for a read model, and then some.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// How long the read models may take to catch up when the shop stops; if they don't, the next start does it.
const CATCH_UP_MAX: Duration = Duration::from_secs(10);
/// How long idempotency keys are remembered.
const OUTCOMES_TTL: chrono::TimeDelta = chrono::TimeDelta::hours(24);
/// How often the older ones are forgotten.
const FORGET_EVERY: Duration = Duration::from_mins(10);

/// A shop that is open: it listens, and its roles run.
pub struct Shop {
    pub dir: DataDir,
    /// Whether this is its first start.
    pub is_new: bool,
    pub credentials: Credentials,
    /// Where it answers, without a slash at the end.
    pub url: String,
    pub mailbox_url: Option<String>,
    listener: TcpListener,
    app: Router,
    log: EventLog,
    views: Views,
    vault: Vault,
    calls: CallLog,
    roles: Roles,
    /// Told to requests by the readiness page.
    stopping: CancellationToken,
    _lock: Lock,
}

/// What runs in the background, each with its own way to stop.
struct Roles {
    workers: Task,
    projectors: Task,
    background: Background,
    sandbox: Option<(Sandbox, CancellationToken)>,
}

impl Shop {
    /// Opens everything and starts the background roles. Requests wait until [`Shop::run_until`].
    pub async fn open(settings: &Settings) -> anyhow::Result<Self> {
        open::open(settings).await
    }

    /// Serves until asked to stop, or until a role ends that never should.
    pub async fn run_until(self, stop: CancellationToken) -> anyhow::Result<()> {
        let Self {
            listener,
            app,
            log,
            views,
            vault,
            calls,
            mut roles,
            stopping,
            _lock,
            ..
        } = self;
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(listener, app).with_graceful_shutdown(stop.clone().cancelled_owned());
        let mut serving = tokio::spawn(serving.into_future());
        let failure = tokio::select! {
            biased; // asked to stop, the server may end at once, and that is no failure
            () = stop.cancelled() => None,
            () = roles.projectors.ended() => Some("the projectors have ended"),
            () = roles.workers.ended() => Some("the workers have ended"),
            ended = &mut serving => {
                ended?.context("the server has ended")?;
                Some("the server has ended")
            }
        };
        if let Some(failure) = failure {
            anyhow::bail!("{failure}; see the log");
        }
        stopping.cancel();
        if tokio::time::timeout(DRAIN_MAX, &mut serving).await.is_err() {
            tracing::warn!("some requests took too long and were cut off");
            serving.abort();
        }
        roles.workers.stop().await;
        roles.background.stop().await;
        if let Some((sandbox, stop)) = roles.sandbox {
            stop.cancel();
            sandbox.join().await?;
        }
        catch_up(&log, &views).await;
        roles.projectors.stop().await;
        views.close().await;
        vault.close().await;
        calls.close().await;
        log.close().await;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Lets the projectors reach the log's end, so that the next start has nothing to catch up with.
async fn catch_up(log: &EventLog, views: &Views) {
    let Ok(head) = log.head().await else { return };
    let mut positions = views.positions();
    let reached = positions.wait_for(|positions| positions.min() >= head);
    if tokio::time::timeout(CATCH_UP_MAX, reached).await.is_err() {
        tracing::info!("the read models are behind; the next start catches up");
    }
}

/// Forgets old idempotency keys, from time to time.
pub async fn forget_outcomes(log: EventLog, stop: CancellationToken) {
    while stop
        .run_until_cancelled(tokio::time::sleep(FORGET_EVERY))
        .await
        .is_some()
    {
        match log
            .forget_outcomes_before(chrono::Utc::now() - OUTCOMES_TTL)
            .await
        {
            Ok(forgotten) => tracing::debug!(forgotten, "old idempotency keys are forgotten"),
            Err(error) => tracing::warn!(error = %error, "old idempotency keys can't be forgotten now"),
        }
    }
}

/// The account that runs the shop, if it isn't there yet.
pub async fn create_admin(commands: &CommandDeps, credentials: &Credentials) -> anyhow::Result<()> {
    let admin = &credentials.admin;
    command_api::accounts::create_admin(commands, &admin.username, &admin.email, &admin.password)
        .await
        .map_err(|error| anyhow::anyhow!("the admin's account can't be made: {error}"))?;
    Ok(())
}

/// What must be in a new shop, if it isn't there yet.
pub async fn furnish(executor: &Executor, settings: &Settings) -> anyhow::Result<()> {
    if settings.demo {
        crate::demo::add(executor, settings.currency)
            .await
            .context("the demo catalogue can't be added")?;
    }
    Ok(())
}
