//! What the log says of images, held against the blobs that are there. Blobs that nobody speaks of are no fault: they wait
//! for their deletion.

use std::collections::BTreeMap;

use events::Event;
use events::envelope::Position;
use events::ids::{ImageId, ProductId};
use events::image::size_key;
use events::product::ProductEvent;
use platform::blobs::BlobStore;
use platform::event_log::EventLog;

use super::{BATCH, Broken};

/// The blobs by which an image is shown, each with its length in bytes.
type Shown = Vec<(String, u64)>;

/// The images that can be fetched.
#[derive(Default)]
pub struct ReadyImages(BTreeMap<(ProductId, ImageId), (Position, Shown)>);

impl ReadyImages {
    /// As the log has them now.
    pub async fn read(log: &EventLog) -> anyhow::Result<Self> {
        let mut ready = Self::default();
        let mut seen = 0;
        loop {
            let batch = log.read(seen, BATCH).await?;
            let Some(last) = batch.last() else {
                return Ok(ready);
            };
            seen = last.position;
            for recorded in batch.iter().filter(|recorded| concerns(&recorded.event_type)) {
                if let Event::Product(event) = Event::decode(recorded)? {
                    ready.see(recorded.position, &event);
                }
            }
        }
    }

    fn see(&mut self, position: Position, event: &ProductEvent) {
        match event {
            ProductEvent::ImageProcessed(event) => {
                let (product_id, image_id) = (event.product_id, event.image_id);
                let sizes = event.sizes.iter();
                let shown = sizes.map(|size| (size_key(product_id, image_id, &size.content), size.bytes));
                self.0.insert((product_id, image_id), (position, shown.collect()));
            }
            ProductEvent::ImageRemoved(event) => {
                self.0.remove(&(event.product_id, event.image_id));
            }
            ProductEvent::ProductRemoved(event) => {
                self.0
                    .retain(|(product_id, _), _| *product_id != event.product_id);
            }
            _ => {}
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Asks for each blob, and tells which is missing or of another length.
    pub async fn compare(&self, blobs: &BlobStore, broken: &mut Broken) -> anyhow::Result<()> {
        for (position, shown) in self.0.values() {
            for (key, bytes) in shown {
                let found = blobs.length(key).await?;
                let Some(found) = found else {
                    broken.add(*position, format_args!("{key} is missing"));
                    continue;
                };
                if found != *bytes {
                    broken.add(*position, format_args!("{key} has {found} bytes, not {bytes}"));
                }
            }
        }
        Ok(())
    }
}

fn concerns(event_type: &str) -> bool {
    matches!(event_type, "ImageProcessed" | "ImageRemoved" | "ProductRemoved")
}
