//! The images of a product: in which order they stand, and how far each is. That their bytes are an image is checked before
//! and, for good, by the workers; whose product it is, in `images` beside the other use cases.

use chrono::{DateTime, Utc};
use events::ids::{ImageId, ProductId};
use events::image::{
    ImageAdded, ImageDescribed, ImageFault, ImageMoved, ImageProcessed, ImageRejected, ImageRemoved,
    ImageSize,
};
use events::product::ProductEvent;
use serde::{Deserialize, Serialize};

use crate::refusal::{Refusal, RefusalKind};
use crate::text;

/// More than a buyer looks at, and few enough that a list can carry them all.
pub const IMAGES_MAX: usize = 12;
/// As long as the words for what an image shows may be, in characters.
pub const ALT_MAX_CHARS: usize = 500;

#[derive(Debug, Clone)]
pub enum ImageCommand {
    Add(ImageAdded),
    /// Does nothing unless it is being processed: the workers may say so twice.
    RecordSizes {
        image_id: ImageId,
        sizes: Vec<ImageSize>,
        at: DateTime<Utc>,
    },
    /// Does nothing unless it is being processed.
    Reject {
        image_id: ImageId,
        fault: ImageFault,
        at: DateTime<Utc>,
    },
    Describe {
        image_id: ImageId,
        alt: String,
    },
    /// To this place, from 0; past the end is the end.
    Move {
        image_id: ImageId,
        place: u32,
    },
    Remove {
        image_id: ImageId,
        at: DateTime<Utc>,
    },
}

/// Why a product refuses what is asked of its images.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    #[error("this product has no such image")]
    NotFound,
    #[error("this product has this image already")]
    AlreadyExists,
    #[error("a product has at most {max} images")]
    TooMany { max: usize },
    #[error("what an image shows is told in at most {max_chars} characters")]
    Alt { max_chars: usize },
}

impl Refusal for ImageError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound => RefusalKind::NotFound,
            Self::AlreadyExists | Self::TooMany { .. } => RefusalKind::Conflict,
            Self::Alt { .. } => RefusalKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "image_not_found",
            Self::AlreadyExists => "image_exists",
            Self::TooMany { .. } => "too_many_images",
            Self::Alt { .. } => "image_alt_invalid",
        }
    }

    fn field(&self) -> Option<String> {
        matches!(self, Self::Alt { .. }).then(|| "alt".to_owned())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Processing,
    Ready,
    Rejected,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Image {
    pub id: ImageId,
    state: State,
    alt: String,
}

/// In their order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images(pub(super) Vec<Image>);

impl Images {
    /// Whether its blobs are needed: it is being processed, or to be seen.
    pub fn uses(&self, image_id: ImageId) -> bool {
        self.get(image_id)
            .is_some_and(|image| image.state != State::Rejected)
    }

    /// Whether the product has it, however far it is.
    pub fn has(&self, image_id: ImageId) -> bool {
        self.get(image_id).is_some()
    }

    /// Whether nobody has said yet what became of it.
    pub fn is_processing(&self, image_id: ImageId) -> bool {
        self.get(image_id)
            .is_some_and(|image| image.state == State::Processing)
    }

    fn get(&self, image_id: ImageId) -> Option<&Image> {
        self.0.iter().find(|image| image.id == image_id)
    }

    fn place_of(&self, image_id: ImageId) -> Result<usize, ImageError> {
        let place = self.0.iter().position(|image| image.id == image_id);
        place.ok_or(ImageError::NotFound)
    }

    pub(super) fn decide(
        &self,
        product_id: ProductId,
        command: ImageCommand,
    ) -> Result<Option<ProductEvent>, ImageError> {
        match command {
            ImageCommand::Add(added) => self.add(added).map(Some),
            ImageCommand::RecordSizes { image_id, sizes, at } => {
                Ok(self.is_processing(image_id).then(|| {
                    ImageProcessed {
                        product_id,
                        image_id,
                        sizes,
                        processed_at: at,
                    }
                    .into()
                }))
            }
            ImageCommand::Reject { image_id, fault, at } => Ok(self.is_processing(image_id).then(|| {
                ImageRejected {
                    product_id,
                    image_id,
                    fault,
                    rejected_at: at,
                }
                .into()
            })),
            ImageCommand::Describe { image_id, alt } => {
                check_alt(&alt)?;
                let before = self.get(image_id).ok_or(ImageError::NotFound)?;
                let described = ImageDescribed {
                    product_id,
                    image_id,
                    alt,
                };
                Ok((before.alt != described.alt).then(|| described.into()))
            }
            ImageCommand::Move { image_id, place } => self.move_to(product_id, image_id, place),
            ImageCommand::Remove { image_id, at } => {
                self.place_of(image_id)?;
                let removed = ImageRemoved {
                    product_id,
                    image_id,
                    removed_at: at,
                };
                Ok(Some(removed.into()))
            }
        }
    }

    fn add(&self, added: ImageAdded) -> Result<ProductEvent, ImageError> {
        check_alt(&added.alt)?;
        if self.get(added.image_id).is_some() {
            return Err(ImageError::AlreadyExists);
        }
        self.check_room()?;
        Ok(added.into())
    }

    /// Whether one more may come.
    pub fn check_room(&self) -> Result<(), ImageError> {
        if self.0.len() >= IMAGES_MAX {
            return Err(ImageError::TooMany { max: IMAGES_MAX });
        }
        Ok(())
    }

    fn move_to(
        &self,
        product_id: ProductId,
        image_id: ImageId,
        place: u32,
    ) -> Result<Option<ProductEvent>, ImageError> {
        let from = self.place_of(image_id)?;
        // Proof: there are at most IMAGES_MAX of them.
        let last = u32::try_from(self.0.len() - 1).unwrap_or(u32::MAX);
        let place = place.min(last);
        let moved = ImageMoved {
            product_id,
            image_id,
            place,
        };
        Ok((usize::try_from(place) != Ok(from)).then(|| moved.into()))
    }

    pub(super) fn apply(&mut self, event: ProductEvent) {
        match event {
            ProductEvent::ImageAdded(event) => self.0.push(Image {
                id: event.image_id,
                state: State::Processing,
                alt: event.alt,
            }),
            ProductEvent::ImageProcessed(event) => self.set(event.image_id, State::Ready),
            ProductEvent::ImageRejected(event) => self.set(event.image_id, State::Rejected),
            ProductEvent::ImageDescribed(event) => {
                let mut images = self.0.iter_mut();
                if let Some(image) = images.find(|image| image.id == event.image_id) {
                    image.alt = event.alt;
                }
            }
            ProductEvent::ImageMoved(event) => self.reorder(&event),
            ProductEvent::ImageRemoved(event) => self.0.retain(|image| image.id != event.image_id),
            // Everything else is the product's own.
            _ => {}
        }
    }

    fn set(&mut self, image_id: ImageId, state: State) {
        if let Some(image) = self.0.iter_mut().find(|image| image.id == image_id) {
            image.state = state;
        }
    }

    fn reorder(&mut self, moved: &ImageMoved) {
        if let Ok(from) = self.place_of(moved.image_id) {
            let image = self.0.remove(from);
            let to = usize::try_from(moved.place).unwrap_or(usize::MAX);
            self.0.insert(to.min(self.0.len()), image);
        }
    }
}

fn check_alt(alt: &str) -> Result<(), ImageError> {
    if !text::is_prose(alt, ALT_MAX_CHARS) {
        return Err(ImageError::Alt {
            max_chars: ALT_MAX_CHARS,
        });
    }
    Ok(())
}
