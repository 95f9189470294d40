//! Opening a shop: its files, its roles, all in this process.

use anyhow::Context;
use axum::Router;
use command_api::{CommandDeps, Gate};
use executor::Executor;
use platform::call_log::CallLog;
use platform::clock::Clock;
use platform::event_log::{EventLog, LogOptions};
use platform::feed::Feed;
use platform::lease::Lease;
use platform::vault::Vault;
use projectors::ProjectorDeps;
use query_api::QueryDeps;
use read_models::Views;
use tokio_util::sync::CancellationToken;
use web::layers;
use workers::WorkerDeps;
use workers::intents::Intents;

use super::{Roles, Shop, create_admin, forget_outcomes, furnish};
use crate::background::{Background, Task};
use crate::backup::{self, Keeper, Restoration};
use crate::data_dir::{DataDir, Lock};
use crate::outside::{self, WEBHOOK_PATH};
use crate::pages::{self, Health, MailboxPage};
use crate::roles;
use crate::secrets::{Credentials, Secrets};
use crate::serve::{limits, listen};
use crate::settings::{PaymentProvider, Settings};
use crate::{documentation, observe};

/// What is kept, opened.
struct Kept {
    log: EventLog,
    views: Views,
    vault: Vault,
    intents: Intents,
    calls: CallLog,
}

pub async fn open(settings: &Settings) -> anyhow::Result<Shop> {
    let dir = DataDir::create(&settings.data_dir)?;
    let lock = Lock::take(&dir)?;
    let is_new = !dir.log().exists();
    let secrets = Secrets::load_or_make(&dir.secrets())?;
    let credentials = Credentials::load_or_make(&dir.credentials())?;
    let listener = listen(settings.listen).await?;
    let address = listener
        .local_addr()
        .context("the address that is listened on can't be told")?;
    let url = format!("http://{address}");

    let kept = keep(&dir, &secrets).await?;
    let sandbox = match settings.payments.provider {
        PaymentProvider::Sandbox => {
            let stop = CancellationToken::new();
            let webhook = format!("{url}{WEBHOOK_PATH}");
            let sandbox = outside::sandbox(settings, &dir, &secrets, webhook, stop.clone()).await?;
            Some((sandbox, stop))
        }
        PaymentProvider::Stripe => None,
    };
    let restoration = Restoration::pending(&dir)?;
    let gate = restoration.as_ref().map(Restoration::gate);
    let executor = Executor::new(kept.log.clone());
    let blobs = outside::writable_blobs(settings, &dir).await?;
    let commands = roles::command_deps(
        settings,
        &secrets,
        executor.clone(),
        kept.vault.clone(),
        &kept.calls,
        blobs.clone(),
    )?;
    create_admin(&commands, &credentials).await?;
    furnish(&executor, settings).await?;

    let projectors = ProjectorDeps {
        feed: Feed::tail(kept.log.clone()),
        log: kept.log.clone(),
        views: kept.views.clone(),
    };
    let sandbox_url = sandbox.as_ref().map(|(sandbox, _)| sandbox.base_url.as_str());
    let workers = WorkerDeps {
        feed: Feed::tail(kept.log.clone()),
        executor,
        intents: kept.intents,
        gateway: outside::gateway(settings, &secrets, sandbox_url)?,
        transport: outside::transport(settings, &dir)?,
        blobs: blobs.clone(),
        identity: outside::identity(settings, &settings.public_url(address))?,
        vault: kept.vault.clone(),
        chain: outside::chain(settings, &kept.calls)?,
        lease: Lease::always(),
    };
    let reconciliation = workers.reconciliation();
    let queries = QueryDeps::new(
        kept.views.clone(),
        kept.vault.clone(),
        commands.tokens.clone(),
        blobs.clone(),
        settings.currency,
    )
    .with_calls(kept.calls.clone());
    let stopping = CancellationToken::new();
    let mut health = Health::default()
        .with_log(kept.log.clone())
        .with_views(kept.views.clone())
        .stopping_with(stopping.clone());
    let mailbox = outside::mailbox(settings, &dir, &secrets);
    let mailbox_url = mailbox.as_ref().map(|page| page.url(&url));
    let mut background = Background::default();
    background.start("forgetting", |stop| forget_outcomes(kept.log.clone(), stop));
    background.start("metrics of the log", |stop| observe::log(kept.log.clone(), stop));
    background.start("metrics of the views", |stop| {
        observe::projections(kept.log.clone(), kept.views.clone(), stop)
    });
    background.start("metrics of the chain", |stop| {
        crate::observe_chain::chain(kept.views.clone(), kept.calls.clone(), stop)
    });
    if let Some(keeper) = Keeper::of(settings, &dir, &kept.log, &blobs).await? {
        let state = keeper.state();
        health = health.with_backups(state.clone());
        background.start("age of the backups", |stop| backup::observe(state, stop));
        background.start("backups", |stop| keeper.run(stop));
    }
    if let Some(gate) = &gate {
        health = health.restoring_until(gate.clone());
    }
    let roles = Roles {
        projectors: Task::start("projectors", |stop| projectors::run(projectors, stop)),
        workers: Task::start("workers", |stop| async move {
            let knows_all = match restoration {
                Some(restoration) => restoration.run(reconciliation, &stop).await,
                None => true,
            };
            if knows_all {
                workers::run(workers, stop).await;
            }
        }),
        background,
        sandbox,
    };
    Ok(Shop {
        app: app(settings, commands, gate.as_ref(), queries, health, mailbox),
        dir,
        is_new,
        credentials,
        url,
        mailbox_url,
        listener,
        log: kept.log,
        views: kept.views,
        vault: kept.vault,
        calls: kept.calls,
        roles,
        stopping,
        _lock: lock,
    })
}

async fn keep(dir: &DataDir, secrets: &Secrets) -> anyhow::Result<Kept> {
    let log = EventLog::open_sqlite(&dir.log(), LogOptions::default()).await?;
    Ok(Kept {
        intents: Intents::open_sqlite(&dir.work(), log.head().await?, Clock::System).await?,
        views: Views::open_sqlite(&dir.views()).await?,
        vault: Vault::open_sqlite(&dir.vault(), secrets.vault()?).await?,
        calls: CallLog::open_sqlite(&dir.calls()).await?,
        log,
    })
}

fn app(
    settings: &Settings,
    commands: CommandDeps,
    gate: Option<&Gate>,
    queries: QueryDeps,
    health: Health,
    mailbox: Option<MailboxPage>,
) -> Router {
    let (command_routes, command_document) = command_api::router(commands);
    let command_routes = match gate {
        Some(gate) => gate.before(command_routes),
        None => command_routes,
    };
    let (query_routes, query_document) = query_api::router(queries);
    let mut routes = query_routes
        .merge(command_routes)
        .merge(health.routes())
        .merge(pages::metrics())
        .merge(pages::front(&settings.shop_name))
        .merge(pages::token_forms());
    if let Some(mailbox) = mailbox {
        routes = routes.merge(mailbox.routes());
    }
    // The documentation's page needs the slash at its end that the layers take away.
    let document = documentation::document(settings, command_document, query_document);
    pages::documentation(document).fallback_service(layers::wrap(routes, limits(settings)))
}
