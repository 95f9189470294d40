//! Sends a request to Stripe and reads what its failure means. The rule: only an answer that surely moved no money, now
//! or in an earlier try with the same key, is a refusal; everything else is unknown.

use std::error::Error;
use std::fmt;

use events::money::Currency;
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::StripeSettings;
use super::wire::{ErrorBody, ErrorDetail};
use crate::gateway::GatewayError;

/// A page of a hundred of Stripe's largest objects stays far below this.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// The HTTP client with the address and the key.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    base_url: Url,
    secret_key: String,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.base_url.as_str())
            .finish_non_exhaustive()
    }
}

/// Why there is no usable answer.
#[derive(Debug)]
pub(super) enum Failure {
    Declined {
        code: String,
        message: String,
    },
    Refused {
        code: String,
        message: String,
    },
    /// The thing that the request names does not exist.
    Missing {
        code: String,
        message: String,
    },
    Unknown {
        reason: String,
    },
    /// The books that would tell are longer than we read.
    TooLong {
        reason: String,
    },
}

impl Failure {
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown {
            reason: reason.into(),
        }
    }
}

/// The fields of a request, in order.
pub(super) struct Form(Vec<(&'static str, String)>);

impl Form {
    pub fn new() -> Self {
        Self(Vec::new())
    }

    pub fn field(mut self, name: &'static str, value: &str) -> Self {
        self.0.push((name, value.to_owned()));
        self
    }

    pub fn amount(self, amount: i64, currency: Currency) -> Self {
        self.field("amount", &amount.to_string())
            .field("currency", &currency.code().to_ascii_lowercase())
    }
}

impl Client {
    pub fn new(settings: StripeSettings) -> Result<Self, GatewayError> {
        let base_url = base_url(&settings.base_url)?;
        if settings.secret_key.is_empty() || !settings.secret_key.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(GatewayError::Setting {
                name: "secret_key",
                reason: "it must be visible ASCII and not empty",
            });
        }
        if settings.request_timeout.is_zero() {
            return Err(GatewayError::Setting {
                name: "request_timeout",
                reason: "it must be above zero",
            });
        }
        let http = reqwest::Client::builder()
            .timeout(settings.request_timeout)
            // A redirected charge would be sent again, elsewhere, with the key: never.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(GatewayError::Client)?;
        Ok(Self {
            http,
            base_url,
            secret_key: settings.secret_key,
        })
    }

    pub async fn post<T: DeserializeOwned>(&self, path: &str, key: Uuid, form: Form) -> Result<T, Failure> {
        let request = self
            .http
            .post(self.url(path))
            .header("Idempotency-Key", key.to_string())
            .form(&form.0);
        self.send(request).await
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, Failure> {
        self.send(self.http.get(self.url(path)).query(query)).await
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base_url.clone();
        url.set_path(path);
        url
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let response = request
            .bearer_auth(&self.secret_key)
            .send()
            .await
            .map_err(|error| unsent(&error))?;
        let status = response.status();
        let body = read_body(response).await?;
        if !status.is_success() {
            return Err(failure(status, &body));
        }
        serde_json::from_slice(&body)
            .map_err(|error| Failure::unknown(format!("the answer of the provider is unreadable: {error}")))
    }
}

fn base_url(text: &str) -> Result<Url, GatewayError> {
    let setting = |reason| GatewayError::Setting {
        name: "base_url",
        reason,
    };
    let url = Url::parse(text).map_err(|_| setting("it is no absolute address"))?;
    if url.path() != "/" || url.query().is_some() || !url.has_host() {
        return Err(setting("it must be a bare origin, without a path"));
    }
    match url.scheme() {
        "http" => Ok(url),
        "https" if cfg!(feature = "tls") => Ok(url),
        "https" => Err(setting("this build has no TLS: build it with the feature `tls`")),
        _ => Err(setting("it must begin with http:// or https://")),
    }
}

async fn read_body(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unsent(&error))? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Failure::unknown(format!(
                "the answer of the provider exceeds {MAX_ANSWER_BYTES} bytes"
            )));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A request without an answer. The address is left out: it says nothing new and may grow long.
fn unsent(error: &reqwest::Error) -> Failure {
    let kind = if error.is_timeout() {
        "the provider did not answer in time"
    } else if error.is_connect() {
        "the provider could not be reached"
    } else {
        "the connection to the provider broke"
    };
    match error.source() {
        Some(cause) if !error.is_timeout() => Failure::unknown(format!("{kind}: {cause}")),
        _ => Failure::unknown(kind),
    }
}

fn failure(status: StatusCode, body: &[u8]) -> Failure {
    let Ok(ErrorBody { error }) = serde_json::from_slice(body) else {
        return Failure::unknown(format!("the provider answered {status}"));
    };
    match (status, error.kind.as_str()) {
        (StatusCode::PAYMENT_REQUIRED, "card_error") => declined(error),
        // 404 without Stripe's own code is some other server's.
        (StatusCode::NOT_FOUND, _) if error.code.as_deref() == Some("resource_missing") => {
            let (code, message) = words(error);
            Failure::Missing { code, message }
        }
        (StatusCode::BAD_REQUEST, "card_error" | "invalid_request_error") => {
            let (code, message) = words(error);
            Failure::Refused { code, message }
        }
        // 401 and 403 say that we are not let in today, not what an earlier try did; an idempotency error says that an
        // earlier request had this key, which may well have moved money; 409, 429 and 5xx ask to come back.
        _ => {
            let (code, message) = words(error);
            Failure::unknown(format!("the provider answered {status}: {code}: {message}"))
        }
    }
}

/// The bank's own reason says more than `card_declined`.
fn declined(mut error: ErrorDetail) -> Failure {
    if error.decline_code.is_some() {
        error.code = error.decline_code.take();
    }
    let (code, message) = words(error);
    Failure::Declined { code, message }
}

fn words(error: ErrorDetail) -> (String, String) {
    (
        error.code.unwrap_or(error.kind),
        error.message.unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Failure {
        failure(StatusCode::from_u16(status).unwrap(), body.as_bytes())
    }

    #[test]
    fn only_a_certain_no_is_a_no() {
        let declined = r#"{"error":{"type":"card_error","code":"card_declined","decline_code":"lost_card"}}"#;
        assert!(matches!(read(402, declined), Failure::Declined { code, .. } if code == "lost_card"));
        let invalid = r#"{"error":{"type":"invalid_request_error","code":"amount_too_large","message":"m"}}"#;
        assert!(matches!(read(400, invalid), Failure::Refused { code, .. } if code == "amount_too_large"));
        let missing = r#"{"error":{"type":"invalid_request_error","code":"resource_missing"}}"#;
        assert!(matches!(read(404, missing), Failure::Missing { .. }));
    }

    #[test]
    fn everything_else_is_unknown() {
        let idempotency = r#"{"error":{"type":"idempotency_error"}}"#;
        let in_use = r#"{"error":{"type":"invalid_request_error","code":"idempotency_key_in_use"}}"#;
        let invalid = r#"{"error":{"type":"invalid_request_error"}}"#;
        for (status, body) in [
            (400, idempotency),
            (400, "<html>a proxy</html>"),
            (401, invalid),
            (403, invalid),
            (404, invalid),
            (409, in_use),
            (429, invalid),
            (500, r#"{"error":{"type":"api_error"}}"#),
            (502, ""),
            (503, declined_by_a_broken_server()),
            (302, ""),
        ] {
            assert!(
                matches!(read(status, body), Failure::Unknown { .. }),
                "{status} {body}"
            );
        }
    }

    fn declined_by_a_broken_server() -> &'static str {
        r#"{"error":{"type":"card_error","code":"card_declined"}}"#
    }
}
