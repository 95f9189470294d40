//! What is counted of commands: what each came to, how long it took, and how often others were faster.

use std::time::Instant;

use metrics::{counter, histogram};
use telemetry::names;

use crate::Accepted;
use crate::error::ExecuteError;

/// Counts a command that began at `started_at` by its result.
pub(crate) fn count<T>(result: &Result<Accepted<T>, ExecuteError>, started_at: Instant) {
    counter!(names::COMMANDS, "result" => result_name(result)).increment(1);
    histogram!(names::COMMAND_SECONDS).record(started_at.elapsed());
}

/// Counts a decision that was overtaken.
pub(crate) fn count_conflict() {
    counter!(names::COMMAND_CONFLICTS).increment(1);
}

fn result_name<T>(result: &Result<Accepted<T>, ExecuteError>) -> &'static str {
    match result {
        Ok(Accepted { replayed: false, .. }) => "accepted",
        Ok(Accepted { replayed: true, .. }) => "replayed",
        Err(error) => error.kind(),
    }
}
