//! What changes the books. Each operation runs inside one write transaction, records the events that tell of it, and
//! says what to answer. Keys, hanging and HTTP are left to `execution`.

mod intents;
mod payouts;
mod refunds;
mod settlement;

use std::time::Duration;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::SqliteConnection;

pub(crate) use intents::{CancelIntent, ConfirmIntent, CreateIntent};
pub(crate) use payouts::CreatePayout;
pub(crate) use refunds::CreateRefund;
pub(crate) use settlement::settle_due;

use crate::error::{StoreError, StripeError};
use crate::objects::Resource;

/// A parsed request to change the books.
#[derive(Debug)]
pub(crate) enum Operation {
    CreateIntent(CreateIntent),
    ConfirmIntent(ConfirmIntent),
    CancelIntent(CancelIntent),
    CreateRefund(CreateRefund),
    CreatePayout(CreatePayout),
}

/// What an operation knows besides its parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub now: DateTime<Utc>,
    pub processing_delay: Duration,
    /// Names this request across its retries: the idempotency key, or else the fingerprint.
    pub request: &'a str,
}

impl Context<'_> {
    /// When a late settlement happens.
    fn settles_at(&self) -> DateTime<Utc> {
        self.now + self.processing_delay
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Answer {
    fn ok(resource: &impl Resource) -> Self {
        Self {
            status: StatusCode::OK,
            body: resource.to_json(),
        }
    }
}

impl From<StripeError> for Answer {
    fn from(error: StripeError) -> Self {
        Self {
            status: error.status,
            body: error.to_json(),
        }
    }
}

/// How the request ends.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Keep the changes and answer.
    Answer(Answer),
    /// Keep the changes, but let the caller wait too long for the answer.
    AnswerTooLate(Answer),
    /// Change nothing and let the caller wait too long.
    HangUp,
    /// Change nothing but the count of refusals, and answer 503.
    Unavailable,
}

/// Why an operation did nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    Refused(Box<StripeError>),
    Store(StoreError),
}

impl From<StripeError> for Failure {
    fn from(error: StripeError) -> Self {
        Self::Refused(Box::new(error))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Operation {
    pub async fn run(self, books: &mut SqliteConnection, context: Context<'_>) -> Result<Verdict, Failure> {
        match self {
            Self::CreateIntent(request) => intents::create(books, request, context).await,
            Self::ConfirmIntent(request) => intents::confirm(books, request, context).await,
            Self::CancelIntent(request) => intents::cancel(books, request, context).await,
            Self::CreateRefund(request) => refunds::create(books, request, context).await,
            Self::CreatePayout(request) => payouts::create(books, request, context).await,
        }
    }
}
