//! Uploads: products that are added, brought up to date, left alone or refused, together and each by itself.

use std::collections::BTreeMap;

use domain::product::{Product, ProductError};
use domain::stock::Stock;
use domain::supplies::{SuppliedStatus, SupplyProduct, supply_product};
use domain::upload::{PutProduct, PutResult, PutVariant, Restock, put_products};
use domain::{Authority, DomainError, Refusal};
use events::ids::AccountId;
use events::product::Variant;

use crate::shop::{ANNA, BOB, Shop, at, pence, sku};

/// So many units at so many pence.
fn variant(text: &str, price: i64, quantity: Option<u32>) -> PutVariant {
    PutVariant {
        variant: Variant {
            sku: sku(text),
            options: [].into(),
            price: pence(price),
        },
        quantity,
    }
}

fn mug(shop: &mut Shop, seller: Option<AccountId>, variants: Vec<PutVariant>) -> PutProduct {
    PutProduct {
        new_id: shop.new_id(),
        seller,
        by: seller.map_or(Authority::Staff, Authority::Account),
        name: "Mug".to_owned(),
        description: String::new(),
        category: None,
        attributes: BTreeMap::new(),
        variants,
        restock: Restock::Set,
        at: at(0),
    }
}

/// What came of each, in a word.
fn words(results: &[PutResult]) -> Vec<&'static str> {
    let word = |result: &PutResult| match result {
        Ok(part) if part.value.is_new => "created",
        Ok(part) if part.is_change => "updated",
        Ok(_) => "unchanged",
        Err(error) => error.code(),
    };
    results.iter().map(word).collect()
}

fn put(shop: &mut Shop, commands: &[PutProduct]) -> Vec<PutResult> {
    shop.when(|work| put_products(work, commands, false)).ok()
}

fn available(shop: &mut Shop, text: &str) -> u64 {
    shop.look::<Stock>(text).available()
}

#[test]
fn the_same_again_changes_nothing_and_a_change_only_what_it_says() {
    let mut shop = Shop::new();
    let first = mug(
        &mut shop,
        Some(ANNA),
        vec![variant("A", 250, Some(3)), variant("B", 250, None)],
    );
    let commands = [first];
    assert_eq!(words(&put(&mut shop, &commands)), ["created"]);
    let _ = shop.when(|work| put_products(work, &commands, false)).then(&[]);
    let mut dearer = commands[0].clone();
    dearer.name.clear();
    dearer.variants[0] = variant("A", 300, Some(5));
    dearer.variants[1] = variant("C", 300, Some(1));
    let results = shop
        .when(|work| put_products(work, std::slice::from_ref(&dearer), false))
        .then(&[
            "VariantPriceChanged",
            "VariantAdded",
            "StockAdjusted",
            "StockListed",
            "StockReceived",
        ]);
    assert_eq!(words(&results), ["updated"]);
    let product = shop.look::<Product>(commands[0].new_id);
    assert_eq!(product.details().name, "Mug");
    assert_eq!(product.skus().count(), 3, "what isn't listed stays");
    assert_eq!((available(&mut shop, "A"), available(&mut shop, "B")), (5, 0));
}

#[test]
fn attributes_that_are_named_are_set_and_the_others_stay() {
    let mut shop = Shop::new();
    let named = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        let owned = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        owned.collect()
    };
    let mut command = mug(&mut shop, Some(ANNA), vec![variant("A", 250, Some(3))]);
    command.attributes = named(&[("clay", "red"), ("height", "9 cm")]);
    let put_it = |shop: &mut Shop, command: &PutProduct| {
        let commands = std::slice::from_ref(command).to_vec();
        shop.when(move |work| put_products(work, &commands, false))
    };
    let results = put_it(&mut shop, &command).ok();
    assert_eq!(words(&results), ["created"]);
    let _ = put_it(&mut shop, &command).then(&[]);
    let mut taller = command.clone();
    taller.attributes = named(&[("height", "12 cm")]);
    let results = put_it(&mut shop, &taller).then(&["ProductAttributesChanged"]);
    assert_eq!(words(&results), ["updated"]);
    let mut silent = command.clone();
    silent.attributes.clear();
    let _ = put_it(&mut shop, &silent).then(&[]);
    let product = shop.look::<Product>(command.new_id);
    assert_eq!(
        *product.attributes(),
        named(&[("clay", "red"), ("height", "12 cm")])
    );
    let mut nameless = command.clone();
    nameless.attributes = named(&[("", "red")]);
    let results = put(&mut shop, &[nameless]);
    assert_eq!(words(&results), ["product_attributes_invalid"]);
}

