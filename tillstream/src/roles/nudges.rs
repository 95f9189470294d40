//! Telling other processes that it's worth looking. Whatever is lost here costs the interval of a poll and nothing else.

use std::time::Duration;

use futures::Stream;
use futures::stream;
use platform::bus::{Bus, ViewsNudges};
use platform::event_log::EventLog;
use read_models::Views;
use tokio_util::sync::CancellationToken;

/// Until a failed attempt to listen is made again.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells the relay and the others when this process has written to the log.
pub async fn log_has_grown(bus: Bus, log: EventLog, stop: CancellationToken) {
    bus.nudge_log(&log, &stop).await;
}

/// Looks at the log when another process says that it has written.
pub async fn look_when_told(bus: Bus, log: EventLog, stop: CancellationToken) {
    while let Err(error) = bus.listen_for_nudges(&log, &stop).await {
        tracing::warn!(%error, "can't hear of new events; polling meanwhile");
        if stop
            .run_until_cancelled(tokio::time::sleep(PAUSE))
            .await
            .is_none()
        {
            return;
        }
    }
}

/// Tells the query APIs when this process has moved the views on.
pub async fn views_have_moved(bus: Bus, views: Views, stop: CancellationToken) {
    let mut positions = views.positions();
    while let Some(Ok(())) = stop.run_until_cancelled(positions.changed()).await {
        let reached = positions.borrow_and_update().min();
        bus.nudge_views(reached).await;
    }
}

/// Keeps what this process knows of the views' positions up to date, from the database, when it is told that they moved.
pub async fn follow(views: Views, bus: Option<Bus>, stop: CancellationToken) {
    match bus {
        Some(bus) => views.follow(hints(bus), stop).await,
        None => views.follow(stream::pending(), stop).await,
    }
}

/// One for each nudge about views. What could not be listened to, or ended, is listened to again.
fn hints(bus: Bus) -> impl Stream<Item = ()> {
    stream::unfold((bus, None::<ViewsNudges>), |(bus, mut nudges)| async move {
        loop {
            if let Some(nudges) = &mut nudges
                && nudges.next().await.is_some()
            {
                break;
            }
            nudges = match bus.views_nudges().await {
                Ok(nudges) => Some(nudges),
                Err(error) => {
                    tracing::warn!(%error, "can't hear of moved views; polling meanwhile");
                    tokio::time::sleep(PAUSE).await;
                    None
                }
            };
        }
        Some(((), (bus, nudges)))
    })
}
