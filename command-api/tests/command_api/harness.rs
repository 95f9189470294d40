//! A shop of its own for each test: its router, its log, and a clock that the test moves.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use command_api::accounts::create_admin;
use command_api::{
    ChainDeps, ClientLimits, CommandDeps, FEE_BPS, ImageLimits, ORDER_TTL, PasswordSettings, Passwords,
};
use events::envelope::RecordedEvent;
use events::ids::AccountId;
use events::money::Currency;
use events::sealed::Sealed;
use executor::Executor;
use platform::blobs::{BlobEntry, BlobPlace, BlobStore};
use platform::clock::{Clock, ManualClock};
use platform::event_log::{EventLog, LogOptions};
use platform::vault::Vault;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use web::layers::{Limits, wrap};
use web::pace::Pace;
use web::position::{IDEMPOTENCY_KEY, POSITION};
use web::tokens::AccessTokens;

pub const PASSWORD: &str = "correct horse battery";
pub const WEBHOOK_SECRET: &str = "whsec_test";
/// Larger than any answer of a test.
const BODY_MAX_BYTES: usize = 1_000_000;

pub struct Shop {
    router: Router,
    pub document: utoipa::openapi::OpenApi,
    pub deps: CommandDeps,
    pub log: EventLog,
    clock: ManualClock,
    names: AtomicU32,
    /// Kept for as long as the shop: dropping it deletes the files.
    directory: TempDir,
}

/// Somebody who is logged in.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub username: String,
    pub token: String,
    pub refresh_token: String,
}

