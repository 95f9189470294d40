//! A client of the shop's API: logs in, sends, waits while the server is busy or away, and counts every answer.
//!
//! What an answer means for a record is left to `upload`.

mod answer;
mod retry;
mod session;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Url};
use serde_json::Value;
use uuid::Uuid;

use self::retry::{GIVE_UP_AFTER, Verdict, delay, verdict};
use self::session::Session;
use crate::error::ImportError;
use crate::options::Target;

pub use self::answer::{Answer, Problem};

/// Longer than any command takes on a loaded server; after this the connection counts as lost.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// A server that's up accepts a connection at once.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const IDEMPOTENCY_REPLAYED: &str = "idempotency-replayed";
const MIN_POSITION: &str = "tillstream-min-position";
const POSITION: &str = "tillstream-position";

/// What was sent and how it was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// How many answers had each status.
    pub answers: BTreeMap<u16, u64>,
    /// Requests that were sent once more.
    pub retries: u64,
    /// Requests that got no answer.
    pub lost: u64,
}

impl Traffic {
    /// Answers that tell of a failure in the server. 503 isn't one: it says "later".
    pub fn server_errors(&self) -> u64 {
        let failed = |&(&status, _): &(&u16, &u64)| status >= 500 && status != 503;
        self.answers.iter().filter(failed).map(|(_, count)| count).sum()
    }
}

/// See the module.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    server: Url,
    session: Session,
    traffic: Mutex<Traffic>,
    position: AtomicU64,
}

/// An answer as it came, read to its end.
struct Raw {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
    /// Whether it was asked for more than once.
    retried: bool,
}

impl Client {
    pub fn new(target: &Target, in_flight: usize) -> Result<Self, ImportError> {
        let wrong = |reason: String| ImportError::Server {
            server: target.server.clone(),
            reason,
        };
        let mut server: Url = target
            .server
            .parse()
            .map_err(|error: url_error::ParseError| wrong(error.to_string()))?;
        if !matches!(server.scheme(), "http" | "https") || server.host_str().is_none() {
            return Err(wrong("it begins with http:// or https://".to_owned()));
        }
        // So that joining a path keeps the whole of a prefix.
        if !server.path().ends_with('/') {
            server.set_path(&format!("{}/", server.path()));
        }
        let http = reqwest::Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(in_flight)
            .redirect(reqwest::redirect::Policy::none()) // a token goes nowhere else
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            http,
            server,
            session: Session::new(target.credentials.clone()),
            traffic: Mutex::default(),
            position: AtomicU64::new(0),
        })
    }

    /// Sends a command; the same key with the same body runs once, however often it's sent.
    pub async fn post(&self, path: &str, body: &[u8], key: Uuid) -> Result<Answer, ImportError> {
        let request = |token: &str| {
            self.request(Method::POST, path)
                .bearer_auth(token)
                .header(CONTENT_TYPE, "application/json")
                .header(IDEMPOTENCY_KEY, key.to_string())
                .body(body.to_vec())
        };
        let raw = self.authorized(&format!("POST {path}"), request).await?;
        Ok(answer::read(raw.status, &raw.body, raw.replayed(), raw.retried))
    }

    /// Asks a query; anything but success ends the run. `min_position` is what the answer must reflect.
    pub async fn get(
        &self,
        path: &str,
        query: &[(&str, String)],
        min_position: Option<u64>,
    ) -> Result<Value, ImportError> {
        let doing = format!("GET {path}");
        let request = |token: &str| {
            let mut request = self.request(Method::GET, path).bearer_auth(token).query(query);
            if let Some(position) = min_position {
                request = request.header(MIN_POSITION, position.to_string());
            }
            request
        };
        let raw = self.authorized(&doing, request).await?;
        match answer::read(raw.status, &raw.body, false, raw.retried) {
            Answer::Done { body, .. } => Ok(body),
            Answer::Refused(problem) => Err(problem.into_error(doing)),
        }
    }

    /// The highest position that a command was answered with.
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    pub fn traffic(&self) -> Traffic {
        self.lock_traffic().clone()
    }

    fn lock_traffic(&self) -> std::sync::MutexGuard<'_, Traffic> {
        // A count can't be left half done, so a poisoned one is as good as any.
        self.traffic
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.server.clone();
        url.set_path(&format!("{}{}", self.server.path(), path.trim_start_matches('/')));
        self.http.request(method, url)
    }

    /// Sends with an access token, and with a new one if it has ended.
    async fn authorized(
        &self,
        doing: &str,
        request: impl Fn(&str) -> RequestBuilder,
    ) -> Result<Raw, ImportError> {
        let token = self.session.token(self).await?;
        let raw = self.patiently(|| request(&token)).await?;
        let raw = if raw.status == 401 {
            let token = self.session.renewed(self, &token).await?;
            self.patiently(|| request(&token)).await?
        } else {
            raw
        };
        if matches!(raw.status, 401 | 403) {
            return match answer::read(raw.status, &raw.body, false, raw.retried) {
                Answer::Refused(problem) => Err(problem.into_error(doing.to_owned())),
                Answer::Done { .. } => unreachable!("401 and 403 are refusals"),
            };
        }
        Ok(raw)
    }

    /// Sends without a token, as logging in does.
    async fn open_post(&self, path: &str, body: &Value) -> Result<Answer, ImportError> {
        let raw = self
            .patiently(|| self.request(Method::POST, path).json(body))
            .await?;
        Ok(answer::read(raw.status, &raw.body, false, raw.retried))
    }

    /// Sends until there's an answer that isn't "later".
    async fn patiently(&self, request: impl Fn() -> RequestBuilder) -> Result<Raw, ImportError> {
        let started = Instant::now();
        for attempt in 0.. {
            let outcome = self.once(request(), attempt > 0).await;
            let verdict = verdict(&outcome.as_ref().map(|raw| raw.status));
            if let (Verdict::Final, Ok(raw)) = (verdict, outcome.as_ref().map(|_| ())) {
                let () = raw;
                return outcome.map_err(|error| self.unreachable(started, &error));
            }
            if started.elapsed() >= GIVE_UP_AFTER {
                return Err(self.gave_up(started, outcome));
            }
            let retry_after = outcome.as_ref().ok().and_then(Raw::retry_after);
            let wait = delay(attempt, retry_after, Uuid::new_v4().as_u128());
            tracing::debug!(attempt, wait_ms = wait.as_millis(), "asking again");
            tokio::time::sleep(wait).await;
            self.lock_traffic().retries += 1;
        }
        unreachable!("the attempts never end")
    }
}
