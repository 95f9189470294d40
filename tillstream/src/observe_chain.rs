//! How a headquarters' chain stands, as metrics; a shop without branches tells zeros.

use std::time::Duration;

use chrono::Utc;
use platform::call_log::CallLog;
use read_models::Views;
use telemetry::names;
use tokio_util::sync::CancellationToken;

/// Days are owed by the hour, and who is silent is so for an hour.
const INTERVAL: Duration = Duration::from_mins(1);

/// Tells until asked to stop.
pub async fn chain(views: Views, calls: CallLog, stop: CancellationToken) {
    loop {
        match query_api::chain_standing(&views, &calls, Utc::now()).await {
            Ok(standing) => {
                let late = u32::try_from(standing.late_days).unwrap_or(u32::MAX);
                metrics::gauge!(names::CHAIN_LATE_DAYS).set(late);
                metrics::gauge!(names::CHAIN_SILENT_BRANCHES).set(standing.silent_branches);
            }
            Err(error) => tracing::debug!(%error, "how the chain stands can't be looked up now"),
        }
        let slept = stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await;
        if slept.is_none() {
            return;
        }
    }
}
