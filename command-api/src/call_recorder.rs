//! Keeps a line of every call of a branch, also of those that are refused.

use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use chrono::Utc;
use platform::call_log::{Call, CallLog, Direction};
use serde::Deserialize;

use crate::branch_caller;

/// Longer than any problem of ours; read only to find its code.
const PROBLEM_MAX_BYTES: usize = 64 * 1024;

/// Where calls are kept; nowhere, if the process has no such place.
#[derive(Debug, Clone, Default)]
pub struct CallRecorder(pub Option<CallLog>);

/// What an answer's line is to tell besides its status: it rides in the answer's extensions, and goes no further.
#[derive(Debug, Clone)]
pub struct CallNote(pub String);

/// The part of a problem that says what it is.
#[derive(Deserialize)]
struct Coded {
    code: String,
    #[serde(default)]
    errors: Vec<CodedField>,
}

#[derive(Deserialize)]
struct CodedField {
    field: String,
    code: String,
}

impl Coded {
    /// The code, and which fields are at fault by which code.
    fn words(self) -> String {
        let fields: Vec<_> = self
            .errors
            .iter()
            .map(|error| format!("{}: {}", error.field, error.code))
            .collect();
        if fields.is_empty() {
            return self.code;
        }
        format!("{} ({})", self.code, fields.join(", "))
    }
}

/// A layer around the routes that branches call.
pub async fn record(
    State(CallRecorder(calls)): State<CallRecorder>,
    request: Request,
    next: Next,
) -> Response {
    let Some(calls) = calls else {
        return next.run(request).await;
    };
    let (parts, body) = request.into_parts();
    let mut call = Call {
        at: Utc::now(),
        direction: Direction::Incoming,
        peer: branch_caller::claimed(&parts).map(|token| token.branch_id().to_string()),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        status: None,
        duration_ms: 0,
        error: None,
    };
    let begun = Instant::now();
    let response = next.run(Request::from_parts(parts, body)).await;
    call.duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    call.status = Some(response.status().as_u16());
    let (response, error) = coded(response).await;
    call.error = error.or_else(|| response.extensions().get::<CallNote>().map(|note| note.0.clone()));
    calls.record(&call).await;
    response
}

/// The code of an answer that is a problem, and the answer as it was.
async fn coded(response: Response) -> (Response, Option<String>) {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    // Proof: problems are made whole in memory, and are far shorter.
    let bytes = to_bytes(body, PROBLEM_MAX_BYTES).await.unwrap_or_default();
    let code = serde_json::from_slice::<Coded>(&bytes).map_or_else(|_| status.to_string(), Coded::words);
    (Response::from_parts(parts, Body::from(bytes)), Some(code))
}
