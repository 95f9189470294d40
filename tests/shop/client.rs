//! A client of the shop's API.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::process::Shop;

/// Longer than any read model lags; what runs into it has failed.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks at what is waited for: seldom enough that the looks aren't what two cores are busy with.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// Where a write stands in the log, or how much of it an answer reflects.
const POSITION: &str = "tillstream-position";

/// Reads what was written before: [`get`](Self::get) and what is built on it ask for the highest position that any client
/// of the same shop was answered.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    pub url: String,
    token: Option<String>,
    account: Option<String>,
    seen: Seen,
}

/// The highest position that clients of one shop were answered.
#[derive(Clone, Default)]
pub struct Seen(Arc<AtomicU64>);

impl Seen {
    fn note(&self, position: u64) {
        self.0.fetch_max(position, Ordering::Relaxed);
    }

    fn position(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request to a shop, whose answer's position will be remembered.
pub struct Request {
    builder: RequestBuilder,
    seen: Seen,
}

impl Request {
    pub fn header(self, name: impl AsRef<str>, value: impl TryInto<HeaderValue, Error: Debug>) -> Self {
        let (name, value) = (name.as_ref(), value.try_into().unwrap());
        self.edited(|builder| builder.header(name, value))
    }

    pub fn json(self, body: &Value) -> Self {
        self.edited(|builder| builder.json(body))
    }

    pub fn body(self, body: impl Into<reqwest::Body>) -> Self {
        self.edited(|builder| builder.body(body))
    }

    fn edited(self, edit: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        let (builder, seen) = (edit(self.builder), self.seen);
        Self { builder, seen }
    }

    /// The answer as it comes.
    pub async fn send(self) -> reqwest::Result<reqwest::Response> {
        let response = self.builder.send().await?;
        let position = response.headers().get(POSITION);
        if let Some(position) = position.and_then(|text| text.to_str().ok()?.parse().ok()) {
            self.seen.note(position);
        }
        Ok(response)
    }

    /// The answer, read; an error is a connection that broke.
    pub async fn answer(self) -> reqwest::Result<Answer> {
        Answer::read(self.send().await?).await
    }

    /// Sends a query again for as long as it asks for more than the read models have: on a busy machine they can lag for
    /// longer than one request waits.
    pub async fn answer_once_it_can(self) -> Answer {
        let asked_at = Instant::now();
        loop {
            let builder = self
                .builder
                .try_clone()
                .expect("no request of these tests has a stream for a body");
            let seen = self.seen.clone();
            let answer = Self { builder, seen }.answer().await.unwrap();
            if answer.code() != "read_model_behind" || asked_at.elapsed() > PATIENCE {
                return answer;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub async fn read(response: reqwest::Response) -> reqwest::Result<Self> {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Self {
            status,
            headers,
            body,
        })
    }

    pub fn position(&self) -> u64 {
        self.headers[POSITION].to_str().unwrap().parse().unwrap()
    }

    /// The body, if the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }

    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

impl Client {
    pub fn new(shop: &Shop) -> Self {
        Self {
            seen: shop.seen.clone(),
            ..Self::at(&shop.url)
        }
    }

    /// Of a shop of any form at this address, without a slash at its end.
    pub fn at(url: &str) -> Self {
        let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Self {
            http,
            url: url.to_owned(),
            token: None,
            account: None,
            seen: Seen::default(),
        }
    }

    /// Nobody in particular, at the same shop.
    fn stranger(&self) -> Self {
        Self {
            token: None,
            account: None,
            ..self.clone()
        }
    }

    /// The same client, for the same shop at another address.
    pub fn moved_to(&self, shop: &Shop) -> Self {
        shop.seen.note(self.seen.position());
        self.moved_to_restored(shop)
    }

    /// The same client, for the shop as a backup remembers it: what the client saw since may be lost.
    pub fn moved_to_restored(&self, shop: &Shop) -> Self {
        Self {
            url: shop.url.clone(),
            seen: shop.seen.clone(),
            ..self.clone()
        }
    }

    pub async fn admin(shop: &Shop) -> Self {
        let admin = shop.admin();
        Self::new(shop).login(&admin.username, &admin.password).await
    }

    /// With a token from elsewhere, such as an API key.
    pub fn with_token(self, token: &str) -> Self {
        let token = Some(token.to_owned());
        Self { token, ..self }
    }

    pub async fn login(mut self, username: &str, password: &str) -> Self {
        let body = json!({"login": username, "password": password});
        let tokens = self.post("/api/auth/login", &body).await.expect(200);
        let text = |name: &str| tokens[name].as_str().map(str::to_owned);
        (self.token, self.account) = (text("access_token"), text("account_id"));
        self
    }

    /// Of who is logged in.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    /// The id of who is logged in.
    pub fn account(&self) -> &str {
        self.account.as_deref().unwrap()
    }

    /// Registers a buyer and logs them in.
    pub async fn buyer(shop: &Shop, username: &str) -> Self {
        Self::new(shop).registered(username).await
    }

    /// Registers a buyer at the same shop and logs them in.
    pub async fn registered(&self, username: &str) -> Self {
        let password = "a password of a test";
        let email = format!("{username}@example.com");
        let body = json!({"username": username, "email": email, "password": password});
        let client = self.stranger();
        client.post("/api/auth/register", &body).await.expect(201);
        client.login(username, password).await
    }

    pub fn request(&self, method: Method, path: &str) -> Request {
        let request = self.http.request(method, format!("{}{path}", self.url));
        Request {
            builder: match &self.token {
                Some(token) => request.bearer_auth(token),
                None => request,
            },
            seen: self.seen.clone(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.get_after(path, self.seen.position()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.request(Method::POST, path)
            .json(body)
            .answer()
            .await
            .unwrap()
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.request(Method::PUT, path).json(body).answer().await.unwrap()
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.request(Method::PATCH, path)
            .json(body)
            .answer()
            .await
            .unwrap()
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path).answer().await.unwrap()
    }

    /// As of a position that was answered, or of a later one.
    pub async fn get_after(&self, path: &str, position: u64) -> Answer {
        self.after(path, position).answer_once_it_can().await
    }

    /// The request for it, which is refused if the read models don't get there while it waits.
    pub fn after(&self, path: &str, position: u64) -> Request {
        self.request(Method::GET, path)
            .header("tillstream-min-position", position)
    }

    /// Asks until the answer is as wanted.
    pub async fn wait_for(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let asked_at = Instant::now();
        loop {
            let body = self.get(path).await.body;
            if wanted(&body) {
                return body;
            }
            assert!(
                asked_at.elapsed() < PATIENCE,
                "{path} never became as wanted: {body}"
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Every item of a list, page by page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = vec![];
        let mut cursor = String::new();
        loop {
            let separator = if path.contains('?') { '&' } else { '?' };
            let page = self
                .get(&format!("{path}{separator}limit=100{cursor}"))
                .await
                .expect(200);
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

/// Sends what isn't a [`Client`]'s, and reads the answer.
pub async fn answer(request: RequestBuilder) -> reqwest::Result<Answer> {
    Answer::read(request.send().await?).await
}

/// A card that the sandbox charges at once.
pub fn visa() -> Value {
    json!({"method": "card", "token": "pm_card_visa"})
}

/// An order of one SKU by card.
pub fn order(sku: &str, quantity: u32) -> Value {
    json!({"lines": [{"sku": sku, "quantity": quantity}], "payment": visa(), "country": "GB"})
}
