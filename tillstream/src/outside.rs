//! What stands between the shop and the outside world: the payment provider, the mail server, the mailbox page, the blobs.

use std::time::Duration;

use anyhow::Context;
use payment_sandbox::{Sandbox, SandboxSettings, WebhookTarget};
use platform::blobs::{BlobError, BlobStore};
use platform::call_log::CallLog;
use platform::clock::Clock;
use tokio_util::sync::CancellationToken;
use workers::chain::ChainDeps;
use workers::email::{MailTransport, ShopIdentity, SmtpCredentials, SmtpSettings, SmtpTls};
use workers::gateway::{PaymentGateway, StripeGateway, StripeSettings};
use workers::mailbox::Mailbox;

use crate::data_dir::DataDir;
use crate::pages::{self, MailboxPage};
use crate::secrets::Secrets;
use crate::settings::{self, MailTransport as Transport, PaymentProvider, Settings};

/// Where the payment provider reports to.
pub const WEBHOOK_PATH: &str = "/api/payments/webhooks/stripe";
/// How long the sandbox's hanging cards hang: past the shop's own patience.
const SANDBOX_HANG: Duration = Duration::from_secs(5);
/// How long its slow cards take.
const SANDBOX_PROCESSING: Duration = Duration::from_secs(2);

fn request_timeout(settings: &Settings) -> Duration {
    Duration::from_secs(u64::from(settings.payments.request_timeout_s))
}

/// What signs the provider's webhooks.
pub fn webhook_secret(settings: &Settings, secrets: &Secrets) -> String {
    match settings.payments.provider {
        PaymentProvider::Sandbox => secrets.sandbox_webhook.clone(),
        PaymentProvider::Stripe => reveal(settings.payments.stripe.webhook_secret.as_ref()),
    }
}

/// The payment provider; `sandbox_url` is where the sandbox answers, if that is the one.
pub fn gateway(
    settings: &Settings,
    secrets: &Secrets,
    sandbox_url: Option<&str>,
) -> anyhow::Result<PaymentGateway> {
    let request_timeout = request_timeout(settings);
    let stripe = match settings.payments.provider {
        PaymentProvider::Sandbox => StripeSettings {
            base_url: sandbox_url
                .context("payments.sandbox_url is missing, and payments.provider is sandbox")?
                .to_owned(),
            secret_key: secrets.sandbox_key.clone(),
            request_timeout,
        },
        PaymentProvider::Stripe => StripeSettings {
            base_url: settings.payments.stripe.base_url.clone(),
            secret_key: reveal(settings.payments.stripe.secret_key.as_ref()),
            request_timeout,
        },
    };
    Ok(PaymentGateway::Stripe(StripeGateway::new(stripe)?))
}

/// Empty if missing, which the settings were checked for.
fn reveal(secret: Option<&settings::Secret>) -> String {
    secret
        .map(|secret| secret.reveal().to_owned())
        .unwrap_or_default()
}

/// Starts the sandbox, which reports to `webhook_url`.
pub async fn sandbox(
    settings: &Settings,
    dir: &DataDir,
    secrets: &Secrets,
    webhook_url: String,
    stop: CancellationToken,
) -> anyhow::Result<Sandbox> {
    let sandbox = SandboxSettings {
        database: settings.sandbox_database(dir),
        listen: settings.payments.sandbox_listen,
        secret_key: secrets.sandbox_key.clone(),
        webhook: Some(WebhookTarget {
            url: webhook_url,
            secret: secrets.sandbox_webhook.clone(),
        }),
        hang: request_timeout(settings) + SANDBOX_HANG,
        processing_delay: SANDBOX_PROCESSING,
    };
    Ok(payment_sandbox::start(sandbox, stop).await?)
}

pub fn transport(settings: &Settings, dir: &DataDir) -> anyhow::Result<MailTransport> {
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

/// What a branch of a chain does for its headquarters; none in a shop that is no branch.
pub fn chain(settings: &Settings, calls: &CallLog) -> anyhow::Result<Option<ChainDeps>> {
    let Some(chain) = settings.chain.for_workers(settings.currency)? else {
        return Ok(None);
    };
    Ok(Some(ChainDeps::new(chain, calls.clone(), Clock::System)?))
}

pub fn identity(settings: &Settings, public_url: &str) -> anyhow::Result<ShopIdentity> {
    let reset = format!("{public_url}{}", pages::PASSWORD_RESET_PATH);
    let verification = format!("{public_url}{}", pages::EMAIL_VERIFICATION_PATH);
    Ok(ShopIdentity::new(
        &settings.shop_name,
        &settings.mail.sender,
        public_url,
        &reset,
        &verification,
    )?)
}

/// Where images are kept. A folder is made if it isn't there.
pub fn blobs(settings: &Settings, dir: &DataDir) -> anyhow::Result<BlobStore> {
    let place = settings.blobs.place(dir.path())?;
    BlobStore::open(&place).context("the settings of blobs are wrong, or their place can't be reached")
}

/// The same, asked whether it is ours; for whoever writes there. A bucket that doesn't answer now may do so later.
pub async fn writable_blobs(settings: &Settings, dir: &DataDir) -> anyhow::Result<BlobStore> {
    let blobs = blobs(settings, dir)?;
    match blobs.check().await {
        Err(error @ BlobError::Refused { .. }) => {
            Err(error).context("blobs.url, blobs.access_key_id or blobs.secret_access_key is wrong")
        }
        Err(error) => {
            tracing::warn!(%error, "the place of the images doesn't answer; uploads fail until it does");
            Ok(blobs)
        }
        Ok(()) => Ok(blobs),
    }
}

/// The page that shows the mailbox, if emails go into a folder.
pub fn mailbox(settings: &Settings, dir: &DataDir, secrets: &Secrets) -> Option<MailboxPage> {
    let shown = settings.mail.transport == Transport::Folder;
    shown.then(|| MailboxPage::new(Mailbox::new(&dir.mailbox()), secrets.mailbox.clone()))
}
