//! Makes a backup whenever something has changed, at every interval; goes on after a failure, and says so.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use platform::backup::{Copied, Copier, Retention, Target};
use platform::blobs::BlobStore;
use platform::event_log::EventLog;
use telemetry::names;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::Restored;
use super::images::{Images, is_of_blobs};
use crate::data_dir::{DataDir, Lock};
use crate::settings::Settings;

/// How often old backups are looked for: what a chunk costs is small, and listing a bucket isn't free.
const CLEAR_AWAY_EVERY: Duration = Duration::from_mins(5);
/// How long the last backup may keep the shop from ending: a usual one takes a fraction of it.
const LAST_MAX: Duration = Duration::from_secs(10);
/// How often the metric of the age is told.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// How things stand, for the health page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupState {
    /// Since when nothing newer than the newest backup was known; the shop's start before the first.
    pub fresh_at: DateTime<Utc>,
    /// How far the newest backup of this process reaches.
    pub position: Option<u64>,
    /// Files of images that the newest backup hasn't got yet.
    pub images_left: u64,
    /// Whether the last try failed.
    pub is_failing: bool,
}

/// See the module.
pub struct Keeper {
    dir: PathBuf,
    target: Target,
    interval: Duration,
    retention: Retention,
    log: EventLog,
    blobs: BlobStore,
    state: watch::Sender<BackupState>,
}

impl Keeper {
    /// None if the settings name no place.
    ///
    /// An error if it is a bucket that isn't there or isn't ours; one that can't be reached is tried again and again.
    pub async fn of(
        settings: &Settings,
        dir: &DataDir,
        log: &EventLog,
        blobs: &BlobStore,
    ) -> anyhow::Result<Option<Self>> {
        let Some(target) = settings.backup.target()? else {
            return Ok(None);
        };
        super::check(&target).await?;
        let (state, _) = watch::channel(BackupState {
            fresh_at: Utc::now(),
            position: None,
            images_left: 0,
            is_failing: false,
        });
        Ok(Some(Self {
            dir: dir.path().to_owned(),
            target,
            interval: Duration::from_secs(settings.backup.interval_s.into()),
            retention: settings.backup.retention(),
            log: log.clone(),
            blobs: blobs.clone(),
            state,
        }))
    }

    pub fn state(&self) -> watch::Receiver<BackupState> {
        self.state.subscribe()
    }

    /// Until it is asked to stop; then once more, so that an orderly end loses nothing.
    pub async fn run(self, stop: CancellationToken) {
        // There from the start, so that the first failure is an increase.
        metrics::counter!(names::BACKUP_FAILURES).increment(0);
        metrics::counter!(names::BACKUP_BYTES).increment(0);
        let mut copies = Copies {
            images: Images::new(self.log.clone(), self.blobs.clone()),
            copier: None,
            cleared_away: None,
        };
        let mut ticks = tokio::time::interval(self.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            let step = self.step(&mut copies);
            if stop.run_until_cancelled(step).await.is_none() {
                // It broke off in the middle of a transaction; a copy that isn't finished is none.
                copies.copier = None;
            }
        }
        let last = self.step(&mut copies);
        if tokio::time::timeout(LAST_MAX, last).await.is_err() {
            tracing::warn!("there was no time for a last backup; the next start makes one");
            copies.copier = None;
        }
        if let Some(copier) = copies.copier {
            copier.close().await;
        }
    }

    async fn step(&self, copies: &mut Copies) {
        let started_at = Utc::now();
        match self.copy(copies).await {
            Ok(copied) => {
                self.state.send_modify(|state| {
                    state.fresh_at = started_at;
                    state.is_failing = false;
                    if let Some(copied) = &copied {
                        state.position = Some(copied.name.position);
                        state.images_left = copied.blobs.left;
                    }
                });
                if let Some(copied) = copied {
                    tell(&copied);
                }
            }
            Err(error) => {
                metrics::counter!(names::BACKUP_FAILURES).increment(1);
                self.state.send_modify(|state| state.is_failing = true);
                let reason = format!("{error:#}");
                tracing::error!(reason, to = %self.target, "the backup failed; the next one is tried in its time");
                if !is_of_blobs(&error) {
                    // What it believes to be there may not be.
                    copies.copier = None;
                }
            }
        }
    }

    async fn copy(&self, copies: &mut Copies) -> anyhow::Result<Option<Copied>> {
        let dir = DataDir::existing(&self.dir)?;
        if Restored::is_pending(&dir)? {
            return Ok(None); // everything in it is still in the backup that it came from
        }
        let _lock = Lock::of_backups(&dir).await?;
        let Copies {
            images,
            copier,
            cleared_away,
        } = copies;
        let copier = match copier {
            Some(copier) => copier,
            None => copier.insert(super::copier(&dir, &self.target).await?),
        };
        let copied = images.copy(copier).await?;
        if cleared_away.is_none_or(|at| at.elapsed() >= CLEAR_AWAY_EVERY) {
            let gone = copier.clear_away(self.retention).await?;
            tracing::debug!(gone, "old backups are cleared away");
            *cleared_away = Some(Instant::now());
        }
        Ok(copied)
    }
}

/// What one copy leaves to the next.
struct Copies {
    images: Images,
    copier: Option<Copier>,
    /// When old backups were looked for last.
    cleared_away: Option<Instant>,
}

fn tell(copied: &Copied) {
    metrics::counter!(names::BACKUP_BYTES).increment(copied.written_bytes);
    metrics::histogram!(names::BACKUP_SECONDS).record(copied.took);
    tracing::debug!(
        position = copied.name.position,
        written_bytes = copied.written_bytes,
        written_chunks = copied.written_chunks,
        written_blobs = copied.written_blobs,
        images_left = copied.blobs.left,
        bytes = copied.bytes,
        took_ms = u64::try_from(copied.took.as_millis()).unwrap_or(u64::MAX),
        "a backup was made"
    );
}

/// Keeps the metric of the age true, also while a backup takes long.
pub async fn observe(state: watch::Receiver<BackupState>, stop: CancellationToken) {
    let mut seconds = tokio::time::interval(TELL_EVERY);
    while stop.run_until_cancelled(seconds.tick()).await.is_some() {
        metrics::gauge!(names::BACKUP_AGE_SECONDS).set(age(&state.borrow()).as_secs_f64());
    }
}

/// How long ago the newest backup had everything.
pub fn age(state: &BackupState) -> Duration {
    (Utc::now() - state.fresh_at).to_std().unwrap_or_default()
}
