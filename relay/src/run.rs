//! The relay's loop: look, publish, look again.

use std::sync::Arc;
use std::time::Duration;

use events::envelope::Position;
use platform::bus::{Bus, BusError};
use platform::event_log::EventLog;
use tokio_util::sync::CancellationToken;

use crate::RelayStats;
use crate::publish::publish_from;
use crate::stand::find_stream;

/// Pause after a refusal or a failure: a NATS that comes up isn't overrun, and two relays that meet don't race.
const PAUSE: Duration = Duration::from_millis(200);

/// What the relay needs.
#[derive(Debug, Clone)]
pub struct RelayDeps {
    pub log: EventLog,
    pub bus: Bus,
    pub stats: Arc<RelayStats>,
}

/// Publishes the log on the bus until `shutdown`, or until the log is closed. Survives everything that may happen to NATS
/// and to the log's database meanwhile.
pub async fn run(deps: RelayDeps, shutdown: CancellationToken) {
    let RelayDeps { log, bus, stats } = deps;
    while !shutdown.is_cancelled() && !log.is_closed() {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = log.closed() => return,
            () = ready(&log, &bus) => {}
        }
        let done = tokio::select! {
            () = shutdown.cancelled() => return,
            () = log.closed() => return,
            done = work(&log, &bus, &stats, &shutdown) => done,
        };
        let Err(error) = done else { continue };
        if let BusError::Refused { position } = error {
            stats.count_refused();
            tracing::info!(
                position,
                "an event was refused, as the stream has moved; looking where it stands"
            );
        } else {
            stats.count_failure();
            tracing::warn!(%error, "can't publish at the moment; trying again");
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Waits until there are events and a connection.
async fn ready(log: &EventLog, bus: &Bus) {
    // A log can be told from another by its first event. The sender lives as long as the log, so an error can't come.
    let _ = log.watch().wait_for(|newest| *newest > Position::MIN).await;
    bus.connected().await;
}

/// From one look at the stream to the next.
async fn work(
    log: &EventLog,
    bus: &Bus,
    stats: &RelayStats,
    shutdown: &CancellationToken,
) -> Result<(), BusError> {
    let stream = find_stream(log, bus, stats).await?;
    bus.fit_stream().await?;
    stats.reached(stream.last_position());
    publish_from(stream, log, bus, stats, shutdown).await
}
