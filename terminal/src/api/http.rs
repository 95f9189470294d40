//! Requests and their answers: the session's token, idempotency keys, positions.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;
use uuid::Uuid;

use super::documents::{Problem, Session};

/// Names the cart of somebody who isn't logged in.
const CART_TOKEN: &str = "tillstream-cart-token";
/// Longer than the shop lets a query wait for a read model; what takes longer than this, people have given up.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Of a command that may or may not have arrived: the same key again can do no harm.
const TRIES_MAX: u32 = 3;

#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("log in first")]
    NotLoggedIn,
    #[error("{0}")]
    Refused(Problem),
    #[error("the shop at {server} can't be reached: {reason}")]
    Unreachable { server: String, reason: String },
    #[error("the shop's answer can't be read: {reason}")]
    Unreadable { reason: String },
}

impl ApiError {
    pub fn unreadable(error: impl std::fmt::Display) -> Self {
        Self::Unreadable {
            reason: error.to_string(),
        }
    }
}

pub struct Api {
    http: reqwest::Client,
    server: Url,
    /// Held while it is refreshed: a refresh token is good once.
    session: Mutex<Option<Session>>,
    /// Of the last command: what is asked afterwards is to show it.
    position: AtomicU64,
    /// Of the cart of somebody who isn't logged in; a login spends it.
    guest_cart: std::sync::Mutex<Option<HeaderValue>>,
}

impl Api {
    pub fn new(server: &str) -> anyhow::Result<Self> {
        let server: Url = server.parse()?;
        anyhow::ensure!(
            matches!(server.scheme(), "http" | "https"),
            "a shop's address begins with http:// or https://"
        );
        Ok(Self {
            http: reqwest::Client::builder().timeout(TIMEOUT).build()?,
            server,
            session: Mutex::default(),
            position: AtomicU64::default(),
            guest_cart: std::sync::Mutex::default(),
        })
    }

    pub async fn log_in(&self, login: &str, password: &str) -> Result<(), ApiError> {
        let body = json!({"login": login, "password": password});
        let session = self.start_session(&["auth", "login"], &body).await?;
        *self.session.lock().await = Some(session);
        Ok(())
    }

    pub async fn query<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, ApiError> {
        let request = || {
            let request = self.http.get(self.url(path)).query(query);
            match self.position.load(Ordering::Relaxed) {
                0 => request,
                position => request.header("tillstream-min-position", position),
            }
        };
        let response = self.send_as_user(request).await?;
        response.json().await.map_err(ApiError::unreadable)
    }

    /// Sends a command; what it answers, null if nothing.
    pub async fn command(&self, method: Method, path: &[&str], body: &Value) -> Result<Value, ApiError> {
        let key = Uuid::now_v7().to_string();
        let request = || {
            let request = self.http.request(method.clone(), self.url(path));
            let request = request.header("idempotency-key", &key);
            if method == Method::DELETE {
                request
            } else {
                request.json(body)
            }
        };
        let response = self.send_as_user(request).await?;
        self.note(response.headers());
        let text = response.text().await.map_err(ApiError::unreadable)?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(ApiError::unreadable)
    }

    /// Keeps what the answer of a command says for later ones.
    fn note(&self, headers: &HeaderMap) {
        if let Some(token) = headers.get(CART_TOKEN) {
            *self.guest_cart() = Some(token.clone());
        }
        let position = headers.get("tillstream-position");
        let position = position.and_then(|position| position.to_str().ok()?.parse().ok());
        self.position.fetch_max(position.unwrap_or(0), Ordering::Relaxed);
    }

    fn guest_cart(&self) -> MutexGuard<'_, Option<HeaderValue>> {
        // Whoever panicked has put a whole token there, or none.
        self.guest_cart.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_guest_cart(&self, request: RequestBuilder) -> RequestBuilder {
        match &*self.guest_cart() {
            Some(token) => request.header(CART_TOKEN, token),
            None => request,
        }
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.server.clone();
        // Proof: http and https addresses have a path.
        let mut segments = url.path_segments_mut().expect("an address with a path");
        segments.pop_if_empty().push("api").extend(path);
        drop(segments);
        url
    }

    async fn token(&self) -> Option<String> {
        let session = self.session.lock().await;
        session.as_ref().map(|session| session.access_token.clone())
    }

    /// Sends with the session's token, and once more with a new one if that has expired.
    async fn send_as_user(&self, request: impl Fn() -> RequestBuilder) -> Result<Response, ApiError> {
        let token = self.token().await;
        let signed = |token: &Option<String>| match token {
            Some(token) => request().bearer_auth(token),
            None => self.with_guest_cart(request()),
        };
        let response = self.send(|| signed(&token)).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return accepted(response).await;
        }
        let token = self.refreshed(token).await?;
        let response = self.send(|| signed(&Some(token.clone()))).await?;
        accepted(response).await
    }

    /// Sends until something comes back, within bounds.
    async fn send(&self, request: impl Fn() -> RequestBuilder) -> Result<Response, ApiError> {
        let mut tries = 1;
        loop {
            match request().send().await {
                Ok(response) => return Ok(response),
                Err(_) if tries < TRIES_MAX => tries += 1,
                Err(error) => {
                    return Err(ApiError::Unreachable {
                        server: self.server.to_string(),
                        reason: root(&error),
                    });
                }
            }
        }
    }

    /// A token newer than this one.
    async fn refreshed(&self, stale: Option<String>) -> Result<String, ApiError> {
        let mut session = self.session.lock().await;
        let current = session.take().ok_or(ApiError::NotLoggedIn)?;
        if Some(&current.access_token) != stale.as_ref() {
            let token = current.access_token.clone();
            *session = Some(current);
            return Ok(token);
        }
        let body = json!({"refresh_token": current.refresh_token});
        match self.start_session(&["auth", "refresh"], &body).await {
            Ok(new) => {
                let token = new.access_token.clone();
                *session = Some(new);
                Ok(token)
            }
            Err(ApiError::Refused(_)) => Err(ApiError::NotLoggedIn),
            Err(error) => {
                *session = Some(current);
                Err(error)
            }
        }
    }

    async fn start_session(&self, path: &[&str], body: &Value) -> Result<Session, ApiError> {
        let request = self.with_guest_cart(self.http.post(self.url(path)).json(body));
        let response = request.send().await.map_err(|error| ApiError::Unreachable {
            server: self.server.to_string(),
            reason: root(&error),
        })?;
        let response = accepted(response).await?;
        // What was in the guest's cart is in the account's now, which the next query is to show.
        self.note(response.headers());
        *self.guest_cart() = None;
        response.json().await.map_err(ApiError::unreadable)
    }
}

async fn accepted(response: Response) -> Result<Response, ApiError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let problem: Problem = response.json().await.unwrap_or_default();
    let title = status.canonical_reason().unwrap_or("the shop refused");
    Err(ApiError::Refused(Problem {
        title: title.to_owned(),
        ..problem
    }))
}

/// The innermost cause: what is around it only says that something failed.
fn root(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
