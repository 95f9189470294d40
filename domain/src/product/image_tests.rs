//! The images of a product: how many, in which order, and what becomes of each.

use events::ids::{ImageId, ProductId};
use events::image::{
    ContentHash, ImageAdded, ImageDescribed, ImageFault, ImageFormat, ImageMoved, ImageProcessed,
    ImageRejected, ImageRemoved, ImageSize,
};
use events::money::Currency;
use events::product::{ProductAdded, ProductEvent, ProductRemoved, Variant};
use uuid::Uuid;

use super::{ALT_MAX_CHARS, IMAGES_MAX, ImageCommand, ImageError, Product, ProductCommand, ProductError};
use crate::RefusalKind::{Conflict, Invalid, NotFound};
use crate::given::{Then, after, at, given, sku};

const PRODUCT: ProductId = ProductId(Uuid::from_u128(1));

fn image(n: usize) -> ImageId {
    ImageId(Uuid::from_u128(0x1_0000 + n as u128))
}

fn hash(digit: &str) -> ContentHash {
    ContentHash::new(digit.repeat(64)).unwrap()
}

fn image_added(n: usize) -> ImageAdded {
    ImageAdded {
        product_id: PRODUCT,
        image_id: image(n),
        original: hash("a"),
        format: ImageFormat::Jpeg,
        bytes: 1000,
        width: 40,
        height: 30,
        alt: "A lamp.".to_owned(),
        added_at: at(1),
    }
}

fn size() -> ImageSize {
    ImageSize {
        width: 40,
        height: 30,
        bytes: 100,
        content: hash("b"),
    }
}

fn processed(n: usize) -> ProductEvent {
    ImageProcessed {
        product_id: PRODUCT,
        image_id: image(n),
        sizes: vec![size()],
        processed_at: at(2),
    }
    .into()
}

fn rejected(n: usize) -> ProductEvent {
    ImageRejected {
        product_id: PRODUCT,
        image_id: image(n),
        fault: ImageFault::Undecodable,
        rejected_at: at(2),
    }
    .into()
}

/// A product with so many images.
fn with_images(count: usize) -> Vec<ProductEvent> {
    let variant = Variant {
        sku: sku("LAMP"),
        options: [].into(),
        price: events::money::Money::zero(Currency::GBP),
    };
    let product = ProductAdded {
        product_id: PRODUCT,
        seller: None,
        name: "Lamp".to_owned(),
        description: String::new(),
        category: None,
        variants: vec![variant],
        added_at: at(0),
    };
    let images = (0..count).map(|n| image_added(n).into());
    std::iter::once(product.into()).chain(images).collect()
}

fn and(mut events: Vec<ProductEvent>, event: ProductEvent) -> Vec<ProductEvent> {
    events.push(event);
    events
}

fn add(added: ImageAdded) -> ProductCommand {
    ProductCommand::Image(ImageCommand::Add(added))
}

fn record(n: usize) -> ProductCommand {
    ProductCommand::Image(ImageCommand::RecordSizes {
        image_id: image(n),
        sizes: vec![size()],
        at: at(2),
    })
}

fn reject(n: usize) -> ProductCommand {
    ProductCommand::Image(ImageCommand::Reject {
        image_id: image(n),
        fault: ImageFault::Undecodable,
        at: at(2),
    })
}

fn describe(n: usize, alt: &str) -> ProductCommand {
    ProductCommand::Image(ImageCommand::Describe {
        image_id: image(n),
        alt: alt.to_owned(),
    })
}

fn move_to(n: usize, place: u32) -> ProductCommand {
    ProductCommand::Image(ImageCommand::Move {
        image_id: image(n),
        place,
    })
}

fn remove(n: usize) -> ProductCommand {
    ProductCommand::Image(ImageCommand::Remove {
        image_id: image(n),
        at: at(3),
    })
}

#[test]
fn an_image_is_added_once() {
    given::<Product>(with_images(0))
        .when(add(image_added(0)))
        .then_expect_events(vec![image_added(0).into()]);
    given::<Product>(with_images(1))
        .when(add(image_added(0)))
        .then_refused(ImageError::AlreadyExists.into(), (Conflict, "image_exists", None));
}

