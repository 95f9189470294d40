//! What the clients ask for: the requests of each measurement.

use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use hyper::http::{HeaderName, HeaderValue};
use hyper::{Request, StatusCode, Uri};
use serde_json::json;

use crate::connection::Body;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// One kind of request, of which clients send one after the other.
#[derive(Clone)]
pub enum Work {
    /// These paths in turn.
    Get(Arc<[Uri]>),
    /// Orders of one unit of these SKUs in turn, by these buyers' access tokens.
    Order {
        skus: Arc<[String]>,
        tokens: Arc<[HeaderValue]>,
    },
}

/// Which request of which client: what makes one differ from the other.
#[derive(Clone, Copy)]
pub struct Turn {
    pub client: usize,
    /// How many this client has sent before.
    pub sent: usize,
}

impl Turn {
    /// Clients begin at different places, so that they don't march in step.
    fn pick<T>(self, list: &[T]) -> &T {
        &list[(self.client * 7 + self.sent) % list.len()]
    }
}

impl Work {
    /// Of lists that aren't empty.
    pub fn request(&self, turn: Turn) -> Request<Body> {
        match self {
            Self::Get(paths) => get(turn.pick::<Uri>(paths).clone()),
            Self::Order { skus, tokens } => {
                let token = &tokens[turn.client % tokens.len()];
                order(turn.pick::<String>(skus), token.clone(), &key(turn))
            }
        }
    }

    /// What every request is answered with.
    pub fn wanted(&self) -> StatusCode {
        match self {
            Self::Get(_) => StatusCode::OK,
            Self::Order { .. } => StatusCode::CREATED,
        }
    }
}

pub fn get(path: Uri) -> Request<Body> {
    let mut request = Request::new(Body::default());
    *request.uri_mut() = path;
    request
        .headers_mut()
        .insert(ACCEPT, HeaderValue::from_static("application/json"));
    request
}

/// As long as a UUID, which is what clients usually send.
fn key(turn: Turn) -> String {
    format!("bench-{:010}-{:019}", turn.client, turn.sent)
}

/// An order as a shop's page would send it: by card, with the address it goes to and a key against a double click.
fn order(sku: &str, token: HeaderValue, key: &str) -> Request<Body> {
    let body = json!({
        "lines": [{"sku": sku, "quantity": 1}],
        "payment": {"method": "card", "token": "pm_card_visa"},
        "country": "GB",
        "contact": {"name": "Ada Buyer", "address": "12 Long Lane, London EC1A 9HF"},
    });
    let mut request = post("/api/orders", &body, Some(token));
    if let Ok(key) = HeaderValue::from_str(key) {
        request.headers_mut().insert(IDEMPOTENCY_KEY, key);
    }
    request
}

pub fn post(path: &'static str, body: &serde_json::Value, token: Option<HeaderValue>) -> Request<Body> {
    let mut request = Request::new(Body::new(Bytes::from(body.to_string())));
    *request.method_mut() = hyper::Method::POST;
    *request.uri_mut() = Uri::from_static(path);
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(token) = token {
        headers.insert(AUTHORIZATION, token);
    }
    request
}
