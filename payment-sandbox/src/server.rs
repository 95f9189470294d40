//! The HTTP server: its life from start to join, who may call it, and how many at once. What a call does is left to
//! `routes`; what happens without a call, to `background`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::audit::ChargeRecord;
use crate::background;
use crate::error::{SandboxError, StripeError};
use crate::execution::KeysInUse;
use crate::objects::new_id;
use crate::routes;
use crate::settings::{SandboxSettings, WebhookTarget};
use crate::store::Store;

/// Beyond this many requests at once the sandbox answers 429, as Stripe does; those that hang count too.
const MAX_REQUESTS_AT_ONCE: usize = 1024;
/// Names a request in the caller's logs, as at Stripe.
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// What every request and background task shares.
pub(crate) struct Server {
    pub store: Store,
    pub keys_in_use: KeysInUse,
    pub processing_delay: Duration,
    /// Tells the background tasks that the books changed.
    pub wake: watch::Sender<()>,
    pub webhook: watch::Sender<Option<WebhookTarget>>,
    pub shutdown: CancellationToken,
    hang: Duration,
    secret_key_hash: [u8; 32],
    permits: Semaphore,
}

impl Server {
    /// Waits past the caller's patience, or until the sandbox stops.
    pub async fn hang(&self) {
        tokio::select! {
            () = tokio::time::sleep(self.hang) => {}
            () = self.shutdown.cancelled() => {}
        }
    }

    /// Compares hashes, so that the time it takes tells nothing about the key.
    fn knows(&self, secret_key: &str) -> bool {
        hash(secret_key) == self.secret_key_hash
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// A running sandbox. Cancel the token given to [`start`], then [`Sandbox::join`] it.
pub struct Sandbox {
    /// `http://address:port`, without a slash at the end.
    pub base_url: String,
    database: PathBuf,
    server: Arc<Server>,
    serving: JoinHandle<Result<(), std::io::Error>>,
    background: Vec<JoinHandle<()>>,
}

/// Opens the books and begins to listen. Events that were not delivered before are delivered now, and what was to
/// settle meanwhile settles.
pub async fn start(settings: SandboxSettings, shutdown: CancellationToken) -> Result<Sandbox, SandboxError> {
    settings.check()?;
    let client = background::client()?;
    let store = Store::open(&settings.database).await?;
    let listener = listen(settings.listen).await?;
    let address = listener.local_addr().map_err(|source| SandboxError::Listen {
        address: settings.listen,
        source,
    })?;
    let server = Arc::new(Server {
        store,
        keys_in_use: KeysInUse::default(),
        processing_delay: settings.processing_delay,
        wake: watch::Sender::new(()),
        webhook: watch::Sender::new(settings.webhook),
        shutdown: shutdown.clone(),
        hang: settings.hang,
        secret_key_hash: hash(&settings.secret_key),
        permits: Semaphore::new(MAX_REQUESTS_AT_ONCE),
    });
    let router = routes::router(Arc::clone(&server));
    let serving = tokio::spawn(
        axum::serve(listener, router)
            .with_graceful_shutdown(shutdown.cancelled_owned())
            .into_future(),
    );
    let background = vec![
        tokio::spawn(background::settle_late(Arc::clone(&server))),
        tokio::spawn(background::deliver_events(Arc::clone(&server), client)),
    ];
    tracing::info!(address = %address, database = %settings.database.display(), "payment sandbox listens");
    Ok(Sandbox {
        base_url: format!("http://{address}"),
        database: settings.database,
        server,
        serving,
        background,
    })
}

async fn listen(address: SocketAddr) -> Result<TcpListener, SandboxError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| SandboxError::Listen { address, source })
}

impl Sandbox {
    /// Where events go from now on; those that waited for a target go there too.
    pub fn set_webhook_target(&self, target: WebhookTarget) -> Result<(), SandboxError> {
        target.check()?;
        self.server.webhook.send_replace(Some(target));
        self.server.wake.send_replace(());
        Ok(())
    }

    /// Every succeeded charge, oldest first, as [`crate::audit()`] reads it from the file.
    pub async fn charges(&self) -> Result<Vec<ChargeRecord>, SandboxError> {
        crate::audit(&self.database).await
    }

    /// Waits until the requests and tasks in progress have ended, then closes the books.
    pub async fn join(self) -> Result<(), SandboxError> {
        self.serving.await?.map_err(SandboxError::Serve)?;
        for task in self.background {
            task.await?;
        }
        self.server.store.close().await;
        Ok(())
    }
}

/// Lets through who bears the secret key, up to the bound, and names each answer.
pub(crate) async fn admit(
    State(server): State<Arc<Server>>,
    request: Request,
    next: Next,
) -> Result<Response, StripeError> {
    let _permit = server
        .permits
        .try_acquire()
        .map_err(|_| StripeError::rate_limited())?;
    authenticate(&server, &request)?;
    let mut response = next.run(request).await;
    if let Ok(id) = HeaderValue::from_str(&new_id("req")) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    Ok(response)
}

fn authenticate(server: &Server, request: &Request) -> Result<(), StripeError> {
    let bearer = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .ok_or_else(|| {
            StripeError::unauthorized("You did not provide an API key: send it as Bearer auth.")
        })?;
    if server.knows(bearer) {
        Ok(())
    } else {
        Err(StripeError::unauthorized("Invalid API Key provided."))
    }
}
