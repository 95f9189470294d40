//! `tillstream restore`: a shop from a backup, whole or not at all. Everything is brought back beside the data folder,
//! checked against its checksums and by `verify`, given its read models, and only then put in its place.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Utc};
use platform::backup::{self, Manifest, ManifestName, Target};
use platform::blobs::{BlobPlace, BlobStore};
use platform::event_log::{EventLog, LogOptions};
use read_models::Views;
use tempfile::TempDir;
use workers::intents;

use super::{Restored, images};
use crate::arguments::Restore;
use crate::data_dir::{DataDir, Lock};
use crate::settings::{PaymentProvider, Settings};
use crate::{progress, rebuild, verify};

/// Lost files that are named; `tillstream verify` tells the same.
const PRINTED_MAX: usize = 20;

pub async fn run(settings: &Settings, arguments: &Restore) -> anyhow::Result<ExitCode> {
    ensure!(
        settings.postgres.url.is_none(),
        "an embedded shop is restored, and postgres.url is set"
    );
    let target = super::target(settings, arguments.from.as_deref())?;
    let place = Place::of(&settings.data_dir, arguments.force)?;
    let name = choose(super::copies(&target).await?, arguments.at.as_deref())?;
    let manifest = target.manifest(&name).await?;
    let beside = place.beside()?;
    let blobs = place.blobs(settings, beside.path())?;
    let images = bring_back(&target, &manifest, &beside, blobs).await?;
    let restored = Restored {
        from: target.to_string(),
        backup_taken_at: manifest.taken_at,
        position: manifest.position,
        at: Utc::now(),
        reconciled_at: None,
    };
    restored.save(&DataDir::existing(beside.path())?)?;
    let aside = place.take(beside)?;
    tell(settings, &manifest, &place.path, aside.as_deref());
    tell_images(&images);
    Ok(ExitCode::SUCCESS)
}

/// The newest backup, or the newest one not after a time or a position.
fn choose(copies: Vec<ManifestName>, at: Option<&str>) -> anyhow::Result<ManifestName> {
    let wanted: Box<dyn Fn(&ManifestName) -> bool> = match at {
        None => Box::new(|_| true),
        Some(at) => match (at.parse::<u64>(), at.parse::<DateTime<Utc>>()) {
            (Ok(position), _) => Box::new(move |copy| copy.position <= position),
            (_, Ok(time)) => Box::new(move |copy| copy.taken_at <= time),
            _ => bail!("--at is a time such as 2026-11-21T08:00:00Z or a position, this is {at:?}"),
        },
    };
    let oldest = copies
        .first()
        .map(|copy| (super::time(copy.taken_at), copy.position));
    let chosen = copies.into_iter().rfind(|copy| wanted(copy));
    chosen.with_context(|| match oldest {
        Some((time, position)) => format!("the oldest backup is of {time}, position {position}"),
        None => "there is no backup".to_owned(),
    })
}

/// Where the shop is to stand.
struct Place {
    path: PathBuf,
    /// Whether something is there that has to go.
    is_taken: bool,
    /// Nobody runs on what is there.
    _lock: Option<Lock>,
}

impl Place {
    fn of(path: &Path, force: bool) -> anyhow::Result<Self> {
        let path = std::path::absolute(path).with_context(|| format!("{} is no path", path.display()))?;
        let is_taken = match fs::read_dir(&path) {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(error) => return Err(error).with_context(|| format!("{} can't be read", path.display())),
        };
        ensure!(
            force || !is_taken,
            "{} isn't empty; --force moves what is there aside",
            path.display()
        );
        let lock = is_taken
            .then(|| Lock::take(&DataDir::existing(&path)?))
            .transpose()?;
        Ok(Self {
            path,
            is_taken,
            _lock: lock,
        })
    }

    /// A folder on the same disk, for its owner only, that goes away unless it takes the place.
    fn beside(&self) -> anyhow::Result<TempDir> {
        let parent = self.path.parent().context("data_dir has no folder around it")?;
        fs::create_dir_all(parent).with_context(|| format!("{} can't be made", parent.display()))?;
        let made = tempfile::Builder::new().prefix(".restoring-").tempdir_in(parent);
        made.with_context(|| format!("no room for the restored shop in {}", parent.display()))
    }

