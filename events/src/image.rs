//! Facts about the images of a product, which stand in the product's stream, and the keys under which their bytes are kept
//! beside the log. Keeping them is left to the blob store, making them small to the workers.

use std::fmt;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ImageId, ProductId};

/// SHA-256 of a blob's bytes, in 64 small hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash(String);

/// A text that is no content hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a content hash has {digits} small hexadecimal digits", digits = ContentHash::DIGITS)]
pub struct ContentHashError;

impl ContentHash {
    const DIGITS: usize = 64;

    /// Of a SHA-256 in small hexadecimal digits.
    pub fn new(text: impl Into<String>) -> Result<Self, ContentHashError> {
        let text = text.into();
        let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() == Self::DIGITS && text.bytes().all(is_digit) {
            Ok(Self(text))
        } else {
            Err(ContentHashError)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ContentHash {
    type Error = ContentHashError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> Self {
        hash.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the bytes of an upload are, by their beginning and not by what was said of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImageFormat {
    Jpeg,
    Png,
    Webp,
}

/// Somebody has uploaded an image; it comes last. It is to be seen once it has been processed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageAdded {
    pub product_id: ProductId,
    pub image_id: ImageId,
    /// Of the upload, as it came.
    pub original: ContentHash,
    pub format: ImageFormat,
    /// How long the upload is.
    pub bytes: u64,
    /// In pixels, as its header says, before it is turned upright.
    pub width: u32,
    pub height: u32,
    /// What it shows, for those who can't see it; may be empty.
    pub alt: String,
    pub added_at: DateTime<Utc>,
}

/// One of the sizes in which an image is shown, as WebP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageSize {
    /// In pixels; unique among the image's sizes.
    pub width: u32,
    pub height: u32,
    pub bytes: u64,
    pub content: ContentHash,
}

/// It can be seen, in these sizes, the smallest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageProcessed {
    pub product_id: ProductId,
    pub image_id: ImageId,
    pub sizes: Vec<ImageSize>,
    pub processed_at: DateTime<Utc>,
}

/// Why an upload came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImageFault {
    /// Its bytes are no whole image.
    Undecodable,
    /// Decoding it takes more memory than there is for one.
    TooLarge,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageRejected {
    pub product_id: ProductId,
    pub image_id: ImageId,
    pub fault: ImageFault,
    pub rejected_at: DateTime<Utc>,
}

/// What it shows was put in other words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageDescribed {
    pub product_id: ProductId,
    pub image_id: ImageId,
    pub alt: String,
}

/// It has another place among the product's images; those behind it move up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageMoved {
    pub product_id: ProductId,
    pub image_id: ImageId,
    /// From 0.
    pub place: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageRemoved {
    pub product_id: ProductId,
    pub image_id: ImageId,
    pub removed_at: DateTime<Utc>,
}

/// Before the keys of all blobs of images.
pub const IMAGES: &str = "images";

/// Before the keys of all blobs of a product's images.
pub fn blobs_of_product(product_id: ProductId) -> String {
    format!("{IMAGES}/{product_id}")
}

/// Before the keys of all blobs of an image.
pub fn blobs_of_image(product_id: ProductId, image_id: ImageId) -> String {
    format!("{}/{image_id}", blobs_of_product(product_id))
}

/// The key of the upload as it came. With its content in the name, what is once there never changes.
pub fn original_key(product_id: ProductId, image_id: ImageId, content: &ContentHash) -> String {
    format!("{}/original-{content}", blobs_of_image(product_id, image_id))
}

/// The key of an image in one size.
pub fn size_key(product_id: ProductId, image_id: ImageId, content: &ContentHash) -> String {
    format!("{}/{content}.webp", blobs_of_image(product_id, image_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_hash_can_be_part_of_a_key() {
        let good = "0123456789abcdef".repeat(4);
        assert_eq!(ContentHash::new(good.as_str()).unwrap().as_str(), good);
        for wrong in [
            String::new(),
            "a".repeat(63),
            "A".repeat(64),
            format!("../{}", "a".repeat(61)),
        ] {
            assert!(ContentHash::new(wrong.as_str()).is_err(), "{wrong}");
            assert!(serde_json::from_value::<ContentHash>(wrong.into()).is_err());
        }
    }
}
