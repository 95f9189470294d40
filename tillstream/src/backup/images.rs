//! The images in a backup: which blobs a copy has to have, as the log says, and what a shop lacks that came back from one.
//!
//! Uploads and what was made of them are copied alike. The workers could make a size again, but the log has its hash, and a
//! later release's encoder may not hit it.

use anyhow::Context;
use events::Event;
use events::envelope::Position;
use platform::backup::restore_blobs;
use platform::backup::{BackupError, BlobName, BlobsBack, Copied, Copier, Manifest, Target};
use platform::blobs::BlobStore;
use platform::event_log::EventLog;
use workers::NamedBlobs;

use crate::progress;

/// Events per read: some megabytes.
const BATCH: usize = 5_000;

/// What the log says of blobs, followed as it grows.
pub struct Images {
    log: EventLog,
    store: BlobStore,
    seen: Position,
    named: NamedBlobs,
}

impl Images {
    /// Nothing is read yet.
    pub fn new(log: EventLog, store: BlobStore) -> Self {
        Self {
            log,
            store,
            seen: 0,
            named: NamedBlobs::default(),
        }
    }

    /// Makes a copy with its images; none if nothing has changed since the last one.
    pub async fn copy(&mut self, copier: &mut Copier) -> anyhow::Result<Option<Copied>> {
        let Some(draft) = copier.begin().await? else {
            return Ok(None);
        };
        self.follow_to(draft.position()).await?;
        let named: Vec<_> = self.named.wanted().map(name).collect();
        Ok(copier.finish(draft, Some((&self.store, &named))).await?)
    }

    /// What the rows of a copy have seen, and nothing later.
    async fn follow_to(&mut self, position: Position) -> anyhow::Result<()> {
        while self.seen < position {
            let mut batch = self.log.read(self.seen, BATCH).await?;
            batch.retain(|recorded| recorded.position <= position);
            let Some(last) = batch.last() else {
                anyhow::bail!(
                    "the log ends at position {}, and its copy at {position}",
                    self.seen
                );
            };
            let seen = last.position;
            for recorded in batch
                .iter()
                .filter(|event| NamedBlobs::concerns(&event.event_type))
            {
                match Event::decode(recorded) {
                    Ok(Event::Product(event)) => self.named.see(&event),
                    Ok(_) => {}
                    // Others stumble over it, too, and say so. The log is saved all the same.
                    Err(error) => {
                        tracing::error!(%error, position = recorded.position, "an event of an image can't be read");
                    }
                }
            }
            self.seen = seen;
        }
        Ok(())
    }

    /// Keys of the blobs that a shop names and doesn't have, at this position.
    async fn lacking(&mut self, position: Position) -> anyhow::Result<Vec<String>> {
        self.follow_to(position).await?;
        let mut lacking = vec![];
        for blob in self.named.wanted() {
            if self.store.length(&blob.key).await? != Some(blob.bytes) {
                lacking.push(blob.key.clone());
            }
        }
        Ok(lacking)
    }
}

fn name(blob: &workers::NamedBlob) -> BlobName {
    BlobName {
        key: blob.key.clone(),
        sha256: blob.content.as_str().to_owned(),
        bytes: blob.bytes,
    }
}

/// Whether a failure leaves the copier as good as it was.
pub fn is_of_blobs(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(BackupError::Blobs { .. }))
}

/// What became of a restored shop's images.
pub struct Restored {
    pub back: BlobsBack,
    /// Keys of what the log names and nobody has.
    pub lacking: Vec<String>,
}

/// Brings the images back that the copy has, and looks for those that the log names besides.
pub async fn bring_back(
    target: &Target,
    manifest: &Manifest,
    log: &EventLog,
    store: BlobStore,
) -> anyhow::Result<Restored> {
    let bar = progress::bar(manifest.blobs.count, "images");
    let back = restore_blobs(target, manifest, &store, |seen| bar.set_position(seen)).await;
    let back = back.context("the images can't be brought back")?;
    bar.finish_and_clear();
    let lacking = Images::new(log.clone(), store).lacking(manifest.position).await?;
    Ok(Restored { back, lacking })
}
