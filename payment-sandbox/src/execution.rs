//! Runs an operation once per idempotency key: stored answers are replayed, two requests at once run once, and the
//! answer is stored in the transaction of the change. What the operation does is left to `operations`.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::Utc;

use crate::error::{StoreError, StripeError};
use crate::operations::{Answer, Context, Failure, Operation, Verdict};
use crate::server::Server;
use crate::store::idempotency::{self, StoredAnswer};

const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Who asks for what: the key, if one was sent, and the fingerprint of path and parameters.
pub(crate) struct Request {
    pub key: Option<String>,
    pub fingerprint: String,
}

/// The keys whose requests are running in this process.
#[derive(Clone, Default)]
pub(crate) struct KeysInUse(Arc<Mutex<HashSet<String>>>);

/// Holds one key; dropped also when the caller goes away in the middle.
struct KeyInUse {
    keys: KeysInUse,
    key: String,
}

impl KeysInUse {
    fn take(&self, key: &str) -> Option<KeyInUse> {
        let taken = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.to_owned());
        taken.then(|| KeyInUse {
            keys: self.clone(),
            key: key.to_owned(),
        })
    }
}

impl Drop for KeyInUse {
    fn drop(&mut self) {
        self.keys
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.key);
    }
}

/// How the transaction ended.
enum Ended {
    Replayed(StoredAnswer),
    Answered(Answer),
    AnsweredTooLate(Answer),
    HungUp,
    Unavailable,
}

pub(crate) async fn execute(
    server: &Server,
    request: Request,
    operation: Operation,
) -> Result<Response, StripeError> {
    let key_in_use = match &request.key {
        Some(key) => Some(
            server
                .keys_in_use
                .take(key)
                .ok_or_else(StripeError::idempotency_key_in_use)?,
        ),
        None => None,
    };
    match in_transaction(server, &request, operation).await? {
        Ended::Replayed(stored) => replay(&request, stored),
        Ended::Answered(answer) => Ok(respond(answer)),
        Ended::AnsweredTooLate(answer) => {
            // The answer is stored: whoever asks again with this key need not wait.
            drop(key_in_use);
            server.hang().await;
            Ok(respond(answer))
        }
        Ended::HungUp => {
            server.hang().await;
            Err(StripeError::answer_timed_out())
        }
        Ended::Unavailable => Err(StripeError::unavailable()),
    }
}

async fn in_transaction(
    server: &Server,
    request: &Request,
    operation: Operation,
) -> Result<Ended, StoreError> {
    let now = Utc::now();
    let mut books = server.store.begin().await?;
    if let Some(key) = &request.key
        && let Some(stored) = idempotency::find(&mut books, key, now).await?
    {
        return Ok(Ended::Replayed(stored));
    }
    let context = Context {
        now,
        processing_delay: server.processing_delay,
        request: request.key.as_deref().unwrap_or(&request.fingerprint),
    };
    let verdict = match operation.run(&mut books, context).await {
        Ok(verdict) => verdict,
        Err(Failure::Refused(error)) => Verdict::Answer((*error).into()),
        Err(Failure::Store(error)) => return Err(error),
    };
    if let (Some(key), Verdict::Answer(answer) | Verdict::AnswerTooLate(answer)) = (&request.key, &verdict) {
        let stored = (answer.status.as_u16(), &answer.body);
        idempotency::insert(&mut books, key, &request.fingerprint, stored, now).await?;
    }
    let ended = match verdict {
        Verdict::HangUp => {
            // The write lock must not be held while the caller waits.
            books.rollback().await?;
            return Ok(Ended::HungUp);
        }
        Verdict::Answer(answer) => Ended::Answered(answer),
        Verdict::AnswerTooLate(answer) => Ended::AnsweredTooLate(answer),
        Verdict::Unavailable => Ended::Unavailable,
    };
    books.commit().await?;
    server.wake.send_replace(());
    Ok(ended)
}

fn respond(answer: Answer) -> Response {
    (answer.status, Json(answer.body)).into_response()
}

fn replay(request: &Request, stored: StoredAnswer) -> Result<Response, StripeError> {
    if stored.fingerprint != request.fingerprint {
        return Err(StripeError::idempotency_mismatch(
            request.key.as_deref().unwrap_or_default(),
        ));
    }
    let status = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (IDEMPOTENT_REPLAYED, HeaderValue::from_static("true")),
    ];
    Ok((status, headers, stored.body).into_response())
}
