//! What the command API is given at its start, and what each handler takes of it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use chrono::TimeDelta;
use events::money::Currency;
use executor::Executor;
use platform::blobs::BlobStore;
use platform::call_log::CallLog;
use platform::vault::Vault;
use web::api_keys::ApiKeys;
use web::pace::Pace;
use web::tokens::AccessTokens;

use crate::batch::Batches;
use crate::clients::{ClientLimits, Clients};
use crate::commands::Commands;
use crate::key_ring::LogKeyRing;
use crate::passwords::Passwords;
use crate::personal_data::PersonalData;
use crate::throttle::Throttles;
use crate::upload::{ImageLimits, Uploads};
use platform::clock::Clock;

/// How long an unpaid order keeps its goods, unless the shop says otherwise: a card that needs its
/// owner's confirmation has it by then.
pub const ORDER_TTL: Duration = Duration::from_mins(30);

/// What the shop keeps of its sellers' sales, unless it says otherwise: 5 %, in basis points.
pub const FEE_BPS: u32 = 500;

/// Everything that the command API needs. Cheap to clone.
#[derive(Clone)]
pub struct CommandDeps {
    pub executor: Executor,
    pub vault: Vault,
    pub tokens: AccessTokens,
    pub passwords: Passwords,
    pub clock: Clock,
    /// The currency of amounts that come without one.
    pub currency: Currency,
    /// How long an unpaid order keeps its goods; [`ORDER_TTL`] by default.
    pub order_ttl: Duration,
    /// What the shop keeps of its sellers' sales, in basis points; [`FEE_BPS`] by default.
    pub fee_bps: u32,
    /// What concerns a chain of shops.
    pub chain: ChainDeps,
    /// What one client may begin without saying who it is.
    pub clients: ClientLimits,
    /// Whether the shop is reached over TLS, so that its cookies go no other way.
    pub secure_cookies: bool,
    /// Where uploads are kept.
    pub blobs: BlobStore,
    pub image_limits: ImageLimits,
    /// The least that an upload must do.
    pub upload_pace: Pace,
    /// What the payment provider signs its webhooks with; without it there are none.
    pub webhook_secret: Option<String>,
    /// Keys the fingerprints of requests, which are kept with their idempotency keys: without it, a fingerprint
    /// of a request with a password in it would let whoever reads the log guess at the password.
    pub fingerprint_secret: [u8; 32],
}

/// What the command API needs in a shop of a chain, headquarters or branch.
#[derive(Clone, Default)]
pub struct ChainDeps {
    /// Where the calls of branches are kept; nowhere, if missing.
    pub calls: Option<CallLog>,
    /// Whether this shop has a headquarters that it reports to.
    pub is_branch: bool,
}

impl CommandDeps {
    pub(crate) fn commands(&self) -> Commands {
        Commands::new(self.executor.clone(), self.clock.clone(), self.fingerprint_secret)
    }

    pub(crate) fn personal_data(&self) -> PersonalData {
        PersonalData::new(self.vault.clone())
    }

    pub(crate) fn into_state(self) -> ApiState {
        let terms = Terms {
            currency: self.currency,
            fee_bps: self.fee_bps,
            is_branch: self.chain.is_branch,
            // Proof: nobody configures a time to live of 292 million years.
            order_ttl: TimeDelta::from_std(self.order_ttl).unwrap_or(TimeDelta::MAX),
        };
        ApiState {
            commands: self.commands(),
            personal_data: self.personal_data(),
            api_keys: ApiKeys::new(LogKeyRing(self.commands())),
            tokens: self.tokens,
            passwords: self.passwords,
            terms,
            cookies: Cookies {
                secure: self.secure_cookies,
            },
            uploads: Uploads::new(self.blobs, self.image_limits, self.upload_pace),
            webhook_secret: WebhookSecret(self.webhook_secret.map(Into::into)),
            throttles: Arc::default(),
            clients: Clients::new(self.clients),
            batches: Batches::new(self.upload_pace),
        }
    }
}

/// How this shop sells.
#[derive(Clone, Copy)]
pub struct Terms {
    pub currency: Currency,
    /// Of what sellers sell, in basis points.
    pub fee_bps: u32,
    pub order_ttl: TimeDelta,
    /// Whether it has a headquarters.
    pub is_branch: bool,
}

/// How cookies are set.
#[derive(Clone, Copy)]
pub struct Cookies {
    /// Over TLS only.
    pub secure: bool,
}

/// What the payment provider signs with.
#[derive(Clone)]
pub struct WebhookSecret(pub Option<Arc<str>>);

/// The router's state; handlers take its parts.
#[derive(Clone)]
pub struct ApiState {
    commands: Commands,
    personal_data: PersonalData,
    tokens: AccessTokens,
    api_keys: ApiKeys,
    passwords: Passwords,
    terms: Terms,
    cookies: Cookies,
    uploads: Uploads,
    webhook_secret: WebhookSecret,
    throttles: Arc<Throttles>,
    clients: Clients,
    batches: Batches,
}

macro_rules! parts {
    ($($field:ident: $part:ty,)+) => {$(
        impl FromRef<ApiState> for $part {
            fn from_ref(state: &ApiState) -> Self {
                state.$field.clone()
            }
        }
    )+};
}

parts! {
    commands: Commands,
    personal_data: PersonalData,
    tokens: AccessTokens,
    api_keys: ApiKeys,
    passwords: Passwords,
    terms: Terms,
    cookies: Cookies,
    uploads: Uploads,
    webhook_secret: WebhookSecret,
    throttles: Arc<Throttles>,
    clients: Clients,
    batches: Batches,
}
