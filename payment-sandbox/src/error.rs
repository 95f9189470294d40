//! The two kinds of failure: what stops the sandbox itself, and what it answers to a caller, in Stripe's shape
//! (`{"error": {"type", "code", "decline_code", "message", "param", "payment_intent"}}`).

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::methods::Decline;
use crate::objects::{PaymentIntent, Resource};

/// Why the sandbox could not start, stop or read its books.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("the payment sandbox's setting `{name}` is unusable: {reason}")]
    Setting {
        name: &'static str,
        reason: &'static str,
    },
    #[error("the payment sandbox cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the payment sandbox cannot open its database {database}", database = database.display())]
    Open { database: PathBuf, source: sqlx::Error },
    #[error("{database} has version {found} of the payment sandbox's tables, this build knows {known}", database = database.display())]
    Version {
        database: PathBuf,
        found: i64,
        known: i64,
    },
    #[error("the payment sandbox cannot make its HTTP client")]
    Client(#[source] reqwest::Error),
    #[error("the payment sandbox's HTTP server stopped")]
    Serve(#[source] io::Error),
    #[error("a task of the payment sandbox ended early")]
    Task(#[from] tokio::task::JoinError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The books could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the payment sandbox's database failed")]
    Sql(#[from] sqlx::Error),
    #[error("the {object} {id} in the payment sandbox's database is unreadable")]
    Unreadable {
        object: &'static str,
        id: String,
        source: serde_json::Error,
    },
}

/// Stripe's classes of error, each with its own meaning for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    Api,
    Card,
    Idempotency,
    InvalidRequest,
}

impl ErrorKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api_error",
            Self::Card => "card_error",
            Self::Idempotency => "idempotency_error",
            Self::InvalidRequest => "invalid_request_error",
        }
    }
}

/// An error as Stripe would answer it.
#[derive(Debug, Clone)]
pub(crate) struct StripeError {
    pub status: StatusCode,
    kind: ErrorKind,
    code: Option<&'static str>,
    decline_code: Option<&'static str>,
    message: String,
    param: Option<String>,
    /// The intent as the refusal left it, already in JSON: only declines carry one.
    payment_intent: Option<Value>,
}

impl StripeError {
    fn new(status: StatusCode, kind: ErrorKind, message: String) -> Self {
        Self {
            status,
            kind,
            code: None,
            decline_code: None,
            message,
            param: None,
            payment_intent: None,
        }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorKind::InvalidRequest, message.into())
    }

    pub fn invalid_param(code: &'static str, param: &str, message: impl Into<String>) -> Self {
        Self {
            code: Some(code),
            param: Some(param.to_owned()),
            ..Self::invalid(message)
        }
    }

    pub fn missing_param(param: &str) -> Self {
        Self::invalid_param(
            "parameter_missing",
            param,
            format!("Missing required param: {param}."),
        )
    }

    /// `resource_missing`: 404 where the address names the thing, 400 where a parameter does.
    pub fn no_such(status: StatusCode, param: &str, object: &str, id: &str) -> Self {
        Self {
            status,
            ..Self::invalid_param("resource_missing", param, format!("No such {object}: '{id}'"))
        }
    }

    pub fn unexpected_state(message: impl Into<String>) -> Self {
        Self {
            code: Some("payment_intent_unexpected_state"),
            ..Self::invalid(message)
        }
    }

    pub fn charge_already_refunded(charge: &str) -> Self {
        Self {
            code: Some("charge_already_refunded"),
            ..Self::invalid(format!("Charge {charge} has already been refunded."))
        }
    }

    pub fn unauthorized(message: &str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            ErrorKind::InvalidRequest,
            message.to_owned(),
        )
    }

    pub fn not_found(method: &str, path: &str) -> Self {
        let message = format!("Unrecognized request URL ({method}: {path}).");
        Self::new(StatusCode::NOT_FOUND, ErrorKind::InvalidRequest, message)
    }

    pub fn too_large() -> Self {
        let message = "The request's body is too large.".to_owned();
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorKind::InvalidRequest, message)
    }

    pub fn rate_limited() -> Self {
        let message = "Too many requests at once. Retry with exponential backoff.".to_owned();
        Self {
            code: Some("rate_limit"),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, ErrorKind::InvalidRequest, message)
        }
    }

    pub fn idempotency_mismatch(key: &str) -> Self {
        let message = format!(
            "The idempotency key '{key}' was first used with other parameters or another endpoint. Use a new key for \
             a different request."
        );
        Self::new(StatusCode::BAD_REQUEST, ErrorKind::Idempotency, message)
    }

    pub fn idempotency_key_in_use() -> Self {
        let message = "Another request with this idempotency key is in progress. Retry later.".to_owned();
        Self {
            code: Some("idempotency_key_in_use"),
            ..Self::new(StatusCode::CONFLICT, ErrorKind::Idempotency, message)
        }
    }

    pub fn unavailable() -> Self {
        let message =
            "The service is unavailable for a moment. Retry with the same idempotency key.".to_owned();
        Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorKind::Api, message)
    }

    pub fn answer_timed_out() -> Self {
        let message = "The request took too long and was given up.".to_owned();
        Self::new(StatusCode::GATEWAY_TIMEOUT, ErrorKind::Api, message)
    }

    pub fn internal() -> Self {
        let message = "An unexpected error occurred.".to_owned();
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorKind::Api, message)
    }

    pub fn declined(decline: Decline, intent: &PaymentIntent) -> Self {
        Self {
            code: Some(decline.code),
            decline_code: decline.decline_code,
            payment_intent: Some(intent.to_json()),
            ..Self::new(
                StatusCode::PAYMENT_REQUIRED,
                ErrorKind::Card,
                decline.message.to_owned(),
            )
        }
    }

    pub fn to_json(&self) -> Value {
        let mut error = Map::new();
        let fields = [
            ("type", Some(Value::from(self.kind.as_str()))),
            ("code", self.code.map(Value::from)),
            ("decline_code", self.decline_code.map(Value::from)),
            ("message", Some(Value::from(self.message.as_str()))),
            ("param", self.param.as_deref().map(Value::from)),
            ("payment_intent", self.payment_intent.clone()),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                error.insert(name.to_owned(), value);
            }
        }
        json!({ "error": error })
    }
}

impl From<StoreError> for StripeError {
    /// Logs the cause, which the caller never sees.
    fn from(error: StoreError) -> Self {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the payment sandbox cannot use its books"
        );
        Self::internal()
    }
}

impl IntoResponse for StripeError {
    fn into_response(self) -> Response {
        (self.status, Json(self.to_json())).into_response()
    }
}
