//! A client of the shop's API: logs in, sends, waits while the server is busy or away, and counts every answer.
//!
//! What an answer means for a record is left to `upload`.

mod answer;
mod queries;
mod retry;
mod session;
mod traffic;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Url};
use serde_json::Value;
use uuid::Uuid;

use self::retry::{GIVE_UP_AFTER, delay, is_worth_another_try};
use self::session::Session;
use crate::error::ImportError;
use crate::options::Target;

#[cfg(test)]
pub use self::answer::ProblemField;
pub use self::answer::{Answer, Problem};
pub use self::queries::PAGE_LIMIT;
pub use self::traffic::Traffic;

/// Longer than any command takes on a loaded server; after this the connection counts as lost.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);
/// A server that's up accepts a connection at once.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const IDEMPOTENCY_REPLAYED: &str = "idempotency-replayed";
const POSITION: &str = "tillstream-position";

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
        let mut server = Url::parse(&target.server).map_err(|error| wrong(error.to_string()))?;
        if !matches!(server.scheme(), "http" | "https") || server.host_str().is_none() {
            return Err(wrong("it begins with http:// or https://".to_owned()));
        }
        // Paths are added to it as they are, so it ends without a slash.
        let prefix = server.path().trim_end_matches('/').to_owned();
        server.set_path(&prefix);
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

    /// The server, without a trailing slash.
    pub fn server(&self) -> &str {
        self.server.as_str().trim_end_matches('/')
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
        self.authorized(&format!("POST {path}"), request).await
    }

    /// The highest position in the log that an answer named; 0 before one did.
    fn position(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    pub fn traffic(&self) -> Traffic {
        self.count().clone()
    }

    fn count(&self) -> MutexGuard<'_, Traffic> {
        // A count can't be left half done, so a poisoned one is as good as any.
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.server.clone();
        url.set_path(&format!("{}{path}", self.server.path().trim_end_matches('/')));
        self.http.request(method, url)
    }

    /// Sends with an access token, and once more with a new one if that has ended. Not being allowed ends
    /// the run: the next record would fare no better.
    async fn authorized(
        &self,
        doing: &str,
        request: impl Fn(&str) -> RequestBuilder,
    ) -> Result<Answer, ImportError> {
        let token = self.session.token(self).await?;
        let mut raw = self.patiently(|| request(&token)).await?;
        if raw.status == 401 {
            let token = self.session.renewed(self, &token).await?;
            raw = self.patiently(|| request(&token)).await?;
        }
        match raw.into_answer() {
            Answer::Refused(problem) if matches!(problem.status, 401 | 403) => {
                Err(problem.into_error(doing.to_owned()))
            }
            answer => Ok(answer),
        }
    }

    /// Sends without a token, as logging in does.
    async fn open_post(&self, path: &str, body: &Value) -> Result<Answer, ImportError> {
        let request = || self.request(Method::POST, path).json(body);
        Ok(self.patiently(request).await?.into_answer())
    }

    /// Sends until there's an answer that isn't "later".
    async fn patiently(&self, request: impl Fn() -> RequestBuilder) -> Result<Raw, ImportError> {
        let started = Instant::now();
        let mut attempt = 0;
        loop {
            let outcome = self.once(request(), attempt > 0).await;
            match outcome {
                Ok(raw) if !is_worth_another_try(raw.status) => return Ok(raw),
                outcome if started.elapsed() >= GIVE_UP_AFTER => {
                    return Err(self.gave_up(started, outcome));
                }
                outcome => {
                    let retry_after = outcome.ok().and_then(|raw| raw.retry_after());
                    let wait = delay(attempt, retry_after, Uuid::new_v4().as_u128());
                    tokio::time::sleep(wait).await;
                }
            }
            attempt += 1;
            self.count().retries += 1;
        }
    }

    async fn once(&self, request: RequestBuilder, retried: bool) -> Result<Raw, reqwest::Error> {
        let received = receive(request, retried).await;
        match &received {
            Ok(raw) => {
                *self.count().answers.entry(raw.status).or_default() += 1;
                if let Some(position) = raw.number(POSITION) {
                    self.position.fetch_max(position, Ordering::Relaxed);
                }
            }
            Err(error) => {
                self.count().lost += 1;
                tracing::debug!(%error, "a request got no answer");
            }
        }
        received
    }

    fn gave_up(&self, started: Instant, outcome: Result<Raw, reqwest::Error>) -> ImportError {
        let server = self.server().to_owned();
        let waited_s = started.elapsed().as_secs();
        match outcome {
            Err(error) => ImportError::Unreachable {
                server,
                waited_s,
                reason: innermost(&error),
            },
            Ok(raw) => ImportError::Busy {
                server,
                waited_s,
                status: raw.status,
                code: Problem::read(raw.status, &raw.body).code,
            },
        }
    }
}

async fn receive(request: RequestBuilder, retried: bool) -> Result<Raw, reqwest::Error> {
    let response = request.send().await?;
    Ok(Raw {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.bytes().await?.to_vec(),
        retried,
    })
}

/// The cause that tells most, such as "Connection refused".
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

impl Raw {
    fn number(&self, header: &str) -> Option<u64> {
        self.headers.get(header)?.to_str().ok()?.parse().ok()
    }

    fn retry_after(&self) -> Option<Duration> {
        self.number(RETRY_AFTER.as_str()).map(Duration::from_secs)
    }

    fn into_answer(self) -> Answer {
        let replayed = self.headers.contains_key(IDEMPOTENCY_REPLAYED) && !self.retried;
        Answer::read(self.status, &self.body, replayed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Credentials;

    fn client(server: &str) -> Result<Client, ImportError> {
        let target = Target {
            server: server.to_owned(),
            credentials: Credentials::Token("t".to_owned()),
        };
        Client::new(&target, 1)
    }

    #[test]
    fn paths_are_added_to_the_server_s_own() {
        for (server, expected) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/orders"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/api/orders"),
            ("http://shop.example/a/", "http://shop.example/a/api/orders"),
        ] {
            let request = client(server).unwrap().request(Method::POST, "/api/orders");
            assert_eq!(request.build().unwrap().url().as_str(), expected);
        }
    }

    #[test]
    fn what_is_no_address_is_said_to_be_none() {
        for wrong in ["127.0.0.1:8080", "ftp://a", "shop", ""] {
            let error = client(wrong).unwrap_err();
            assert!(matches!(error, ImportError::Server { .. }), "{wrong}: {error}");
        }
    }
}
