//! What goes wrong on our side, told once in the log and without internals to the client.

use std::time::Duration;

use platform::call_log::CallLogError;
use platform::vault::VaultError;
use read_models::store::StoreError;
use web::Problem;

/// A read model that hasn't been filled for the first time is soon; a database that restarts takes a few seconds.
const RETRY_AFTER: Duration = Duration::from_secs(1);

pub fn store_failed(error: StoreError) -> Problem {
    match error {
        StoreError::NotReady => {
            Problem::unavailable(RETRY_AFTER, "read_model_behind").with_detail("There is no read model yet.")
        }
        error if error.is_passing() => {
            tracing::warn!(%error, "the read models can't be read now");
            Problem::unavailable(RETRY_AFTER, "read_model_unavailable")
        }
        error => Problem::internal(error),
    }
}

/// The log of calls is worth no alarm: it is asked again.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
pub fn calls_failed(error: CallLogError) -> Problem {
    tracing::warn!(
        error = &error as &dyn std::error::Error,
        "the log of calls can't be read now"
    );
    Problem::unavailable(RETRY_AFTER, "read_model_unavailable")
}

pub fn vault_failed(error: VaultError) -> Problem {
    Problem::internal(error)
}
