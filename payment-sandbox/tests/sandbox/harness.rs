//! Starts a sandbox on a fresh file, talks to it, and receives its webhooks.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use payment_sandbox::{Sandbox, SandboxSettings, WebhookTarget, start};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub const SECRET_KEY: &str = "sk_test_sandbox";
pub const WEBHOOK_SECRET: &str = "whsec_sandbox";
/// Nothing in a test takes this long unless it never comes.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub fn settings(database: PathBuf) -> SandboxSettings {
    SandboxSettings {
        database,
        listen: "127.0.0.1:0".parse().unwrap(),
        secret_key: SECRET_KEY.to_owned(),
        webhook: None,
        // An hour: an answer that comes at all did not hang.
        hang: Duration::from_hours(1),
        processing_delay: Duration::from_millis(50),
    }
}

/// A running sandbox with its own file.
pub struct Running {
    pub sandbox: Sandbox,
    pub client: Client,
    pub database: PathBuf,
    shutdown: CancellationToken,
    directory: TempDir,
}

pub async fn running() -> Running {
    running_in(tempfile::tempdir().unwrap(), |_| {}).await
}

pub async fn running_with(change: impl FnOnce(&mut SandboxSettings)) -> Running {
    running_in(tempfile::tempdir().unwrap(), change).await
}

pub async fn running_in(directory: TempDir, change: impl FnOnce(&mut SandboxSettings)) -> Running {
    let database = directory.path().join("sandbox.sqlite");
    let mut settings = settings(database.clone());
    change(&mut settings);
    let shutdown = CancellationToken::new();
    let sandbox = start(settings, shutdown.clone()).await.unwrap();
    let client = Client::new(&sandbox.base_url);
    Running {
        sandbox,
        client,
        database,
        shutdown,
        directory,
    }
}

impl Running {
    /// Stops it in good order and hands back the folder with its file.
    pub async fn stop(self) -> TempDir {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.sandbox.join())
            .await
            .expect("the sandbox stops")
            .unwrap();
        self.directory
    }
}

/// A caller with the right secret key.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub replayed: bool,
    pub body: Value,
}

impl Client {
    pub fn new(base_url: &str) -> Self {
        Self {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            base_url: base_url.to_owned(),
        }
    }

    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base_url))
            .bearer_auth(SECRET_KEY)
    }

    pub async fn get(&self, path: &str) -> Answer {
        read(self.request(reqwest::Method::GET, path)).await.unwrap()
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        read(self.request(reqwest::Method::POST, path).form(form))
            .await
            .unwrap()
    }

    pub async fn post_with_key(&self, key: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        read(self.keyed(key, path, form)).await.unwrap()
    }

    /// The error of a caller that loses patience, though not before a busy machine has booked the request.
    pub async fn post_impatiently(&self, key: &str, path: &str, form: &[(&str, &str)]) -> reqwest::Error {
        read(self.keyed(key, path, form).timeout(Duration::from_secs(2)))
            .await
            .unwrap_err()
    }

    fn keyed(&self, key: &str, path: &str, form: &[(&str, &str)]) -> reqwest::RequestBuilder {
        self.request(reqwest::Method::POST, path)
            .header("Idempotency-Key", key)
            .form(form)
    }

    /// Charges 12.50 GBP with this method.
    pub async fn pay(&self, method: &str) -> Answer {
        self.post("/v1/payment_intents", &payment(method)).await
    }
}

pub async fn read(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    Ok(Answer {
        status: response.status().as_u16(),
        replayed: response
            .headers()
            .get("Idempotent-Replayed")
            .is_some_and(|value| value == "true"),
        body: response.json().await?,
    })
}

impl Answer {
    pub fn id(&self) -> &str {
        self.body["id"].as_str().expect("an object with an id")
    }

    /// The ids on a page.
    pub fn ids(&self) -> Vec<&str> {
        let data = self.body["data"].as_array().expect("a list");
        data.iter().map(|item| item["id"].as_str().unwrap()).collect()
    }

    #[track_caller]
    pub fn assert_error(&self, status: u16, kind: &str, code: Option<&str>) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.body["error"]["type"], kind, "{}", self.body);
        assert_eq!(self.body["error"]["code"].as_str(), code, "{}", self.body);
    }
}

pub fn payment(method: &str) -> [(&str, &str); 6] {
    [
        ("amount", "1250"),
        ("currency", "gbp"),
        ("payment_method", method),
        ("confirm", "true"),
        ("metadata[attempt_id]", "attempt-1"),
        ("metadata[payment_id]", "payment-1"),
    ]
}

pub async fn succeeded_charges(database: &Path) -> usize {
    payment_sandbox::audit(database).await.unwrap().len()
}

/// A webhook as it arrived.
pub struct Received {
    pub signature: String,
    pub payload: String,
}

impl Received {
    pub fn event(&self) -> Value {
        serde_json::from_str(&self.payload).unwrap()
    }

    pub fn kind(&self) -> String {
        self.event()["type"].as_str().unwrap().to_owned()
    }
}

/// An endpoint that answers with the given statuses, then with 200.
pub struct Endpoint {
    pub target: WebhookTarget,
    received: mpsc::UnboundedReceiver<Received>,
}

struct EndpointState {
    answers: Mutex<VecDeque<StatusCode>>,
    sender: mpsc::UnboundedSender<Received>,
}

pub async fn endpoint(answers: &[StatusCode]) -> Endpoint {
    let (sender, received) = mpsc::unbounded_channel();
    let state = Arc::new(EndpointState {
        answers: Mutex::new(answers.iter().copied().collect()),
        sender,
    });
    let router = Router::new().route("/webhooks", post(receive)).with_state(state);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhooks", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router).into_future());
    Endpoint {
        target: WebhookTarget {
            url,
            secret: WEBHOOK_SECRET.to_owned(),
        },
        received,
    }
}

async fn receive(State(state): State<Arc<EndpointState>>, headers: HeaderMap, payload: String) -> StatusCode {
    let signature = headers["Stripe-Signature"].to_str().unwrap().to_owned();
    state.sender.send(Received { signature, payload }).ok();
    state
        .answers
        .lock()
        .unwrap()
        .pop_front()
        .unwrap_or(StatusCode::OK)
}

impl Endpoint {
    pub async fn next(&mut self) -> Received {
        tokio::time::timeout(PATIENCE, self.received.recv())
            .await
            .expect("a webhook arrives")
            .unwrap()
    }
}
