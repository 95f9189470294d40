//! Images of products: whose they are, and what the workers say of them.

use chrono::{DateTime, TimeDelta, Utc};
use domain::Authority;
use domain::RefusalKind::{NotFound, Outdated};
use domain::catalogue;
use domain::images::{self, EditImage, RemoveImage};
use domain::product::Product;
use events::ids::{ImageId, ProductId};
use events::image::{ContentHash, ImageAdded, ImageFault, ImageFormat, ImageSize};
use uuid::Uuid;

use crate::shop::{ANNA, BOB, Outcome, Shop};

const IMAGE: ImageId = ImageId(Uuid::from_u128(0x1A));

fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

fn hash() -> ContentHash {
    ContentHash::new("c".repeat(64)).unwrap()
}

fn add(shop: &mut Shop, product_id: ProductId, by: Authority) -> Outcome<()> {
    let added = ImageAdded {
        product_id,
        image_id: IMAGE,
        original: hash(),
        format: ImageFormat::Png,
        bytes: 10,
        width: 2,
        height: 2,
        alt: String::new(),
        added_at: at(0),
    };
    shop.when(|work| images::add_image(work, by, &added))
}

fn edit(product_id: ProductId, by: Authority) -> EditImage {
    EditImage {
        product_id,
        image_id: IMAGE,
        by,
        expected_version: None,
        alt: None,
        place: None,
    }
}

fn remove(product_id: ProductId, by: Authority) -> RemoveImage {
    RemoveImage {
        product_id,
        image_id: IMAGE,
        by,
        expected_version: None,
        at: at(1),
    }
}

fn annas_lamp(shop: &mut Shop) -> ProductId {
    let lamp = shop.product(Some(ANNA), &[("LAMP", 9_00, 1)]);
    shop.when(|work| catalogue::add_product(work, &lamp)).ok();
    lamp.product_id
}

#[test]
fn its_owner_and_staff_have_their_way_and_nobody_else_sees_the_product() {
    let (anna, bob) = (Authority::Account(ANNA), Authority::Account(BOB));
    let mut shop = Shop::new();
    let lamp = annas_lamp(&mut shop);
    let hidden = |outcome: Outcome<()>| outcome.then_refused(NotFound, "product_not_found", None);
    hidden(shop.when(|work| images::check_room(work, lamp, bob)));
    hidden(add(&mut shop, lamp, bob));
    add(&mut shop, lamp, anna).then(&["ImageAdded"]);
    let words = EditImage {
        alt: Some("A lamp.".to_owned()),
        ..edit(lamp, Authority::Staff)
    };
    shop.when(|work| images::edit_image(work, &words))
        .then(&["ImageDescribed"]);
    let not_his = EditImage { by: bob, ..words };
    hidden(shop.when(|work| images::edit_image(work, &not_his)));
    hidden(shop.when(|work| images::remove_image(work, &remove(lamp, bob))));
    shop.when(|work| images::remove_image(work, &remove(lamp, anna)))
        .then(&["ImageRemoved"]);
}

#[test]
fn an_edit_is_of_an_image_that_is_there_and_of_the_version_that_was_seen() {
    let mut shop = Shop::new();
    let lamp = annas_lamp(&mut shop);
    let nothing = edit(lamp, Authority::Staff);
    shop.when(|work| images::edit_image(work, &nothing))
        .then_refused(NotFound, "image_not_found", None);
    add(&mut shop, lamp, Authority::Staff).ok();
    shop.when(|work| images::edit_image(work, &nothing)).then(&[]);
    let late = RemoveImage {
        expected_version: Some(1),
        ..remove(lamp, Authority::Staff)
    };
    shop.when(|work| images::remove_image(work, &late))
        .then_refused(Outdated, "version_mismatch", None);
}

#[test]
fn what_the_workers_say_late_changes_nothing() {
    let mut shop = Shop::new();
    let lamp = annas_lamp(&mut shop);
    let size = ImageSize {
        width: 2,
        height: 2,
        bytes: 5,
        content: hash(),
    };
    add(&mut shop, lamp, Authority::Staff).ok();
    let made = |shop: &mut Shop| {
        let sizes = [size.clone()];
        shop.when(|work| images::record_sizes(work, (lamp, IMAGE), &sizes, at(1)))
    };
    made(&mut shop).then(&["ImageProcessed"]);
    made(&mut shop).then(&[]);
    shop.when(|work| images::reject_image(work, (lamp, IMAGE), ImageFault::TooLarge, at(1)))
        .then(&[]);
    assert!(shop.look::<Product>(lamp).images().uses(IMAGE));
    shop.when(|work| catalogue::remove_product(work, lamp, Authority::Staff, None))
        .ok();
    made(&mut shop).then(&[]);
}