impl Shop {
    pub async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let log = EventLog::open_sqlite(&directory.path().join("log.db"), LogOptions::default())
            .await
            .unwrap();
        let vault = Vault::open_sqlite(&directory.path().join("vault.db"), [3; 32])
            .await
            .unwrap();
        let clock = ManualClock::new(Utc::now());
        let deps = CommandDeps {
            executor: Executor::new(log.clone()),
            vault,
            tokens: AccessTokens::new(&[7; 32]).unwrap(),
            passwords: Passwords::new(fast()).unwrap(),
            clock: Clock::Manual(clock.clone()),
            currency: Currency::GBP,
            order_ttl: ORDER_TTL,
            fee_bps: FEE_BPS,
            chain: ChainDeps::default(),
            clients: ClientLimits::default(),
            secure_cookies: false,
            blobs: BlobStore::open(&BlobPlace::Folder(directory.path().join("blobs"))).unwrap(),
            image_limits: ImageLimits::default(),
            upload_pace: Pace::default(),
            webhook_secret: Some(WEBHOOK_SECRET.to_owned()),
            fingerprint_secret: [5; 32],
        };
        Self::with(deps, log, clock, directory)
    }

    /// Every blob that is kept, by its key.
    pub async fn blobs(&self) -> Vec<BlobEntry> {
        let listed = self.deps.blobs.list("").unwrap();
        futures::TryStreamExt::try_collect(listed).await.unwrap()
    }

    fn with(deps: CommandDeps, log: EventLog, clock: ManualClock, directory: TempDir) -> Self {
        let (routes, document) = command_api::router(deps.clone());
        Self {
            router: wrap(routes, Limits::default()),
            document,
            deps,
            log,
            clock,
            names: AtomicU32::new(0),
            directory,
        }
    }

    /// The same shop after a change of what it was given.
    pub fn changed(self, change: impl FnOnce(&mut CommandDeps)) -> Self {
        let mut deps = self.deps;
        change(&mut deps);
        Self::with(deps, self.log, self.clock, self.directory)
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.deps.clock.now()
    }

    pub fn pass(&self, time: TimeDelta) {
        self.clock.advance(time);
    }

    pub fn post(&self, path: impl Into<String>) -> Call<'_> {
        Call::new(self, Method::POST, path.into())
    }

    pub fn put(&self, path: impl Into<String>) -> Call<'_> {
        Call::new(self, Method::PUT, path.into())
    }

    pub fn patch(&self, path: impl Into<String>) -> Call<'_> {
        Call::new(self, Method::PATCH, path.into())
    }

    pub fn delete(&self, path: impl Into<String>) -> Call<'_> {
        Call::new(self, Method::DELETE, path.into())
    }

    pub fn call(&self, method: &str, path: impl Into<String>) -> Call<'_> {
        Call::new(self, method.parse().unwrap(), path.into())
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, BODY_MAX_BYTES).await.unwrap();
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap()
        };
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// Logs in, as whoever has this name and [`PASSWORD`].
    pub async fn log_in(&self, username: &str) -> Person {
        let body = json!({"login": username, "password": PASSWORD});
        let answer = self.post("/api/auth/login").json(&body).await.expect(200);
        Person {
            id: answer.text("account_id"),
            username: username.to_owned(),
            token: answer.text("access_token"),
            refresh_token: answer.text("refresh_token"),
        }
    }

    pub async fn admin(&self) -> Person {
        create_admin(&self.deps, "admin", "admin@example.org", PASSWORD)
            .await
            .unwrap();
        self.log_in("admin").await
    }

    /// Somebody new, who may buy and sell.
    pub async fn person(&self) -> Person {
        let username = format!("person-{}", self.names.fetch_add(1, Ordering::SeqCst));
        let body = json!({
            "username": username, "email": format!("{username}@example.org"), "password": PASSWORD,
        });
        self.post("/api/auth/register").json(&body).await.expect(201);
        self.log_in(&username).await
    }

    /// A product of the shop's own in one form, with so many units: its id and SKU.
    pub async fn product(&self, staff: &Person, price: &str, quantity: u32) -> (String, String) {
        let body = json!({"name": "Mug", "price": price, "quantity": quantity});
        let answer = self.post("/api/products").by(staff).json(&body).await.expect(201);
        let sku = answer.body["skus"][0].as_str().unwrap().to_owned();
        (answer.text("product_id"), sku)
    }

    /// An order of one line, paid by card: the answer.
    pub async fn order(&self, buyer: &Person, sku: &str, quantity: u32) -> Answer {
        let body = json!({
            "lines": [{"sku": sku, "quantity": quantity}],
            "payment": {"method": "card", "token": "pm_card_visa"},
            "country": "United Kingdom",
        });
        self.post("/api/orders").by(buyer).json(&body).await.expect(201)
    }

    /// The provider says that the payment's newest attempt has succeeded.
    pub async fn settle(&self, payment_id: &str) -> Answer {
        let attempt_id = self.attempt(payment_id).await;
        let object = json!({
            "id": "pi_1", "amount_received": 0, "currency": "gbp",
            "metadata": {"payment_id": payment_id, "attempt_id": attempt_id},
        });
        self.webhook("payment_intent.succeeded", &object)
            .await
            .expect(200)
    }

    /// The provider says that the payment's newest attempt was declined.
    pub async fn decline(&self, payment_id: &str) -> Answer {
        let attempt_id = self.attempt(payment_id).await;
        let object = json!({
            "id": "pi_1", "amount_received": 0, "currency": "gbp",
            "last_payment_error": {"code": "card_declined", "message": "declined"},
            "metadata": {"payment_id": payment_id, "attempt_id": attempt_id},
        });
        self.webhook("payment_intent.payment_failed", &object)
            .await
            .expect(200)
    }

    /// The newest attempt of a payment, as its events have it.
    pub async fn attempt(&self, payment_id: &str) -> String {
        let events = self.events_of(&format!("payment-{payment_id}")).await;
        let attempt = |event| payload(event)["attempt_id"].as_str().map(str::to_owned);
        events.iter().rev().find_map(attempt).unwrap()
    }

    pub async fn webhook(&self, name: &str, object: &Value) -> Answer {
        let seconds = self.now().timestamp();
        let payload = json!({
            "id": "evt_1", "created": seconds, "type": name, "data": {"object": object},
        });
        let payload = payload.to_string();
        let signature = sign(&payload, WEBHOOK_SECRET, seconds);
        self.post("/api/payments/webhooks/stripe")
            .header("stripe-signature", &signature)
            .text(payload)
            .await
    }

    pub async fn head(&self) -> u64 {
        self.log.head().await.unwrap()
    }

    pub async fn events_after(&self, position: u64) -> Vec<RecordedEvent> {
        self.log.read(position, EventLog::READ_LIMIT).await.unwrap()
    }

    pub async fn events_of(&self, stream: &str) -> Vec<RecordedEvent> {
        let events = self.events_after(0).await;
        events
            .into_iter()
            .filter(|event| event.stream.as_str() == stream)
            .collect()
    }

    /// The types of the events after a position, in order.
    pub async fn types_after(&self, position: u64) -> Vec<String> {
        let events = self.events_after(position).await;
        events.into_iter().map(|event| event.event_type).collect()
    }

    /// Opens a sealed text of an event.
    pub async fn unseal(&self, subject: &str, sealed: &Value) -> String {
        let sealed = Sealed(sealed.as_str().unwrap().to_owned());
        let opened = self
            .deps
            .vault
            .open(subject.parse::<AccountId>().unwrap().0, &sealed)
            .await;
        opened.unwrap().unwrap()
    }
}