#[test]
fn at_a_branch_an_upload_counts_headquarters_goods_and_edits_none() {
    let mut shop = Shop::new();
    let supply = SupplyProduct {
        product_id: shop.new_id(),
        name: "Mug".to_owned(),
        description: String::new(),
        category: None,
        variants: vec![variant("A", 250, None).variant],
        attributes: None,
        status: SuppliedStatus::Active,
        at: at(0),
    };
    shop.when(|work| supply_product(work, &supply)).ok();
    let counted = mug(&mut shop, None, vec![variant("A", 250, Some(7))]);
    let mut renamed = counted.clone();
    renamed.name = "Cup".to_owned();
    let mut described = counted.clone();
    described.attributes = [("clay".to_owned(), "red".to_owned())].into();
    let dearer = mug(&mut shop, None, vec![variant("A", 300, Some(9))]);
    let results = put(&mut shop, &[counted, renamed, described, dearer]);
    let refused = "headquarters_product";
    assert_eq!(words(&results), ["updated", refused, refused, refused]);
    assert_eq!(available(&mut shop, "A"), 7);
}

#[test]
fn one_that_is_refused_keeps_nothing_of_itself_and_none_of_the_others_out() {
    let mut shop = Shop::new();
    let theirs = mug(&mut shop, Some(BOB), vec![variant("BOBS", 100, Some(1))]);
    put(&mut shop, &[theirs]);
    let good = mug(&mut shop, Some(ANNA), vec![variant("A", 250, Some(3))]);
    // The first of its variants would be fine.
    let taken = mug(
        &mut shop,
        Some(ANNA),
        vec![variant("X", 1, Some(9)), variant("BOBS", 1, Some(9))],
    );
    let mixed_up = mug(
        &mut shop,
        Some(ANNA),
        vec![variant("A", 1, None), variant("D", 1, None)],
    );
    let other = mug(&mut shop, Some(ANNA), vec![variant("D", 250, None)]);
    let mut nameless = mug(&mut shop, Some(ANNA), vec![variant("E", 250, None)]);
    nameless.name = " ".to_owned();
    let results = put(&mut shop, &[good, taken, other, mixed_up, nameless]);
    assert_eq!(
        words(&results),
        [
            "created",
            "sku_taken",
            "created",
            "product_mixed",
            "product_name_invalid"
        ]
    );
    assert_eq!(shop.look::<Stock>("X").product_id(), None);
    let error = results[1].clone().unwrap_err();
    assert_eq!(
        error,
        DomainError::Product(ProductError::SoldByAnother { sku: sku("BOBS") })
    );
}

#[test]
fn staff_bring_everybody_s_products_up_to_date() {
    let mut shop = Shop::new();
    let theirs = mug(&mut shop, Some(BOB), vec![variant("BOBS", 100, Some(1))]);
    put(&mut shop, &[theirs]);
    let by_staff = mug(&mut shop, None, vec![variant("BOBS", 120, Some(1))]);
    assert_eq!(words(&put(&mut shop, &[by_staff])), ["updated"]);
}

#[test]
fn a_delivery_adds_to_the_shelf_each_time() {
    let mut shop = Shop::new();
    let mut delivery = mug(&mut shop, None, vec![variant("A", 250, Some(3))]);
    delivery.restock = Restock::Add;
    let commands = [delivery];
    assert_eq!(words(&put(&mut shop, &commands)), ["created"]);
    assert_eq!(words(&put(&mut shop, &commands)), ["updated"]);
    assert_eq!(available(&mut shop, "A"), 6);
}

#[test]
fn options_that_differ_are_refused_and_a_removed_product_s_sku_is_free() {
    let mut shop = Shop::new();
    let first = mug(&mut shop, None, vec![variant("A", 250, None)]);
    let first_id = first.new_id;
    put(&mut shop, std::slice::from_ref(&first));
    let mut red = first;
    red.variants[0].variant.options = [("colour".to_owned(), "red".to_owned())].into();
    assert_eq!(
        words(&put(&mut shop, std::slice::from_ref(&red))),
        ["options_fixed"]
    );
    shop.when(|work| domain::catalogue::remove_product(work, first_id, Authority::Staff, None))
        .ok();
    red.new_id = shop.new_id();
    assert_eq!(words(&put(&mut shop, &[red])), ["created"]);
}

#[test]
fn a_rehearsal_tells_the_same_and_does_nothing() {
    let mut shop = Shop::new();
    let first = mug(&mut shop, None, vec![variant("A", 250, Some(3))]);
    let results = shop
        .when(|work| put_products(work, std::slice::from_ref(&first), true))
        .then(&[]);
    assert_eq!(words(&results), ["created"]);
    assert_eq!(shop.look::<Stock>("A").product_id(), None);
}
