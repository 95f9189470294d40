//! A provider that has charged more cards than anybody can read through: its search lags, its list doesn't end. All else
//! goes on to the sandbox behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::json;
use tokio::net::TcpListener;
use workers::gateway::PaymentGateway;

/// Long enough for a busy machine to book a charge, short enough to wait for.
const IMPATIENCE: Duration = Duration::from_secs(2);
const BODY_MAX_BYTES: usize = 1024 * 1024;

pub struct Overgrown {
    url: String,
    front: Front,
}

#[derive(Clone)]
struct Front {
    behind: String,
    tells: Arc<AtomicBool>,
    charge_requests: Arc<AtomicUsize>,
    client: reqwest::Client,
}

pub async fn in_front_of(sandbox: &str) -> Overgrown {
    let front = Front {
        behind: sandbox.to_owned(),
        tells: Arc::default(),
        charge_requests: Arc::default(),
        client: reqwest::Client::new(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(any(answer)).with_state(front.clone());
    tokio::spawn(axum::serve(listener, router).into_future());
    Overgrown { url, front }
}

impl Overgrown {
    pub fn impatient_gateway(&self) -> PaymentGateway {
        crate::shop::gateway(&self.url, IMPATIENCE)
    }

    /// From now on its search and its list are those of the sandbox.
    pub fn tell(&self) {
        self.front.tells.store(true, Ordering::SeqCst);
    }

    /// How often it was asked to charge.
    pub fn charge_requests(&self) -> usize {
        self.front.charge_requests.load(Ordering::SeqCst)
    }
}

async fn answer(State(front): State<Front>, request: Request) -> Response {
    let path = request.uri().path();
    if request.method() == Method::POST && path == "/v1/payment_intents" {
        front.charge_requests.fetch_add(1, Ordering::SeqCst);
    }
    let hides = request.method() == Method::GET && !front.tells.load(Ordering::SeqCst);
    match path {
        "/v1/payment_intents/search" if hides => {
            axum::Json(json!({ "data": [], "has_more": false })).into_response()
        }
        "/v1/payment_intents" if hides => {
            let other = json!({ "id": "pi_other", "status": "succeeded" });
            axum::Json(json!({ "data": [other], "has_more": true })).into_response()
        }
        _ => front.pass_on(request).await,
    }
}

impl Front {
    async fn pass_on(&self, request: Request) -> Response {
        let (mut parts, body) = request.into_parts();
        let url = format!("{}{}", self.behind, parts.uri);
        parts.headers.remove("host");
        let body = to_bytes(body, BODY_MAX_BYTES).await.unwrap();
        let passed_on = self
            .client
            .request(parts.method, url)
            .headers(parts.headers)
            .body(body)
            .send()
            .await;
        let Ok(answer) = passed_on else {
            return StatusCode::BAD_GATEWAY.into_response();
        };
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.unwrap();
        (status, headers, Body::from(body)).into_response()
    }
}
