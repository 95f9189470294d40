//! Looking for what other processes have committed. What this process commits its writer announces itself.

use std::sync::Arc;
use std::time::Duration;

use events::envelope::Position;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::ReadError;
use super::writer::announce;

/// When to look, and whom to tell.
pub(super) struct HeadPoll {
    pub interval: Duration,
    /// Hints that there may be something new.
    pub hints: Arc<Notify>,
    pub newest: watch::Sender<Position>,
    pub closing: CancellationToken,
}

impl HeadPoll {
    /// Looks every interval and at every hint, until the log closes.
    pub async fn run<F>(self, read_head: impl Fn() -> F)
    where
        F: Future<Output = Result<Position, ReadError>>,
    {
        let mut failing = false;
        loop {
            tokio::select! {
                () = self.closing.cancelled() => return,
                () = self.hints.notified() => {}
                () = tokio::time::sleep(self.interval) => {}
            }
            match read_head().await {
                Ok(position) => {
                    if std::mem::take(&mut failing) {
                        tracing::info!("the log's head can be polled again");
                    }
                    announce(&self.newest, position);
                }
                // `close` closes the readers too.
                Err(_) if self.closing.is_cancelled() => return,
                Err(error) => {
                    // Once per outage: it may last for hours.
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(%error, "the log's head can't be polled; trying again");
                    }
                }
            }
        }
    }
}