    /// Where its images are kept: within the restored folder what is to lie within the place.
    fn blobs(&self, settings: &Settings, beside: &Path) -> anyhow::Result<BlobStore> {
        let place = match settings.blobs.place(&self.path)? {
            BlobPlace::Folder(folder) => {
                let folder = std::path::absolute(&folder)
                    .with_context(|| format!("{} is no path", folder.display()))?;
                let within = folder.strip_prefix(&self.path).map(|within| beside.join(within));
                BlobPlace::Folder(within.unwrap_or(folder))
            }
            bucket @ BlobPlace::S3(_) => bucket,
        };
        BlobStore::open(&place).context("the place of the images can't be opened")
    }

    /// Puts the folder in the place; says where to what was there has gone.
    fn take(&self, beside: TempDir) -> anyhow::Result<Option<PathBuf>> {
        let moved = |path: &Path| format!("the restored shop can't be moved to {}", path.display());
        let mut aside = None;
        if self.is_taken {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".before-{}", Utc::now().format("%Y%m%dT%H%M%SZ")));
            let name = PathBuf::from(name);
            fs::rename(&self.path, &name).with_context(|| moved(&name))?;
            aside = Some(name);
        }
        fs::rename(beside.path(), &self.path).with_context(|| moved(&self.path))?;
        let _ = beside.keep(); // it isn't there any more, so there is nothing to clear away
        if let Some(parent) = self.path.parent() {
            fs::File::open(parent)?.sync_all()?;
        }
        Ok(aside)
    }
}

async fn bring_back(
    target: &Target,
    manifest: &Manifest,
    beside: &TempDir,
    blobs: BlobStore,
) -> anyhow::Result<images::Restored> {
    let bar = progress::bar(manifest.rows(), "restore");
    backup::restore(target, manifest, beside.path(), |rows| bar.set_position(rows)).await?;
    bar.finish_and_clear();
    let dir = DataDir::open(beside.path())?;
    intents::mark_restored(&dir.work()).await?;
    let log = EventLog::open_sqlite(&dir.log(), LogOptions::default()).await?;
    let head = log.head().await?;
    ensure!(
        head == manifest.position,
        "the backup says that it reaches position {}, and its log ends at {head}",
        manifest.position
    );
    ensure!(
        verify::verify_log(&log).await?,
        "what came back breaks what must always hold (see above); an older backup may be sound: --at"
    );
    let views = Views::open_sqlite(&dir.views()).await?;
    rebuild::catch_up(&log, &views).await?;
    views.close().await;
    let images = images::bring_back(target, manifest, &log, blobs).await?;
    log.close().await;
    Ok(images)
}

fn tell(settings: &Settings, manifest: &Manifest, place: &Path, aside: Option<&Path>) {
    say!(
        "Restored to {}: everything up to position {}, as of {}.",
        place.display(),
        manifest.position,
        super::time(manifest.taken_at)
    );
    if let Some(aside) = aside {
        say!("What was there is in {} now.", aside.display());
    }
    say!(
        "At its next start the shop asks the payment provider what came later, and answers commands with 503 until it \
         knows. Then `tillstream orphans` lists the money that nobody here accounts for."
    );
    say!("Not in a backup: the mailbox folder.");
    if settings.payments.provider == PaymentProvider::Sandbox && settings.payments.sandbox_database.is_none()
    {
        say!("The payment sandbox kept its books in the data folder: it remembers no charge.");
    }
}

fn tell_images(images: &images::Restored) {
    let images::Restored { back, lacking } = images;
    if back.count + back.kept > 0 {
        say!(
            "Images: {} files brought back, {} bytes; {} were where they belong.",
            back.count,
            back.bytes,
            back.kept
        );
    }
    if lacking.is_empty() {
        return;
    }
    say!(
        "{} files of images are lost, and answered with 503 until somebody uploads them anew and removes the old ones:",
        lacking.len()
    );
    for key in lacking.iter().take(PRINTED_MAX) {
        say!("  {key}");
    }
}
