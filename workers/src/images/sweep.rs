//! Blobs that no event ever named: an upload whose command died between putting it and telling of it, or what a shop had put
//! after the backup that it came back from. They are shown nowhere, and deleted once they are old enough.
//!
//! What was named and isn't wanted any more is left to its own timer.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use chrono::TimeDelta;
use cqrs_es::Aggregate;
use domain::product::Product;
use events::envelope::StreamId;
use events::ids::ProductId;
use events::image::IMAGES;
use events::{DecodeError, Event};
use futures::TryStreamExt;
use platform::blobs::{BlobError, BlobStore};
use platform::clock::Clock;
use platform::event_log::{EventLog, ReadError};
use tokio_util::sync::CancellationToken;

use super::NamedBlobs;

/// How old a blob is at least before it is taken for left over. A command ends within minutes, and clocks of a bucket's
/// server and ours differ by less than hours.
const AGE_MIN: TimeDelta = TimeDelta::days(1);
/// How often it is looked, beside each start: what is left over costs room, and nothing else.
const EVERY: Duration = Duration::from_hours(24);
/// Products whose streams are read at once: some thousand events.
const PRODUCTS_AT_ONCE: usize = 100;

/// Why it couldn't be looked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SweepError {
    #[error("the blobs can't be listed or deleted")]
    Blobs(#[from] BlobError),
    #[error("the streams of products can't be fetched")]
    Read(#[from] ReadError),
    #[error("an event can't be read")]
    Decode(#[from] DecodeError),
}

/// What is looked at.
#[derive(Clone)]
pub(crate) struct Sweep {
    pub log: EventLog,
    pub blobs: BlobStore,
    pub clock: Clock,
}

/// At once, and then every day, until it is asked to stop.
pub(crate) async fn repeat(sweep: Sweep, stop: CancellationToken) {
    let mut days = tokio::time::interval(EVERY);
    while stop.run_until_cancelled(days.tick()).await.is_some() {
        match stop.run_until_cancelled(sweep.run()).await {
            Some(Ok(0)) | None => {}
            Some(Ok(deleted)) => {
                tracing::info!(deleted, "blobs that no event ever named are deleted");
            }
            Some(Err(error)) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "blobs that are left over can't be looked for now");
            }
        }
    }
}

impl Sweep {
    /// Deletes what is left over; says how many blobs.
    async fn run(&self) -> Result<usize, SweepError> {
        let old: Vec<_> = self.old().await?.into_iter().collect();
        let mut deleted = 0;
        for some in old.chunks(PRODUCTS_AT_ONCE) {
            // Read after the list: whatever an old blob is named by is there by now.
            let named = self.named(some.iter().map(|(product, _)| *product)).await?;
            for key in some.iter().flat_map(|(_, keys)| keys) {
                if !named.contains(key) {
                    self.blobs.delete(key).await?;
                    deleted += 1;
                }
            }
        }
        Ok(deleted)
    }

    /// The keys of blobs that are old enough, by the product that they would be of. What isn't below a product is none of
    /// ours.
    async fn old(&self) -> Result<BTreeMap<ProductId, Vec<String>>, SweepError> {
        let before = self.clock.now() - AGE_MIN;
        let mut old: BTreeMap<ProductId, Vec<String>> = BTreeMap::new();
        let mut found = self.blobs.list(IMAGES)?;
        while let Some(blob) = found.try_next().await? {
            let product = blob.key.split('/').nth(1).map(str::parse);
            if let (Some(Ok(product)), true) = (product, blob.modified < before) {
                old.entry(product).or_default().push(blob.key);
            }
        }
        Ok(old)
    }

    async fn named(&self, products: impl Iterator<Item = ProductId>) -> Result<HashSet<String>, SweepError> {
        let streams: Vec<_> = products.map(|id| StreamId::new(Product::TYPE, id)).collect();
        let mut named = NamedBlobs::default();
        for recorded in self.log.read_streams(&streams).await? {
            if NamedBlobs::concerns(&recorded.event_type)
                && let Event::Product(event) = Event::decode(&recorded)?
            {
                named.see(&event);
            }
        }
        Ok(named.ever().map(|blob| blob.key.clone()).collect())
    }
}
