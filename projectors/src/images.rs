//! What events of images do to their product's row, and what its history tells of them.

use events::ids::ImageId;
use events::product::ProductEvent;
use read_models::images::{ImageStatus, ProductImage, ShownSize};
use read_models::products::Product;
use serde_json::{Value, json};

/// Changes the product; other events than those of images change nothing.
pub fn change(product: &mut Product, event: &ProductEvent) -> Value {
    match event {
        ProductEvent::ImageAdded(e) => {
            product.document.images.retain(|image| image.id != e.image_id);
            product.document.images.push(ProductImage {
                id: e.image_id,
                status: ImageStatus::Processing,
                alt: e.alt.clone(),
                fault: None,
                sizes: vec![],
            });
            json!({"image_id": e.image_id, "bytes": e.bytes, "width": e.width, "height": e.height, "alt": e.alt})
        }
        ProductEvent::ImageProcessed(e) => {
            if let Some(image) = image(product, e.image_id) {
                image.status = ImageStatus::Ready;
                let sizes = e.sizes.iter().map(|size| ShownSize::of(e.image_id, size));
                image.sizes = sizes.collect();
                product.image_sizes.insert(e.image_id, e.sizes.clone());
            }
            let widths: Vec<_> = e.sizes.iter().map(|size| size.width).collect();
            json!({"image_id": e.image_id, "widths": widths})
        }
        ProductEvent::ImageRejected(e) => {
            if let Some(image) = image(product, e.image_id) {
                image.status = ImageStatus::Rejected;
                image.fault = Some(e.fault);
            }
            json!({"image_id": e.image_id, "fault": e.fault})
        }
        ProductEvent::ImageDescribed(e) => {
            if let Some(image) = image(product, e.image_id) {
                image.alt.clone_from(&e.alt);
            }
            json!({"image_id": e.image_id, "alt": e.alt})
        }
        ProductEvent::ImageMoved(e) => {
            let images = &mut product.document.images;
            if let Some(from) = images.iter().position(|image| image.id == e.image_id) {
                let image = images.remove(from);
                let to = usize::try_from(e.place).unwrap_or(usize::MAX);
                images.insert(to.min(images.len()), image);
            }
            json!({"image_id": e.image_id, "place": e.place})
        }
        ProductEvent::ImageRemoved(e) => {
            product.document.images.retain(|image| image.id != e.image_id);
            product.image_sizes.remove(&e.image_id);
            json!({"image_id": e.image_id})
        }
        _ => json!({}),
    }
}

fn image(product: &mut Product, id: ImageId) -> Option<&mut ProductImage> {
    let mut images = product.document.images.iter_mut();
    images.find(|image| image.id == id)
}
