//! Use cases of a product's images: its owner adds, describes, moves and removes them; the workers say what became of them.
//! To anyone else the product isn't there. The bytes are none of the domain's.

use chrono::{DateTime, Utc};
use events::ids::{ImageId, ProductId};
use events::image::{ImageAdded, ImageFault, ImageSize};

use crate::authority::Authority;
use crate::catalogue::own_product;
use crate::product::{ImageCommand, ImageError, Product, ProductCommand, ProductError};
use crate::unit_of_work::{Decision, UnitOfWork};

/// Refuses what [`add_image`] would refuse whatever the image is; for before its bytes are stored.
pub fn check_room(work: &mut UnitOfWork, product_id: ProductId, by: Authority) -> Decision<()> {
    own_product(work, product_id, by)?;
    let product = work.read::<Product>(product_id)?;
    product.images().check_room().map_err(ProductError::Image)?;
    Ok(())
}

pub fn add_image(work: &mut UnitOfWork, by: Authority, added: &ImageAdded) -> Decision<()> {
    own_product(work, added.product_id, by)?;
    handle(work, added.product_id, ImageCommand::Add(added.clone()))
}

/// Says anew what an image shows, or puts it elsewhere; what is `None` stays.
#[derive(Debug, Clone)]
pub struct EditImage {
    pub product_id: ProductId,
    pub image_id: ImageId,
    pub by: Authority,
    pub expected_version: Option<u64>,
    pub alt: Option<String>,
    /// From 0; past the end is the end.
    pub place: Option<u32>,
}

pub fn edit_image(work: &mut UnitOfWork, command: &EditImage) -> Decision<()> {
    let (product_id, image_id) = (command.product_id, command.image_id);
    own_product(work, product_id, command.by)?;
    work.expect_version::<Product>(product_id, command.expected_version)?;
    if !work.read::<Product>(product_id)?.images().has(image_id) {
        return Err(ProductError::Image(ImageError::NotFound).into());
    }
    if let Some(alt) = &command.alt {
        let alt = alt.clone();
        handle(work, product_id, ImageCommand::Describe { image_id, alt })?;
    }
    if let Some(place) = command.place {
        handle(work, product_id, ImageCommand::Move { image_id, place })?;
    }
    Ok(())
}

/// Takes an image away.
#[derive(Debug, Clone)]
pub struct RemoveImage {
    pub product_id: ProductId,
    pub image_id: ImageId,
    pub by: Authority,
    pub expected_version: Option<u64>,
    pub at: DateTime<Utc>,
}

pub fn remove_image(work: &mut UnitOfWork, command: &RemoveImage) -> Decision<()> {
    own_product(work, command.product_id, command.by)?;
    work.expect_version::<Product>(command.product_id, command.expected_version)?;
    let (image_id, at) = (command.image_id, command.at);
    handle(work, command.product_id, ImageCommand::Remove { image_id, at })
}

/// The workers have made an image's sizes. Nothing if it, or its product, is gone meanwhile.
pub fn record_sizes(
    work: &mut UnitOfWork,
    (product_id, image_id): (ProductId, ImageId),
    sizes: &[ImageSize],
    at: DateTime<Utc>,
) -> Decision<()> {
    let sizes = sizes.to_vec();
    conclude(
        work,
        product_id,
        ImageCommand::RecordSizes { image_id, sizes, at },
    )
}

/// The workers can make nothing of an image. Nothing if it, or its product, is gone meanwhile.
pub fn reject_image(
    work: &mut UnitOfWork,
    (product_id, image_id): (ProductId, ImageId),
    fault: ImageFault,
    at: DateTime<Utc>,
) -> Decision<()> {
    conclude(work, product_id, ImageCommand::Reject { image_id, fault, at })
}

fn conclude(work: &mut UnitOfWork, product_id: ProductId, command: ImageCommand) -> Decision<()> {
    if work.read::<Product>(product_id)?.exists() {
        handle(work, product_id, command)?;
    }
    Ok(())
}

fn handle(work: &mut UnitOfWork, product_id: ProductId, command: ImageCommand) -> Decision<()> {
    work.handle::<Product>(product_id, ProductCommand::Image(command))
}
