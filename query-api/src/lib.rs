//! The query API: read models → HTTP. It reads and never writes, and can't name an aggregate.
//!
//! Every answer carries the position of the log that it reflects; a client that names a position
//! gets an answer that reflects it, or learns that it has to wait.

mod answer;
mod branch_watch;
mod category_tree;
mod chart;
mod doer;
mod errors;
mod export;
mod key_ring;
mod late_days;
mod paged;
mod personal_data;
mod reads;
mod report;
mod routes;
mod schema;
mod sentence;

use std::time::Duration;

use axum::Router;
use axum::extract::FromRef;
use events::money::Currency;
use platform::blobs::BlobStore;
use platform::call_log::CallLog;
use platform::vault::Vault;
use read_models::Views;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use web::api_keys::ApiKeys;
use web::layers::{self, Limits};
use web::scopes;
use web::tokens::AccessTokens;

pub use branch_watch::{ChainStanding, WatchError, chain_standing};
use key_ring::ViewKeyRing;
use personal_data::PersonalData;
use reads::Reads;

/// How long a query waits for the position that it was asked for: far longer than a read model lags while all is well,
/// and short enough that a client sees a problem rather than a dead connection.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Everything that the query API needs. Cheap to clone.
#[derive(Clone)]
pub struct QueryDeps {
    pub views: Views,
    pub vault: Vault,
    pub tokens: AccessTokens,
    /// Where the images are.
    pub blobs: BlobStore,
    /// The currency of amounts that come without one.
    pub currency: Currency,
    /// How long a query waits for the position that it was asked for; [`PATIENCE`] by default.
    pub patience: Duration,
    /// The calls between the shops of a chain, if they are kept.
    pub calls: Option<CallLog>,
}

impl QueryDeps {
    pub fn new(
        views: Views,
        vault: Vault,
        tokens: AccessTokens,
        blobs: BlobStore,
        currency: Currency,
    ) -> Self {
        Self {
            views,
            vault,
            tokens,
            blobs,
            currency,
            patience: PATIENCE,
            calls: None,
        }
    }

    /// With the calls between the shops of a chain.
    #[must_use]
    pub fn with_calls(mut self, calls: CallLog) -> Self {
        self.calls = Some(calls);
        self
    }
}

/// The router's state; handlers take its parts.
#[derive(Clone)]
struct ApiState {
    reads: Reads,
    personal_data: PersonalData,
    tokens: AccessTokens,
    blobs: BlobStore,
    api_keys: ApiKeys,
    terms: Terms,
    calls: Option<CallLog>,
}

/// How this shop counts.
#[derive(Clone, Copy)]
struct Terms {
    currency: Currency,
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
    reads: Reads,
    personal_data: PersonalData,
    tokens: AccessTokens,
    blobs: BlobStore,
    api_keys: ApiKeys,
    terms: Terms,
    calls: Option<CallLog>,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Tillstream queries", description = "Everything that can be asked of the shop."),
    components(schemas(web::problem::ProblemDocument)),
    modifiers(&BearerScheme)
)]
struct Document;

struct BearerScheme;

impl utoipa::Modify for BearerScheme {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("bearer", scheme);
    }
}

/// All routes, and the document that describes them; neither can have a route that the other lacks.
///
/// Without the layers around it: [`layers::wrap`] is called once, on all routes of a process.
pub fn router(deps: QueryDeps) -> (Router, utoipa::openapi::OpenApi) {
    let reads = Reads::new(deps.views, deps.patience);
    let state = ApiState {
        api_keys: ApiKeys::new(ViewKeyRing {
            reads: reads.clone(),
            tokens: deps.tokens.clone(),
        }),
        reads,
        personal_data: PersonalData::new(deps.vault),
        tokens: deps.tokens,
        blobs: deps.blobs,
        terms: Terms {
            currency: deps.currency,
        },
        calls: deps.calls,
    };
    let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .merge(routes::all())
        .split_for_parts();
    scopes::describe(&mut document);
    paged::describe(&mut document);
    (router.with_state(state), document)
}

/// Serves until `shutdown`, then answers what is under way and returns.
pub async fn run(deps: QueryDeps, listener: TcpListener, shutdown: CancellationToken) -> std::io::Result<()> {
    let (routes, _) = router(deps);
    let app = layers::wrap(routes, Limits::default());
    axum::serve(listener, app)
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
}
