//! Nudges: "look, something is new", over core NATS. They may be lost, doubled or late; whoever acts on one looks for
//! himself, and looks from time to time without one.

use async_nats::Subscriber;
use bytes::Bytes;
use events::envelope::Position;
use futures::{FutureExt, StreamExt};
use tokio_util::sync::CancellationToken;

use super::{Bus, BusError};
use crate::event_log::EventLog;

impl Bus {
    /// Tells the others each time that this process has written to the log, until `shutdown`. Several writes while one
    /// nudge goes out make one more.
    pub async fn nudge_log(&self, log: &EventLog, shutdown: &CancellationToken) {
        let mut newest = log.watch();
        let mut told = log.stats().events();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = log.closed() => return,
                changed = newest.changed() => if changed.is_err() { return },
            }
            let position = *newest.borrow_and_update();
            let written = log.stats().events();
            // What others have written they tell themselves.
            if written != told {
                told = written;
                self.nudge(self.log_subject(), position).await;
            }
        }
    }

    /// Looks at the log each time that another process says so, until `shutdown`.
    pub async fn listen_for_nudges(
        &self,
        log: &EventLog,
        shutdown: &CancellationToken,
    ) -> Result<(), BusError> {
        let mut nudges = self.listen(self.log_subject()).await?;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return Ok(()),
                () = log.closed() => return Ok(()),
                nudge = latest(&mut nudges) => match nudge {
                    Some(_) => log.look_now(),
                    None => return Err(BusError::Disconnected),
                },
            }
        }
    }

    /// Tells everybody who listens that views have reached `position`. Without a connection it does nothing.
    pub async fn nudge_views(&self, position: Position) {
        self.nudge(self.views_subject(), position).await;
    }

    /// What [`Bus::nudge_views`] tells, in all processes, from now on.
    pub async fn views_nudges(&self) -> Result<ViewsNudges, BusError> {
        let nudges = self.listen(self.views_subject()).await?;
        Ok(ViewsNudges { nudges })
    }

    async fn nudge(&self, subject: String, position: Position) {
        // The driver would queue them up while there is no connection, and then wait for a place in the queue.
        if !self.is_connected() {
            return;
        }
        let body = Bytes::from(position.to_string());
        if let Err(error) = self.shared.client.publish(subject, body).await {
            tracing::debug!(%error, "a nudge was lost");
        }
    }

    async fn listen(&self, subject: String) -> Result<Subscriber, BusError> {
        let subscribed = self.shared.client.subscribe(subject).await;
        subscribed.map_err(|error| BusError::unavailable("pass on nudges", &error))
    }

    fn log_subject(&self) -> String {
        format!("{}.log", self.shared.settings.prefix)
    }

    fn views_subject(&self) -> String {
        format!("{}.views", self.shared.settings.prefix)
    }
}

/// Nudges about the views. Goes on by itself after a lost connection.
#[derive(Debug)]
pub struct ViewsNudges {
    nudges: Subscriber,
}

impl ViewsNudges {
    /// Waits for nudges and returns the newest one's position. `None` when the client has ended, and no more will come.
    /// May be dropped at any time.
    pub async fn next(&mut self) -> Option<Position> {
        latest(&mut self.nudges).await
    }
}

/// Waits for a nudge, and takes those along that wait behind it. One that can't be read counts as position 0.
async fn latest(nudges: &mut Subscriber) -> Option<Position> {
    let mut nudge = nudges.next().await?;
    while let Some(Some(later)) = nudges.next().now_or_never() {
        nudge = later;
    }
    let position = std::str::from_utf8(&nudge.payload)
        .ok()
        .and_then(|text| text.parse().ok());
    Some(position.unwrap_or(0))
}
