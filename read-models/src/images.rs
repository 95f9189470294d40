//! The images of products: as a product's document shows them, and a row for each that can be fetched. Kept beside the
//! products' rows and in their transaction, since whether an image is to be seen hangs on its product.

use events::ids::{ImageId, ProductId};
use events::image::{ImageFault, ImageSize};
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::products::{Product, ProductStatus};
use crate::record::{self, Binds, Change, Record, RowError};
use crate::store::{self, StoreError};
use crate::table::{Table, text};

/// How far an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageStatus {
    Processing,
    Ready,
    Rejected,
}

/// An image in a product's document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductImage {
    pub id: ImageId,
    pub status: ImageStatus,
    /// What it shows, in words; may be empty.
    pub alt: String,
    /// Why it was rejected.
    pub fault: Option<ImageFault>,
    /// The smallest first; none unless it's ready.
    pub sizes: Vec<ShownSize>,
}

/// One of the sizes in which an image can be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownSize {
    /// In pixels.
    pub width: u32,
    pub height: u32,
    pub bytes: u64,
    /// Below the shop's address.
    pub url: String,
}

impl ShownSize {
    pub fn of(image_id: ImageId, size: &ImageSize) -> Self {
        Self {
            width: size.width,
            height: size.height,
            bytes: size.bytes,
            url: format!("/api/images/{image_id}/{}.webp", size.width),
        }
    }
}

/// A row of `product_images`: an image that anybody can fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedImage {
    pub image_id: ImageId,
    pub product_id: ProductId,
    pub sizes: Vec<ImageSize>,
}

impl ServedImage {
    /// The size of this width in pixels.
    pub fn size(&self, width: u32) -> Option<&ImageSize> {
        self.sizes.iter().find(|size| size.width == width)
    }
}

/// Those of a product: its owner sees them also while it is off sale, and a shared cache can't tell owners apart.
fn served(product: Option<&Product>) -> Vec<ServedImage> {
    let seen = |product: &&Product| {
        matches!(
            product.document.status,
            ProductStatus::Active | ProductStatus::Archived
        )
    };
    let Some(product) = product.filter(seen) else {
        return vec![];
    };
    let images = product.image_sizes.iter();
    images
        .map(|(image_id, sizes)| ServedImage {
            image_id: *image_id,
            product_id: product.document.id,
            sizes: sizes.clone(),
        })
        .collect()
}

/// Brings the rows up to date with these changes of products.
pub async fn save(
    conn: &mut AnyConnection,
    generation: u64,
    changes: &[Change<Product>],
) -> Result<(), StoreError> {
    let (mut gone, mut come) = (vec![], vec![]);
    for Change { old, new } in changes {
        let (before, after) = (served(old.as_ref()), served(new.as_ref()));
        let left = before.iter().filter(|image| !after.contains(image));
        gone.extend(left.map(|image| image.image_id));
        come.extend(after.into_iter().filter(|image| !before.contains(image)));
    }
    store::delete::<ServedImage>(conn, generation, &gone).await?;
    store::upsert(conn, generation, &come).await
}

impl Record for ServedImage {
    type Key = ImageId;

    const TABLE: Table = Table {
        name: "product_images",
        columns: &[text("image_id"), text("product_id"), text("sizes")],
        key: 1,
        indexes: &[],
    };

    fn key(&self) -> ImageId {
        self.image_id
    }

    fn bind(&self, binds: &mut Binds) {
        binds
            .shown(self.image_id)
            .shown(self.product_id)
            .json(&self.sizes);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            image_id: record::shown(row, "image_id")?,
            product_id: record::shown(row, "product_id")?,
            sizes: record::json(row, "sizes")?,
        })
    }
}
