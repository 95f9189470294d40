//! The command API: HTTP → domain → event log.
//!
//! Each endpoint is a file under `routes` that takes a request apart, makes a command of it, sends
//! it to the executor and answers. What a command may do is the domain's; that it runs once, and is
//! in the log before it is answered, is the executor's; nothing in here reads a view.

pub mod accounts;
mod answer;
mod batch;
mod body;
mod branch_caller;
mod branch_token;
mod call_recorder;
mod clients;
mod commands;
mod contact;
mod deps;
mod email_verification;
mod emailed_link;
mod errors;
mod gate;
mod guest_cart;
mod incoming;
mod key_ring;
mod moderation;
mod only_sku;
mod passwords;
mod personal_data;
mod problems;
mod routes;
mod secret_token;
mod sessions;
mod throttle;
mod upload;
mod validation;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use web::layers::{self, Limits};
use web::pace::Pace;
use web::scopes;

use call_recorder::CallRecorder;
pub use clients::ClientLimits;
pub use deps::{ChainDeps, CommandDeps, FEE_BPS, ORDER_TTL};
pub use errors::ApiError;
pub use gate::Gate;
pub use passwords::{PasswordError, PasswordSettings, Passwords};
pub use upload::{ImageLimits, MAX_BYTES as IMAGE_MAX_BYTES, MAX_PIXELS as IMAGE_MAX_PIXELS};

/// How long requests that are under way may take after the order to stop: as long as any may.
const DRAIN_TIMEOUT: Duration = layers::REQUEST_TIMEOUT;

#[derive(OpenApi)]
#[openapi(
    info(title = "Tillstream commands", description = "Everything that changes the shop."),
    components(schemas(web::Problem)),
    modifiers(&BearerScheme)
)]
struct Document;

struct BearerScheme;

impl utoipa::Modify for BearerScheme {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(problems::BEARER, scheme);
    }
}

/// The document alone, for a process that doesn't serve the routes.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = documented(CallRecorder::default()).into_openapi();
    scopes::describe(&mut document);
    document
}

fn documented(calls: CallRecorder) -> utoipa_axum::router::OpenApiRouter<deps::ApiState> {
    utoipa_axum::router::OpenApiRouter::with_openapi(Document::openapi()).merge(routes::all(calls))
}

/// All routes, and the document that describes them; neither can have a route that the other lacks.
///
/// Without the layers around it: [`layers::wrap`] is called once, on all routes of a process.
pub fn router(deps: CommandDeps) -> (axum::Router, utoipa::openapi::OpenApi) {
    let calls = CallRecorder(deps.chain.calls.clone());
    let (router, mut document) = documented(calls).split_for_parts();
    scopes::describe(&mut document);
    (router.with_state(deps.into_state()), document)
}

/// The routes whose bodies may take long, for [`layers::Limits`]; they see to it that those keep coming.
pub const UPLOAD_ROUTES: &[&str] = &["/api/products/{id}/images", "/api/products/batch"];

/// The longest that an upload can take to come in at this pace, when images are at most so many bytes long.
pub fn longest_upload(pace: Pace, image_max_bytes: usize) -> Duration {
    pace.longest(image_max_bytes.max(batch::BODY_MAX_BYTES))
}

/// Serves until `shutdown`, then answers what is under way and returns.
pub async fn run(
    deps: CommandDeps,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let (routes, _) = router(deps);
    let app = layers::wrap(routes, Limits::default());
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, app).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    tokio::select! {
        served = serving.into_future() => served,
        () = drained(&shutdown) => {
            tracing::warn!("requests were still under way at the end of the drain");
            Ok(())
        }
    }
}

async fn drained(shutdown: &CancellationToken) {
    shutdown.cancelled().await;
    tokio::time::sleep(DRAIN_TIMEOUT).await;
}
