//! What the parts of a process know about themselves, as metrics, every second.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use platform::event_log::EventLog;
use read_models::{Positions, ViewName, Views};
use relay::RelayStats;
use telemetry::names;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// Often enough for alerts that look at half a minute, and next to nothing of a processor.
const INTERVAL: Duration = Duration::from_secs(1);

/// The log's writer of this process, and the log's head as it knows it.
pub async fn log(log: EventLog, stop: CancellationToken) {
    let newest = log.watch();
    let mut seconds = Seconds::until(stop);
    while seconds.next().await {
        let stats = log.stats();
        metrics::gauge!(names::LOG_HEAD).set(float(*newest.borrow()));
        for (name, count) in [
            (names::LOG_BATCHES, stats.batches()),
            (names::LOG_APPENDS, stats.appends()),
            (names::LOG_EVENTS, stats.events()),
            (names::LOG_CONFLICTS, stats.conflicts()),
        ] {
            metrics::counter!(name).absolute(count);
        }
    }
}

/// How far the views are, in a process that doesn't know the log.
pub async fn views(views: Views, stop: CancellationToken) {
    let positions = views.positions();
    let mut seconds = Seconds::until(stop);
    while seconds.next().await {
        tell_positions(&positions.borrow());
    }
}

/// How far the views are, and how far behind the log.
pub async fn projections(log: EventLog, views: Views, stop: CancellationToken) {
    let mut seconds = Seconds::until(stop);
    while seconds.next().await {
        // From the database: this process may be standing by.
        let Ok(positions) = views.stored_positions().await else {
            continue;
        };
        let Ok(head) = log.head().await else { continue };
        metrics::gauge!(names::LOG_HEAD).set(float(head));
        tell_positions(&positions);
        let mut ages = BTreeMap::new();
        for view in ViewName::ALL {
            let position = positions.of(view);
            let behind = head.saturating_sub(position);
            metrics::gauge!(names::VIEW_LAG_EVENTS, "view" => view.as_str()).set(float(behind));
            // Mostly, all views stand at the same event.
            if let Entry::Vacant(unknown) = ages.entry(position) {
                let Ok(age) = log.age_after(position).await else {
                    break;
                };
                unknown.insert(age.as_secs_f64());
            }
            metrics::gauge!(names::VIEW_LAG_SECONDS, "view" => view.as_str()).set(ages[&position]);
        }
    }
}

/// How far the relay is, while it is this process's turn.
pub async fn relay(
    log: EventLog,
    stats: Arc<RelayStats>,
    leads: watch::Receiver<bool>,
    stop: CancellationToken,
) {
    let newest = log.watch();
    let mut seconds = Seconds::until(stop);
    while seconds.next().await {
        let position = stats.position();
        let lag = if *leads.borrow() {
            newest.borrow().saturating_sub(position)
        } else {
            0
        };
        metrics::gauge!(names::RELAY_POSITION).set(float(position));
        metrics::gauge!(names::RELAY_LAG_EVENTS).set(float(lag));
    }
}

/// Whether this process is the one that acts.
pub async fn leadership(role: &'static str, mut held: watch::Receiver<bool>, stop: CancellationToken) {
    loop {
        let leads = *held.borrow_and_update();
        metrics::gauge!(names::LEADER, "role" => role).set(f64::from(u8::from(leads)));
        tokio::select! {
            () = stop.cancelled() => return,
            changed = held.changed() => if changed.is_err() { return },
        }
    }
}

fn tell_positions(positions: &Positions) {
    for view in ViewName::ALL {
        metrics::gauge!(names::VIEW_POSITION, "view" => view.as_str()).set(float(positions.of(view)));
    }
}

/// One tick per second, until the end.
struct Seconds {
    ticks: Interval,
    stop: CancellationToken,
}

impl Seconds {
    fn until(stop: CancellationToken) -> Self {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { ticks, stop }
    }

    async fn next(&mut self) -> bool {
        self.stop.run_until_cancelled(self.ticks.tick()).await.is_some()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a metric; exact up to 2^53 events")]
fn float(count: u64) -> f64 {
    count as f64
}
