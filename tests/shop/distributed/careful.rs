//! A careful client of a shop whose processes die: every command has an idempotency key and is sent again, to another
//! process, until it has an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::client::{Answer, answer};

/// How long something may be unanswerable: longer than any fault of the harness lasts, and its recovery.
const PATIENCE: Duration = Duration::from_mins(3);
/// One try. A process that was stopped (SIGSTOP) accepts connections and says nothing.
const TRY_MAX: Duration = Duration::from_secs(5);
/// Between two tries, so that a shop that comes up isn't flooded.
const PAUSE: Duration = Duration::from_millis(50);

pub const PASSWORD: &str = "a password of a test";

/// Every address of a shop. Cheap to clone.
#[derive(Clone)]
pub struct Doors(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    commands: Vec<String>,
    queries: Vec<String>,
    next: AtomicUsize,
}

impl Doors {
    pub fn new(commands: Vec<String>, queries: Vec<String>) -> Self {
        Self(Arc::new(Inner {
            http: reqwest::Client::builder().timeout(TRY_MAX).build().unwrap(),
            commands,
            queries,
            next: AtomicUsize::new(0),
        }))
    }

    fn url(&self, doors: &[String], path: &str) -> String {
        let next = self.0.next.fetch_add(1, Ordering::Relaxed);
        format!("{}{path}", doors[next % doors.len()])
    }

    /// Sends a command until it is answered with anything but "not now". Unknown outcomes are tried again with the same
    /// key, as a careful client does.
    pub async fn command(&self, token: Option<&str>, path: &str, key: &str, body: &Value) -> Answer {
        let send = || {
            let url = self.url(&self.0.commands, path);
            self.0.http.post(url).header("idempotency-key", key).json(body)
        };
        until_answered(token, path, send).await
    }

    /// Asks until it is answered.
    pub async fn query(&self, token: Option<&str>, path: &str, min_position: u64) -> Answer {
        let ask = || {
            let url = self.url(&self.0.queries, path);
            let query = self.0.http.get(url);
            query.header("tillstream-min-position", min_position)
        };
        until_answered(token, path, ask).await
    }

    /// Every item of a list, page by page, as of a position.
    pub async fn all(&self, token: &str, path: &str, min_position: u64) -> Vec<Value> {
        let mut items = vec![];
        let mut cursor = String::new();
        loop {
            let page = format!("{path}?limit=100{cursor}");
            let page = self.query(Some(token), &page, min_position).await.expect(200);
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    /// Registers, unless that was done before.
    pub async fn register(&self, username: &str) {
        let email = format!("{username}@example.com");
        let body = json!({"username": username, "email": email, "password": PASSWORD});
        let key = format!("register-{username}");
        self.command(None, "/api/auth/register", &key, &body)
            .await
            .expect(201);
    }

    /// An access token.
    pub async fn login(&self, username: &str, password: &str) -> String {
        let body = json!({"login": username, "password": password});
        let key = format!("login-{}", uuid::Uuid::new_v4());
        let tokens = self.command(None, "/api/auth/login", &key, &body).await;
        tokens.expect(200)["access_token"].as_str().unwrap().to_owned()
    }
}

async fn until_answered(token: Option<&str>, path: &str, request: impl Fn() -> RequestBuilder) -> Answer {
    let began = Instant::now();
    loop {
        let request = request();
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        match answer(request).await {
            Ok(answer) if !is_not_now(&answer) => return answer,
            tried => assert!(
                began.elapsed() < PATIENCE,
                "no answer to {path}: {:?}",
                tried.map(|answer| (answer.status, answer.body))
            ),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A process that comes up, goes down, or waits for a server that does.
fn is_not_now(answer: &Answer) -> bool {
    matches!(
        answer.status,
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
    )
}