#[test]
fn a_product_has_room_for_so_many_and_a_removed_one_makes_room() {
    let full = ImageError::TooMany { max: IMAGES_MAX };
    given::<Product>(with_images(IMAGES_MAX))
        .when(add(image_added(IMAGES_MAX)))
        .then_refused(full.into(), (Conflict, "too_many_images", None));
    let gone = ImageRemoved {
        product_id: PRODUCT,
        image_id: image(3),
        removed_at: at(3),
    };
    given::<Product>(and(with_images(IMAGES_MAX), gone.into()))
        .when(add(image_added(IMAGES_MAX)))
        .then_expect_events(vec![image_added(IMAGES_MAX).into()]);
}

#[test]
fn what_it_shows_is_told_briefly() {
    let long = "x".repeat(ALT_MAX_CHARS + 1);
    let refusal: ProductError = ImageError::Alt {
        max_chars: ALT_MAX_CHARS,
    }
    .into();
    let told = (Invalid, "image_alt_invalid", Some("alt"));
    let wordy = ImageAdded {
        alt: long.clone(),
        ..image_added(0)
    };
    given::<Product>(with_images(0))
        .when(add(wordy))
        .then_refused(refusal.clone(), told);
    given::<Product>(with_images(1))
        .when(describe(0, &long))
        .then_refused(refusal, told);
    let described = ImageDescribed {
        product_id: PRODUCT,
        image_id: image(0),
        alt: "It shines.".to_owned(),
    };
    given::<Product>(with_images(1))
        .when(describe(0, "It shines."))
        .then_expect_events(vec![described.into()]);
    given::<Product>(with_images(1))
        .when(describe(0, "A lamp."))
        .then_nothing();
}

#[test]
fn what_became_of_it_is_told_once() {
    given::<Product>(with_images(1))
        .when(record(0))
        .then_expect_events(vec![processed(0)]);
    given::<Product>(with_images(1))
        .when(reject(0))
        .then_expect_events(vec![rejected(0)]);
    for concluded in [processed(0), rejected(0)] {
        for command in [record(0), reject(0)] {
            given::<Product>(and(with_images(1), concluded.clone()))
                .when(command)
                .then_nothing();
        }
    }
    given::<Product>(with_images(1)).when(record(7)).then_nothing();
}

#[test]
fn it_is_put_elsewhere_and_no_further_than_the_end() {
    let moved = |place| {
        vec![
            ImageMoved {
                product_id: PRODUCT,
                image_id: image(0),
                place,
            }
            .into(),
        ]
    };
    given::<Product>(with_images(3))
        .when(move_to(0, 1))
        .then_expect_events(moved(1));
    given::<Product>(with_images(3))
        .when(move_to(0, 99))
        .then_expect_events(moved(2));
    given::<Product>(with_images(3))
        .when(move_to(2, 99))
        .then_nothing();
    // Of four, the first behind the third: the others keep their order.
    let order = after::<Product>(and(with_images(4), moved(2).remove(0)));
    let ids: Vec<_> = order.images().0.iter().map(|image| image.id).collect();
    assert_eq!(ids, [image(1), image(2), image(0), image(3)]);
}

#[test]
fn one_that_is_not_there_is_told_so() {
    for command in [describe(0, "x"), move_to(0, 1), remove(0)] {
        given::<Product>(with_images(0))
            .when(command)
            .then_refused(ImageError::NotFound.into(), (NotFound, "image_not_found", None));
    }
    let gone = and(with_images(1), ProductRemoved { product_id: PRODUCT }.into());
    given::<Product>(gone)
        .when(remove(0))
        .then_refused(ProductError::NotFound, (NotFound, "product_not_found", None));
}

#[test]
fn blobs_are_needed_until_it_is_removed_or_rejected() {
    let uses = |events: Vec<ProductEvent>| after::<Product>(events).images().uses(image(0));
    assert!(uses(with_images(1)));
    assert!(uses(and(with_images(1), processed(0))));
    assert!(!uses(and(with_images(1), rejected(0))));
    assert!(!uses(with_images(0)));
}
