//! A form-encoded POST, read from the wire: its key, its parameters, and the two as one request.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request as HttpRequest};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use crate::error::StripeError;
use crate::execution::{Request, execute};
use crate::form::Params;
use crate::operations::Operation;
use crate::server::Server;

/// Stripe's bound on a key.
const MAX_KEY_CHARS: usize = 255;

/// A POST whose parameters are not looked at yet.
pub(super) struct Call {
    pub params: Params,
    request: Request,
}

impl Call {
    /// Refuses parameters that were not taken, then runs the operation under the call's key.
    pub async fn run(self, server: &Server, operation: Operation) -> Result<Response, StripeError> {
        self.params.finish()?;
        execute(server, self.request, operation).await
    }
}

impl FromRequest<Arc<Server>> for Call {
    type Rejection = StripeError;

    async fn from_request(http: HttpRequest, server: &Arc<Server>) -> Result<Self, StripeError> {
        let path = http.uri().path().to_owned();
        let key = idempotency_key(http.headers())?;
        check_content_type(http.headers())?;
        let body = Bytes::from_request(http, server)
            .await
            .map_err(|rejection| match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => StripeError::too_large(),
                _ => StripeError::invalid("The request's body could not be read."),
            })?;
        let params = Params::parse(&body)?;
        let fingerprint = params.fingerprint(&path);
        Ok(Self {
            params,
            request: Request { key, fingerprint },
        })
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, StripeError> {
    let Some(value) = headers.get("Idempotency-Key") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if !key.is_empty() && key.len() <= MAX_KEY_CHARS => Ok(Some(key.to_owned())),
        _ => Err(StripeError::invalid(format!(
            "Idempotency keys have 1 to {MAX_KEY_CHARS} visible ASCII characters."
        ))),
    }
}

/// A POST without a body may leave the type out.
fn check_content_type(headers: &HeaderMap) -> Result<(), StripeError> {
    let form = headers.get(header::CONTENT_TYPE).is_none_or(|value| {
        value
            .to_str()
            .is_ok_and(|text| text.starts_with("application/x-www-form-urlencoded"))
    });
    if form {
        Ok(())
    } else {
        Err(StripeError::invalid(
            "The request must be form-encoded (application/x-www-form-urlencoded).",
        ))
    }
}
