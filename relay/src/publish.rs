//! Publishes what the log has, batch by batch, until something is refused.

use std::time::Duration;

use events::envelope::RecordedEvent;
use platform::bus::{Bus, BusError, EventStream};
use platform::event_log::EventLog;
use platform::feed::Feed;
use platform::traced::spans_of;
use tokio_util::sync::CancellationToken;
use tracing::Span;

use crate::RelayStats;

/// Events sent before the first one's answer is waited for: enough to hide the way to NATS and back, and what is sent in
/// vain when the first one is refused.
const WINDOW: usize = 500;

/// How often an idle relay looks whether the stream is still there and still right. What readers miss meanwhile, the log
/// gives them.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// Publishes what follows the stream's last event. Returns at shutdown, when the log is closed, and when it has been idle
/// for so long that the stream should be looked at.
///
/// Fails as soon as an event is refused, or nobody answers; then the stream is to be looked at too.
pub(crate) async fn publish_from(
    mut stream: EventStream,
    log: &EventLog,
    bus: &Bus,
    stats: &RelayStats,
    shutdown: &CancellationToken,
) -> Result<(), BusError> {
    let feed = Feed::tail(log.clone());
    loop {
        let next = feed.next_batch(stream.last_position(), WINDOW, shutdown);
        let Ok(batch) = tokio::time::timeout(LOOK_INTERVAL, next).await else {
            return Ok(());
        };
        let Some(batch) = batch? else { return Ok(()) };
        if batch.is_empty() {
            let known = *log.watch().borrow();
            return Err(BusError::ShorterLog { known });
        }
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            // Answers to what was sent would be waited for in vain.
            () = bus.disconnected() => return Err(BusError::Disconnected),
            published = publish(&batch, &mut stream, bus, stats) => published?,
        }
    }
}

async fn publish(
    batch: &[RecordedEvent],
    stream: &mut EventStream,
    bus: &Bus,
    stats: &RelayStats,
) -> Result<(), BusError> {
    // They end with the batch.
    let _spans = spans_of(batch, span);
    let mut sent = Vec::with_capacity(batch.len());
    for event in batch {
        sent.push(bus.publish(*stream, event).await?);
    }
    for publishing in sent {
        let position = publishing.position();
        publishing.stored().await?;
        stream.last_sequence = position - stream.base;
        stats.reached(position);
        stats.count_published();
    }
    Ok(())
}

/// Of the events of one command.
fn span(written: &[RecordedEvent]) -> Span {
    let position = written.first().map(|event| event.position);
    tracing::info_span!("publish", position, events = written.len())
}