/// As cheap as argon2 gets; the tests are about everything else.
fn fast() -> PasswordSettings {
    PasswordSettings {
        memory_kib: 8,
        iterations: 1,
        lanes: 1,
        concurrency: NonZeroUsize::new(4).unwrap(),
    }
}

pub fn payload(event: &RecordedEvent) -> Value {
    serde_json::from_str(&event.payload).unwrap()
}

pub fn sign(payload: &str, secret: &str, seconds: i64) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{seconds}.{payload}").as_bytes());
    format!("t={seconds},v1={}", hex::encode(mac.finalize().into_bytes()))
}

/// A request in the making; awaiting it sends it.
pub struct Call<'s> {
    shop: &'s Shop,
    request: axum::http::request::Builder,
    body: Body,
}

impl<'s> Call<'s> {
    fn new(shop: &'s Shop, method: Method, path: String) -> Self {
        let request = Request::builder().method(method).uri(path);
        let body = Body::empty();
        Self { shop, request, body }
    }

    pub fn by(self, person: &Person) -> Self {
        let bearer = format!("Bearer {}", person.token);
        self.header(AUTHORIZATION.as_str(), &bearer)
    }

    pub fn key(self, key: &str) -> Self {
        self.header(IDEMPOTENCY_KEY.as_str(), key)
    }

    pub fn if_match(self, version: u64) -> Self {
        self.header("if-match", &format!("\"{version}.0\""))
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub fn json(self, body: &Value) -> Self {
        let mut call = self.header(CONTENT_TYPE.as_str(), "application/json");
        call.body = Body::from(body.to_string());
        call
    }

    pub fn body(self, media_type: &str, body: impl Into<Body>) -> Self {
        let mut call = self.header(CONTENT_TYPE.as_str(), media_type);
        call.body = body.into();
        call
    }

    pub fn text(mut self, body: String) -> Self {
        self.body = Body::from(body);
        self
    }

    pub fn bytes(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }
}

impl<'s> IntoFuture for Call<'s> {
    type Output = Answer;
    type IntoFuture = std::pin::Pin<Box<dyn Future<Output = Answer> + Send + 's>>;

    fn into_future(self) -> Self::IntoFuture {
        let request = self.request.body(self.body).unwrap();
        Box::pin(self.shop.send(request))
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// That it is a problem with this status and code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.body["code"], code, "{}", answer.body);
        assert_eq!(answer.headers[CONTENT_TYPE], "application/problem+json");
        assert!(!answer.headers.contains_key(POSITION));
        answer
    }

    /// That it is a 422 which names this field, with this code.
    #[track_caller]
    pub fn refused_field(self, field: &str, code: &str) -> Self {
        let answer = self.expect(422);
        let errors = answer.body["errors"].as_array().cloned().unwrap_or_default();
        let found = errors
            .iter()
            .any(|error| error["field"] == field && error["code"] == code);
        assert!(found, "{}", answer.body);
        answer
    }

    #[track_caller]
    pub fn text(&self, member: &str) -> String {
        let value = self.body[member].as_str();
        value
            .unwrap_or_else(|| panic!("no {member} in {}", self.body))
            .to_owned()
    }

    #[track_caller]
    pub fn position(&self) -> u64 {
        self.headers[POSITION].to_str().unwrap().parse().unwrap()
    }
}
