//! What the workers count. The names and what they mean are `telemetry`'s; who collects it is chosen where the process
//! starts, and without a collector nothing is kept.

use std::time::Duration;

use ::metrics::{counter, gauge, histogram};
use platform::event_log::EventLog;
use telemetry::names::{
    EFFECT_SECONDS, EFFECTS, INTENTS, RECONCILIATION_FINDINGS, SETTLEMENT_OUTCOMES, WORKER_LAG_EVENTS,
    WORKER_LAG_SECONDS,
};
use tokio_util::sync::CancellationToken;

use crate::intents::{Backlog, Intents, IntentsError, Lane};

/// How often the gauges are read from the database; a collector asks less often as a rule.
const REFRESH_EVERY: Duration = Duration::from_secs(5);
/// The states of which the gauges tell; what is done is counted as an effect.
const OPEN_STATES: [&str; 3] = ["pending", "leased", "parked"];

/// A money movement as the settlement knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Movement {
    Charge,
    Refund,
    Payout,
}

impl Movement {
    fn as_str(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::Payout => "payout",
        }
    }
}

/// `outcome` is `settled`, `failed`, `pending` or `unknown`.
pub(crate) fn settlement(movement: Movement, outcome: &'static str) {
    counter!(SETTLEMENT_OUTCOMES, "kind" => movement.as_str(), "outcome" => outcome).increment(1);
}

/// `result` is `done`, `wait`, `retry` or `parked`.
pub(crate) fn effect(lane: Lane, result: &'static str, took: Duration) {
    counter!(EFFECTS, "lane" => lane.as_str(), "result" => result).increment(1);
    histogram!(EFFECT_SECONDS, "lane" => lane.as_str()).record(took);
}

pub(crate) fn findings(kind: &'static str, count: usize) {
    counter!(RECONCILIATION_FINDINGS, "kind" => kind).increment(count as u64);
}

/// Keeps the gauges up to date until shutdown.
pub(crate) async fn refresh(intents: Intents, log: EventLog, shutdown: CancellationToken) {
    loop {
        if let Err(error) = read_gauges(&intents, &log).await {
            tracing::debug!(%error, "the gauges of the workers can't be read");
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(REFRESH_EVERY) => {}
        }
    }
}

async fn read_gauges(intents: &Intents, log: &EventLog) -> Result<(), IntentsError> {
    let backlog = intents.backlog().await?;
    for lane in Lane::ALL {
        for state in OPEN_STATES {
            gauge!(INTENTS, "lane" => lane.as_str(), "state" => state).set(count(&backlog, lane, state));
        }
    }
    let planned = intents.checkpoint().await?;
    if let Ok(head) = log.head().await {
        gauge!(WORKER_LAG_EVENTS).set(float(head.saturating_sub(planned)));
    }
    if let Ok(age) = log.age_after(planned).await {
        gauge!(WORKER_LAG_SECONDS).set(age.as_secs_f64());
    }
    Ok(())
}

fn count(backlog: &[Backlog], lane: Lane, state: &str) -> f64 {
    let counted = backlog
        .iter()
        .find(|counted| counted.lane == lane.as_str() && counted.state == state);
    float(counted.map_or(0, |counted| counted.count))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge is looked at, and exact up to 2^53"
)]
fn float(count: u64) -> f64 {
    count as f64
}
