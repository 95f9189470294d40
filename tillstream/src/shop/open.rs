//! Opening a shop: its files, its adapters as the settings choose them, its roles.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use command_api::{Clock, CommandDeps, PasswordSettings, Passwords};
use executor::Executor;
use payment_sandbox::{Sandbox, SandboxSettings, WebhookTarget};
use platform::event_log::{EventLog, LogOptions};
use platform::feed::Feed;
use platform::vault::Vault;
use projectors::ProjectorDeps;
use query_api::QueryDeps;
use read_models::Views;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::{Info, OpenApi};
use web::layers::{self, Limits};
use web::tokens::AccessTokens;
use workers::WorkerDeps;
use workers::clock::Clock as WorkerClock;
use workers::email::{MailTransport, ShopIdentity, SmtpCredentials, SmtpSettings, SmtpTls};
use workers::gateway::{PaymentGateway, StripeGateway, StripeSettings};
use workers::intents::Intents;
use workers::mailbox::Mailbox;

use super::{Role, Roles, Shop, forget_outcomes, furnish, listen};
use crate::data_dir::{DataDir, Lock};
use crate::pages::{self, Health, MailboxPage};
use crate::secrets::{Credentials, Secrets};
use crate::settings::{self, MailTransport as Transport, PaymentProvider, Settings};

/// Where the payment provider reports to.
const WEBHOOK_PATH: &str = "/api/payments/webhooks/stripe";
/// How long the sandbox's hanging cards hang: past the shop's own patience.
const SANDBOX_HANG_S: u64 = 5;
/// How long its slow cards take.
const SANDBOX_PROCESSING: Duration = Duration::from_secs(2);

/// What is kept, opened.
struct Kept {
    log: EventLog,
    views: Views,
    vault: Vault,
    intents: Intents,
}

/// What stands between the shop and the payment provider.
struct Payments {
    gateway: PaymentGateway,
    webhook_secret: String,
    sandbox: Option<(Sandbox, CancellationToken)>,
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
    let executor = Executor::new(kept.log.clone());
    let payments = payments(settings, &dir, &secrets, &url).await?;
    let tokens = AccessTokens::new(&secrets.access_tokens()?)?;
    let commands = CommandDeps {
        executor: executor.clone(),
        vault: kept.vault.clone(),
        tokens: tokens.clone(),
        passwords: Passwords::new(PasswordSettings::default())?,
        clock: Clock::system(),
        currency: settings.currency,
        order_ttl: Duration::from_secs(u64::from(settings.orders.unpaid_ttl_minutes) * 60),
        webhook_secret: Some(payments.webhook_secret),
        fingerprint_secret: secrets.fingerprints()?,
    };
    let admin = &credentials.admin;
    command_api::accounts::create_admin(&commands, &admin.username, &admin.email, &admin.password)
        .await
        .map_err(|error| anyhow::anyhow!("the admin's account can't be made: {error}"))?;
    furnish(&executor, settings).await?;

    let projectors = ProjectorDeps {
        feed: Feed::tail(kept.log.clone()),
        log: kept.log.clone(),
        views: kept.views.clone(),
    };
    let workers = WorkerDeps {
        feed: Feed::tail(kept.log.clone()),
        executor,
        intents: kept.intents,
        gateway: payments.gateway,
        transport: transport(settings, &dir)?,
        identity: identity(settings, &settings.public_url(address))?,
        vault: kept.vault.clone(),
    };
    let queries = QueryDeps::new(kept.views.clone(), kept.vault.clone(), tokens, settings.currency);
    let stopping = CancellationToken::new();
    let health = Health {
        log: kept.log.clone(),
        views: kept.views.clone(),
        stopping: stopping.clone(),
    };
    let mailbox = mailbox(settings, &dir, &secrets);
    let mailbox_url = mailbox.as_ref().map(|page| page.url(&url));
    let forgotten = kept.log.clone();
    let roles = Roles {
        projectors: Role::start(|stop| projectors::run(projectors, stop)),
        workers: Role::start(|stop| workers::run(workers, stop)),
        forgetting: Role::start(|stop| forget_outcomes(forgotten, stop)),
        sandbox: payments.sandbox,
    };
    Ok(Shop {
        app: app(settings, commands, queries, health, mailbox),
        dir,
        is_new,
        credentials,
        url,
        mailbox_url,
        listener,
        log: kept.log,
        views: kept.views,
        vault: kept.vault,
        roles,
        stopping,
        _lock: lock,
    })
}

async fn keep(dir: &DataDir, secrets: &Secrets) -> anyhow::Result<Kept> {
    let log = EventLog::open_sqlite(&dir.log(), LogOptions::default()).await?;
    Ok(Kept {
        intents: Intents::open_sqlite(&dir.work(), log.head().await?, WorkerClock::System).await?,
        views: Views::open_sqlite(&dir.views()).await?,
        vault: Vault::open_sqlite(&dir.vault(), secrets.vault()?).await?,
        log,
    })
}

