//! A command's part of a trace. While no traces are collected there are no such spans: the log has no use for them.

use tracing::{Span, field};

use crate::Accepted;
use crate::error::ExecuteError;

/// A command from its decision to its answer, retries included.
pub(crate) fn command() -> Span {
    if !telemetry::traces_on() {
        return Span::none();
    }
    tracing::info_span!(
        "command",
        position = field::Empty,
        replayed = field::Empty,
        refused = field::Empty
    )
}

/// The wait for the log's writer and its commit.
pub(crate) fn append() -> Span {
    if !telemetry::traces_on() {
        return Span::none();
    }
    tracing::info_span!("append")
}

pub(crate) fn tell<T>(span: &Span, result: &Result<Accepted<T>, ExecuteError>) {
    if span.is_none() {
        return;
    }
    match result {
        Ok(accepted) => {
            span.record("position", accepted.position);
            span.record("replayed", accepted.replayed);
        }
        Err(error) => {
            span.record("refused", error.kind());
        }
    }
}
