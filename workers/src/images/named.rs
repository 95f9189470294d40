//! The blobs that the log names: those of images that are wanted, and those that were once. A fold over the products' events,
//! for whoever compares what is kept with what is known.

use std::collections::BTreeMap;

use events::ids::{ImageId, ProductId};
use events::image::{ContentHash, original_key, size_key};
use events::product::ProductEvent;

/// A blob as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedBlob {
    pub key: String,
    pub content: ContentHash,
    /// How long it is.
    pub bytes: u64,
}

/// An image's blobs.
#[derive(Debug, Clone)]
struct Blobs {
    /// Neither rejected nor removed, and its product isn't removed either.
    is_wanted: bool,
    named: Vec<NamedBlob>,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct NamedBlobs(BTreeMap<(ProductId, ImageId), Blobs>);

impl NamedBlobs {
    /// Whether events of this type say anything of blobs.
    pub fn concerns(event_type: &str) -> bool {
        matches!(
            event_type,
            "ImageAdded" | "ImageProcessed" | "ImageRejected" | "ImageRemoved" | "ProductRemoved"
        )
    }

    /// Takes in the next event of the log, or of a product's stream.
    pub fn see(&mut self, event: &ProductEvent) {
        match event {
            ProductEvent::ImageAdded(added) => {
                let original = NamedBlob {
                    key: original_key(added.product_id, added.image_id, &added.original),
                    content: added.original.clone(),
                    bytes: added.bytes,
                };
                let blobs = Blobs {
                    is_wanted: true,
                    named: vec![original],
                };
                self.0.insert((added.product_id, added.image_id), blobs);
            }
            ProductEvent::ImageProcessed(made) => {
                let id = (made.product_id, made.image_id);
                let sizes = made.sizes.iter().map(|size| NamedBlob {
                    key: size_key(made.product_id, made.image_id, &size.content),
                    content: size.content.clone(),
                    bytes: size.bytes,
                });
                if let Some(blobs) = self.0.get_mut(&id) {
                    blobs.named.extend(sizes);
                }
            }
            ProductEvent::ImageRejected(rejected) => self.forsake((rejected.product_id, rejected.image_id)),
            ProductEvent::ImageRemoved(removed) => self.forsake((removed.product_id, removed.image_id)),
            ProductEvent::ProductRemoved(removed) => {
                let product_id = removed.product_id;
                for ((_, _), blobs) in self
                    .0
                    .iter_mut()
                    .filter(|((product, _), _)| *product == product_id)
                {
                    blobs.is_wanted = false;
                }
            }
            _ => {}
        }
    }

    fn forsake(&mut self, id: (ProductId, ImageId)) {
        if let Some(blobs) = self.0.get_mut(&id) {
            blobs.is_wanted = false;
        }
    }

    /// The blobs of the images that are wanted, in the order of product and image.
    pub fn wanted(&self) -> impl Iterator<Item = &NamedBlob> {
        let wanted = self.0.values().filter(|blobs| blobs.is_wanted);
        wanted.flat_map(|blobs| &blobs.named)
    }

    /// Those of all images that ever were.
    pub fn ever(&self) -> impl Iterator<Item = &NamedBlob> {
        self.0.values().flat_map(|blobs| &blobs.named)
    }
}
