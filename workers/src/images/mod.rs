//! Uploaded images: made into the sizes that are shown, and thrown away once nobody needs them.
//!
//! What is written lies under its content's hash and the command that tells of it does nothing the second time, so a try
//! that was cut off anywhere is simply made again. How an image is made small is left to `picture`, when to try again to the
//! lanes.

mod named;
mod picture;
mod sweep;

use std::sync::Arc;

use domain::UnitOfWork;
use domain::images;
use domain::product::Product;
use events::ids::{ImageId, ProductId};
use events::image::{
    ContentHash, ImageFault, ImageSize, blobs_of_image, blobs_of_product, original_key, size_key,
};
use futures::TryStreamExt;
use platform::blobs::{BlobError, BlobStore};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::effects::{Shop, Verdict};
use crate::intents::Claimed;
use picture::{Made, MakeError};

pub use named::{NamedBlob, NamedBlobs};
pub(crate) use sweep::{Sweep, repeat as keep_swept};

/// More than any upload has; what is larger isn't one.
const UPLOAD_MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Pictures that are decoded at once in this process: each takes a core, and up to some hundred megabytes.
const DECODING_MAX: usize = 1;

/// What makes and deletes images.
#[derive(Debug)]
pub(crate) struct ImageMaker {
    pub shop: Shop,
    blobs: BlobStore,
    /// Held by the thread that decodes, which goes on when its effect has been given up.
    decoding: Arc<Semaphore>,
}

impl From<BlobError> for Verdict {
    fn from(error: BlobError) -> Self {
        Self::Retry {
            reason: error.to_string(),
        }
    }
}

impl ImageMaker {
    pub fn new(shop: Shop, blobs: BlobStore) -> Self {
        Self {
            shop,
            blobs,
            decoding: Arc::new(Semaphore::new(DECODING_MAX)),
        }
    }

    /// Makes the sizes of an upload, or says why there are none.
    pub async fn process(
        &self,
        claimed: &Claimed,
        (product_id, image_id): (ProductId, ImageId),
        original: &ContentHash,
    ) -> Result<Verdict, Verdict> {
        let wanted = self.shop.look(claimed, |work| {
            let product = work.read::<Product>(product_id)?;
            Ok(product.exists() && product.images().is_processing(image_id))
        });
        if !wanted.await? {
            return Ok(Verdict::done("nobody waits for it any more"));
        }
        let upload = self.upload(&original_key(product_id, image_id, original)).await?;
        let at = || self.shop.clock.now();
        let made = match self.make(upload).await {
            Ok(made) => made,
            Err(MakeError::Fault(fault)) => {
                let reject =
                    |work: &mut UnitOfWork| images::reject_image(work, (product_id, image_id), fault, at());
                self.shop.command(claimed, reject).await?;
                return Ok(Verdict::done(rejected(fault)));
            }
            Err(MakeError::Encoder { reason }) => return Err(Verdict::Retry { reason }),
        };
        let mut sizes = vec![];
        for made in made {
            sizes.push(self.keep((product_id, image_id), made).await?);
        }
        self.shop
            .command(claimed, |work| {
                images::record_sizes(work, (product_id, image_id), &sizes, at())
            })
            .await?;
        Ok(Verdict::done(format!("made in {} sizes", sizes.len())))
    }

    async fn upload(&self, key: &str) -> Result<Vec<u8>, Verdict> {
        let found = self.blobs.get(key).await?;
        let upload = found.ok_or_else(|| Verdict::Retry {
            reason: format!(
                "there is no blob {key}: do the command API and the workers keep blobs in one place?"
            ),
        })?;
        Ok(upload.into_bytes(UPLOAD_MAX_BYTES).await?.into())
    }

    async fn make(&self, upload: Vec<u8>) -> Result<Vec<Made>, MakeError> {
        let turn = Arc::clone(&self.decoding).acquire_owned().await;
        let made = tokio::task::spawn_blocking(move || {
            let _turn = turn; // an error if the semaphore were closed, which it never is
            picture::make(&upload)
        });
        made.await.unwrap_or_else(|error| {
            // A decoder that panics at these bytes does so each time.
            tracing::error!(%error, "an image broke its decoder");
            Err(MakeError::Fault(ImageFault::Undecodable))
        })
    }

    async fn keep(
        &self,
        (product_id, image_id): (ProductId, ImageId),
        made: Made,
    ) -> Result<ImageSize, Verdict> {
        let content = hash_of(&made.webp)?;
        let bytes = made.webp.len() as u64;
        let key = size_key(product_id, image_id, &content);
        self.blobs.put(&key, made.webp.into()).await?;
        Ok(ImageSize {
            width: made.width,
            height: made.height,
            bytes,
            content,
        })
    }

    /// Deletes an image's blobs, unless it is in use.
    pub async fn delete(
        &self,
        claimed: &Claimed,
        (product_id, image_id): (ProductId, ImageId),
    ) -> Result<Verdict, Verdict> {
        let used = self.shop.look(claimed, |work| {
            let product = work.read::<Product>(product_id)?;
            Ok(product.exists() && product.images().uses(image_id))
        });
        if used.await? {
            return Ok(Verdict::done("it is in use"));
        }
        self.delete_below(&blobs_of_image(product_id, image_id)).await
    }

    /// Deletes the blobs of all images of a product, unless it is there.
    pub async fn delete_all(&self, claimed: &Claimed, product_id: ProductId) -> Result<Verdict, Verdict> {
        let there = self
            .shop
            .look(claimed, |work| Ok(work.read::<Product>(product_id)?.exists()));
        if there.await? {
            return Ok(Verdict::done("the product is there"));
        }
        self.delete_below(&blobs_of_product(product_id)).await
    }

    async fn delete_below(&self, prefix: &str) -> Result<Verdict, Verdict> {
        let found: Vec<_> = self.blobs.list(prefix)?.try_collect().await?;
        for blob in &found {
            self.blobs.delete(&blob.key).await?;
        }
        Ok(Verdict::done(format!("{} blobs deleted", found.len())))
    }
}

fn rejected(fault: ImageFault) -> &'static str {
    match fault {
        ImageFault::Undecodable => "rejected: it is no whole image",
        ImageFault::TooLarge => "rejected: it is too large to be decoded",
    }
}

fn hash_of(bytes: &[u8]) -> Result<ContentHash, Verdict> {
    // Proof: 32 bytes make 64 hexadecimal digits.
    ContentHash::new(hex::encode(Sha256::digest(bytes))).map_err(|error| Verdict::Fail {
        reason: error.to_string(),
    })
}
