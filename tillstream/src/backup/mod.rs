//! Backups of an embedded shop: what belongs to one, `tillstream backup` and `tillstream backups`.
//!
//! Of the shop's files (docs/decisions/0005) those are copied that can't be made anew: the log, the personal keys, what the
//! workers intend, the secrets and the admin's login. How that is done cheaply is `platform::backup`'s; bringing it back is
//! left to `restore`, and what a restored shop has to do first, to `restoration`. Which images go with it, `images` says.

mod images;
mod keeper;
mod restoration;
mod restore;

use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, Utc};
use platform::backup::{
    Copied, Copier, DatabaseSource, FileSource, Hints, ManifestName, Sources, Target, TargetError,
};
use platform::blobs::BlobError;
use platform::event_log::{self, EventLog, LogOptions};
use workers::intents;

use crate::arguments;
use crate::data_dir::{DataDir, Lock};
use crate::outside;
use crate::settings::Settings;
use images::Images;

pub use keeper::{BackupState, Keeper, age, observe};
pub use restoration::{Restoration, Restored};
pub use restore::run as restore;

/// What the databases' files are called, in the data folder and in a backup.
const WORK: &str = "work.db";
const LOG: &str = "log.db";
const VAULT: &str = "vault.db";

/// What belongs to a backup. The order matters: what workers have done is never newer than the log that tells of it, and a
/// key is there before anything is sealed with it.
fn sources(dir: &DataDir) -> Sources {
    let database = |name, path, hints| DatabaseSource { name, path, hints };
    Sources {
        databases: vec![
            database(WORK, dir.work(), intents::BACKUP_HINTS),
            database(LOG, dir.log(), event_log::BACKUP_HINTS),
            database(VAULT, dir.vault(), Hints::default()),
        ],
        files: vec![
            FileSource {
                name: "secrets.json",
                path: dir.secrets(),
            },
            FileSource {
                name: "credentials.json",
                path: dir.credentials(),
            },
        ],
    }
}

async fn copier(dir: &DataDir, target: &Target) -> anyhow::Result<Copier> {
    let opened = Copier::open(sources(dir), target.clone()).await;
    opened.with_context(|| format!("no backup can be made to {target}"))
}

/// `tillstream backup`: one backup, now; a shop may be running on the folder.
pub async fn once(settings: &Settings, arguments: &arguments::Backup) -> anyhow::Result<ExitCode> {
    let target = target(settings, arguments.to.as_deref())?;
    let dir = DataDir::open(&settings.data_dir)?;
    anyhow::ensure!(
        !Restored::is_pending(&dir)?,
        "this shop was restored and hasn't asked the payment provider yet; start it first"
    );
    let _lock = Lock::of_backups(&dir).await?;
    let mut copier = copier(&dir, &target).await?;
    let log = EventLog::open_sqlite(&dir.log(), LogOptions::default()).await?;
    let mut images = Images::new(log.clone(), outside::blobs(settings, &dir)?);
    let mut copied = images.copy(&mut copier).await.context("the backup failed")?;
    if copied.is_none() {
        say!("The newest backup in {target} has everything.");
    }
    // One copy takes as many images as don't hold up its rows; somebody waits for all of them here.
    while let Some(made) = copied {
        tell(&target, &made);
        copied = if made.blobs.left > 0 {
            images.copy(&mut copier).await.context("the backup failed")?
        } else {
            None
        };
    }
    log.close().await;
    copier.close().await;
    Ok(ExitCode::SUCCESS)
}

fn tell(target: &Target, copied: &Copied) {
    say!(
        "{} rows up to position {} and {} files of images are in {target}: {} bytes, {} of them new in {} chunks and {} files, \
         in {:.1} s.",
        copied.rows,
        copied.name.position,
        copied.blobs.count,
        copied.bytes,
        copied.written_bytes,
        copied.written_chunks,
        copied.written_blobs,
        copied.took.as_secs_f64()
    );
    if copied.blobs.missing > 0 {
        say!(
            "{} files of images aren't where they are kept, or damaged, and so not in it; `tillstream verify` names those \
             that are shown.",
            copied.blobs.missing
        );
    }
}

/// `tillstream backups`: what could be restored, newest first.
pub async fn list(settings: &Settings, arguments: &arguments::Backups) -> anyhow::Result<ExitCode> {
    let target = target(settings, arguments.from.as_deref())?;
    let copies = copies(&target).await?;
    say!("{:<28}{:>12}", "taken at", "position");
    for copy in copies.iter().rev() {
        say!("{:<28}{:>12}", time(copy.taken_at), copy.position);
    }
    Ok(ExitCode::SUCCESS)
}

/// The place that is named, or that of the settings.
fn target(settings: &Settings, named: Option<&str>) -> anyhow::Result<Target> {
    match named {
        Some(text) => settings.backup.target_at(text),
        None => settings
            .backup
            .target()?
            .context("where are the backups? The setting backup.to says it, or --to and --from do"),
    }
}

/// Refuses a bucket that isn't there or isn't ours. That it can't be reached now, whoever uses it tells.
async fn check(target: &Target) -> anyhow::Result<()> {
    match target.check().await {
        Err(error @ TargetError::Blobs(BlobError::Refused { .. })) => Err(error)
            .context("the place of the backups, or its credentials in the settings of backup, is wrong"),
        _ => Ok(()),
    }
}

/// All of them, oldest first; at least one.
async fn copies(target: &Target) -> anyhow::Result<Vec<ManifestName>> {
    check(target).await?;
    let copies = target.copies().await?;
    anyhow::ensure!(!copies.is_empty(), "there is no backup in {target}");
    Ok(copies)
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
