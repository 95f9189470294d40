//! How far the views are, for a process that doesn't write them: it looks, again and again, and more often while
//! somebody waits for a position.
//!
//! Who tells that it's worth looking (the bus, or nobody) is the caller's business; it only makes it quicker.

use std::pin::pin;
use std::time::Duration;

use events::envelope::Position;
use futures::{FutureExt, Stream, StreamExt};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Views;
use crate::positions::Positions;
use crate::view_name::ViewName;

/// How often it looks when nobody tells it to and nobody waits: a reader sees within this what a lost hint withheld.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How often it looks while somebody waits: one cheap query for all who wait, and a delay that nobody feels.
const LOOK_EVERY_WHILE_AWAITED: Duration = Duration::from_millis(25);

/// The least pause between two looks, whatever is told: hints come with every batch of a busy projector.
const LOOK_APART: Duration = Duration::from_millis(5);

impl Views {
    /// Looks how far the views are and tells it by [`positions`](Self::positions), until `shutdown`: whenever `hints`
    /// says that they have moved, and by itself. A failure to look is logged once and tried again.
    pub async fn follow(&self, hints: impl Stream<Item = ()>, shutdown: CancellationToken) {
        let mut hints = pin!(hints.fuse());
        let mut waiting = self.inner.waiting.subscribe();
        let mut failing = false;
        while !shutdown.is_cancelled() {
            self.look(&mut failing).await;
            tokio::time::sleep(LOOK_APART).await;
            let pause = if *waiting.borrow_and_update() > 0 {
                LOOK_EVERY_WHILE_AWAITED
            } else {
                LOOK_EVERY
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                Some(()) = hints.next() => {}
                Ok(()) = waiting.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
            while hints.next().now_or_never().flatten().is_some() {}
        }
    }

    async fn look(&self, failing: &mut bool) {
        match self.stored_positions().await {
            Ok(positions) => {
                *failing = false;
                self.publish(ViewName::ALL.map(|view| (view, positions.of(view))));
            }
            Err(error) if !*failing => {
                *failing = true;
                tracing::warn!(%error, "how far the views are can't be read; trying again");
            }
            Err(_) => {}
        }
    }

    /// Waits until all of these views reflect `wanted`, as far as this process is told. For ever if nobody tells.
    pub async fn reach(&self, needed: &[ViewName], wanted: Position) {
        let reached = |positions: &Positions| needed.iter().all(|view| positions.of(*view) >= wanted);
        let mut positions = self.positions();
        if reached(&positions.borrow_and_update()) {
            return;
        }
        let _waiting = Waiting::begin(&self.inner.waiting);
        // An error would mean that nobody tells any more; the sender lives as long as `self`.
        let _ = positions.wait_for(reached).await;
    }
}

/// Somebody waits for a position, until this is dropped.
struct Waiting<'v>(&'v watch::Sender<usize>);

impl<'v> Waiting<'v> {
    fn begin(waiting: &'v watch::Sender<usize>) -> Self {
        waiting.send_modify(|count| *count += 1);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