async fn payments(
    settings: &Settings,
    dir: &DataDir,
    secrets: &Secrets,
    url: &str,
) -> anyhow::Result<Payments> {
    let request_timeout = Duration::from_secs(u64::from(settings.payments.request_timeout_s));
    let (stripe, webhook_secret, sandbox) = match settings.payments.provider {
        PaymentProvider::Sandbox => {
            let (sandbox, stop) = sandbox(settings, dir, secrets, url, request_timeout).await?;
            let stripe = StripeSettings {
                base_url: sandbox.base_url.clone(),
                secret_key: secrets.sandbox_key.clone(),
                request_timeout,
            };
            (stripe, secrets.sandbox_webhook.clone(), Some((sandbox, stop)))
        }
        PaymentProvider::Stripe => {
            let given = &settings.payments.stripe;
            let reveal = |secret: &Option<settings::Secret>| {
                secret
                    .as_ref()
                    .map(|secret| secret.reveal().to_owned())
                    .unwrap_or_default() // checked at start
            };
            let stripe = StripeSettings {
                base_url: given.base_url.clone(),
                secret_key: reveal(&given.secret_key),
                request_timeout,
            };
            (stripe, reveal(&given.webhook_secret), None)
        }
    };
    let gateway = PaymentGateway::Stripe(StripeGateway::new(stripe)?);
    Ok(Payments {
        gateway,
        webhook_secret,
        sandbox,
    })
}

async fn sandbox(
    settings: &Settings,
    dir: &DataDir,
    secrets: &Secrets,
    url: &str,
    request_timeout: Duration,
) -> anyhow::Result<(Sandbox, CancellationToken)> {
    let stop = CancellationToken::new();
    let sandbox = SandboxSettings {
        database: dir.sandbox(),
        listen: settings.payments.sandbox_listen,
        secret_key: secrets.sandbox_key.clone(),
        webhook: Some(WebhookTarget {
            url: format!("{url}{WEBHOOK_PATH}"),
            secret: secrets.sandbox_webhook.clone(),
        }),
        hang: request_timeout + Duration::from_secs(SANDBOX_HANG_S),
        processing_delay: SANDBOX_PROCESSING,
    };
    let sandbox = payment_sandbox::start(sandbox, stop.clone()).await?;
    Ok((sandbox, stop))
}

fn transport(settings: &Settings, dir: &DataDir) -> anyhow::Result<MailTransport> {
    if settings.mail.transport == Transport::Folder {
        return Ok(MailTransport::folder(&dir.mailbox())?);
    }
    let smtp = &settings.mail.smtp;
    let credentials = smtp.username.clone().zip(smtp.password.as_ref());
    let smtp = SmtpSettings {
        host: smtp.host.clone(),
        port: smtp.port,
        tls: match smtp.tls {
            settings::SmtpTls::None => SmtpTls::None,
            settings::SmtpTls::StartTls => SmtpTls::StartTls,
            settings::SmtpTls::Tls => SmtpTls::Implicit,
        },
        credentials: credentials.map(|(username, password)| SmtpCredentials {
            username,
            password: password.reveal().to_owned(),
        }),
    };
    Ok(MailTransport::smtp(smtp)?)
}

fn identity(settings: &Settings, public_url: &str) -> anyhow::Result<ShopIdentity> {
    let reset = format!("{public_url}{}", pages::PASSWORD_RESET_PATH);
    Ok(ShopIdentity::new(
        &settings.shop_name,
        &settings.mail.sender,
        public_url,
        &reset,
    )?)
}

fn mailbox(settings: &Settings, dir: &DataDir, secrets: &Secrets) -> Option<MailboxPage> {
    let folder: PathBuf = dir.mailbox();
    let shown = settings.mail.transport == Transport::Folder;
    shown.then(|| MailboxPage::new(Mailbox::new(&folder), secrets.mailbox.clone()))
}

fn app(
    settings: &Settings,
    commands: CommandDeps,
    queries: QueryDeps,
    health: Health,
    mailbox: Option<MailboxPage>,
) -> Router {
    let (command_routes, command_document) = command_api::router(commands);
    let (query_routes, query_document) = query_api::router(queries);
    let mut routes = query_routes
        .merge(command_routes)
        .merge(health.routes())
        .merge(pages::front(&settings.shop_name))
        .merge(pages::password_reset());
    if let Some(mailbox) = mailbox {
        routes = routes.merge(mailbox.routes());
    }
    let limits = Limits {
        max_body_bytes: settings.limits.max_body_kib as usize * 1024,
        timeout: Duration::from_secs(u64::from(settings.limits.request_timeout_s)),
    };
    // The documentation's page needs the slash at its end that the layers take away.
    let documentation = pages::documentation(document(settings, command_document, query_document));
    documentation.fallback_service(layers::wrap(routes, limits))
}

/// One document for both APIs, as clients see one origin.
fn document(settings: &Settings, commands: OpenApi, queries: OpenApi) -> OpenApi {
    let mut document = queries;
    document.merge(commands);
    let about = "Commands (POST, PUT, PATCH, DELETE) answer with `Tillstream-Position`; send it back as \
                 `Tillstream-Min-Position` with a query to read your own write.";
    document.info = Info::builder()
        .title(&settings.shop_name)
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(about))
        .build();
    document
}
