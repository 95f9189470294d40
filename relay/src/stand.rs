//! Where the relay stands: finds the stream, or makes one that goes with the log.

use platform::bus::{Bus, BusError, EventStream, Standing};
use platform::event_log::EventLog;

use crate::RelayStats;

/// How often to look again after making or deleting a stream. Others may do the same at once; more rounds than this mean
/// that two relays of different logs fight over one name.
const ROUNDS: usize = 5;

/// The stream that goes with the log, made anew if there is none or a wrong one.
pub(crate) async fn find_stream(
    log: &EventLog,
    bus: &Bus,
    stats: &RelayStats,
) -> Result<EventStream, BusError> {
    for _ in 0..ROUNDS {
        match bus.look(log).await? {
            Standing::Sound(stream) => return Ok(stream),
            Standing::Missing => {
                bus.make_stream(log).await?;
                stats.count_made();
            }
            Standing::Wrong(mismatch) => {
                tracing::error!(%mismatch, "the events' stream on NATS contradicts the log, and is made anew");
                bus.delete_stream().await?;
            }
        }
    }
    Err(BusError::Missing)
}
