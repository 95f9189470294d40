//! What comes from headquarters, again and again, makes the branch's product what it is there.

use std::collections::BTreeMap;

use domain::RefusalKind::Conflict;
use domain::catalogue;
use domain::product::Product;
use domain::supplied_tree::{self, SupplyCategory, close_category, supply_category};
use domain::supplies::{SuppliedStatus, SupplyProduct, supply_product};
use domain::{Authority, UnitOfWork};
use events::category::CategoryCreated;
use events::ids::{CategoryId, ProductId, Sku};
use events::money::{Currency, Money};
use events::product::Variant;
use uuid::Uuid;

use crate::shop::{Outcome, Shop, at};

fn variant(sku: &str, minor: i64) -> Variant {
    Variant {
        sku: Sku::new(sku).unwrap(),
        options: BTreeMap::new(),
        price: Money::new(minor, Currency::GBP),
    }
}

fn mug(variants: &[(&str, i64)], status: SuppliedStatus) -> SupplyProduct {
    SupplyProduct {
        product_id: ProductId(Uuid::from_u128(0xF00)),
        name: "Mug".to_owned(),
        description: String::new(),
        category: None,
        variants: variants.iter().map(|(sku, minor)| variant(sku, *minor)).collect(),
        attributes: None,
        status,
        at: at(1),
    }
}

fn supply(shop: &mut Shop, command: &SupplyProduct) -> Outcome<()> {
    shop.when(|work| supply_product(work, command))
}

#[test]
fn a_product_is_added_without_stock_and_the_same_again_changes_nothing() {
    let mut shop = Shop::new();
    let mug = mug(&[("MUG-S", 5_00), ("MUG-L", 6_00)], SuppliedStatus::Active);
    supply(&mut shop, &mug).then(&["ProductAdded", "StockListed", "StockListed", "ProductSupplied"]);
    supply(&mut shop, &mug).then(&[]);
}

#[test]
fn prices_variants_and_whether_it_is_on_sale_follow() {
    let mut shop = Shop::new();
    supply(
        &mut shop,
        &mug(&[("MUG-S", 5_00), ("MUG-L", 6_00)], SuppliedStatus::Active),
    )
    .ok();
    let changed = mug(&[("MUG-S", 5_50), ("MUG-M", 5_75)], SuppliedStatus::Archived);
    supply(&mut shop, &changed).then(&[
        "VariantPriceChanged",
        "VariantRemoved",
        "VariantAdded",
        "ProductArchived",
        "StockListed",
    ]);
    supply(&mut shop, &changed).then(&[]);
    let product_id = changed.product_id;
    let look = move |work: &mut UnitOfWork| Ok(work.read::<Product>(product_id)?.is_listed());
    assert!(!shop.when(look).ok());
}

#[test]
fn what_is_gone_there_is_gone_here_and_what_never_was_stays_so() {
    let mut shop = Shop::new();
    let gone = mug(&[("MUG", 5_00)], SuppliedStatus::Removed);
    supply(&mut shop, &gone).then(&[]);
    supply(&mut shop, &mug(&[("MUG", 5_00)], SuppliedStatus::Active)).ok();
    supply(&mut shop, &gone).then(&["ProductRemoved"]);
    supply(&mut shop, &gone).then(&[]);
}

#[test]
fn nobody_at_the_branch_edits_it_and_a_sku_of_another_product_is_taken() {
    let mut shop = Shop::new();
    let mug = mug(&[("MUG", 5_00)], SuppliedStatus::Active);
    supply(&mut shop, &mug).ok();
    let product_id = mug.product_id;
    for listed in [true, false] {
        shop.when(|work| catalogue::set_listed(work, product_id, Authority::Staff, listed))
            .then_refused(Conflict, "headquarters_product", None);
    }
    shop.sells("LAMP", 10_00, 1);
    let lamp = SupplyProduct {
        product_id: ProductId(Uuid::from_u128(0xF01)),
        variants: vec![variant("LAMP", 9_00)],
        ..mug
    };
    let refused = supply(&mut shop, &lamp);
    assert!(refused.result.is_err() && refused.events.is_empty());
}

fn options(size: &str) -> BTreeMap<String, String> {
    [("size".to_owned(), size.to_owned())].into()
}

#[test]
fn options_and_attributes_follow_also_where_two_swap_theirs() {
    let mut shop = Shop::new();
    let mut shirt = mug(
        &[("SHIRT-1", 5_00), ("SHIRT-2", 5_00), ("SHIRT-3", 5_00)],
        SuppliedStatus::Active,
    );
    for (variant, size) in shirt.variants.iter_mut().zip(["S", "M", "L"]) {
        variant.options = options(size);
    }
    shirt.attributes = Some([("fabric".to_owned(), "wool".to_owned())].into());
    let added = [
        "ProductAdded",
        "ProductAttributesChanged",
        "StockListed",
        "StockListed",
        "StockListed",
        "ProductSupplied",
    ];
    supply(&mut shop, &shirt).then(&added);
    supply(&mut shop, &shirt).then(&[]);
    // The first two swap, the third goes, and a new one has its options.
    shirt.variants[0].options = options("M");
    shirt.variants[1].options = options("S");
    shirt.variants[2] = Variant {
        options: options("L"),
        ..variant("SHIRT-4", 6_00)
    };
    supply(&mut shop, &shirt).then(&[
        "VariantRemoved",
        "VariantOptionsChanged",
        "VariantOptionsChanged",
        "VariantAdded",
        "StockListed",
    ]);
    supply(&mut shop, &shirt).then(&[]);
    // A headquarters of before says nothing of attributes.
    shirt.attributes = None;
    supply(&mut shop, &shirt).then(&[]);
}

fn kitchen(category_id: CategoryId, parent: Option<CategoryId>, name: &str) -> SupplyCategory {
    SupplyCategory {
        category_id,
        parent,
        name: name.to_owned(),
        slug: "kitchen".to_owned(),
        at: at(1),
    }
}

#[test]
fn a_category_comes_is_renamed_moves_and_ends_as_at_headquarters() {
    let mut shop = Shop::new();
    let (home, id) = (shop.new_id(), shop.new_id());
    let top = SupplyCategory {
        slug: "home".to_owned(),
        ..kitchen(home, None, "Home")
    };
    let supply = |shop: &mut Shop, command: &SupplyCategory| shop.when(|work| supply_category(work, command));
    supply(&mut shop, &top).then(&["CategoryCreated", "CategorySupplied"]);
    supply(&mut shop, &kitchen(id, None, "Kitchen")).then(&["CategoryCreated", "CategorySupplied"]);
    supply(&mut shop, &kitchen(id, None, "Kitchen")).then(&[]);
    supply(&mut shop, &kitchen(id, Some(home), "Cooking")).then(&["CategoryRenamed", "CategoryMoved"]);
    shop.when(|work| supplied_tree::keep_out(work, id))
        .then_refused(Conflict, "headquarters_category", None);
    shop.when(|work| close_category(work, id))
        .then(&["CategoryArchived"]);
    shop.when(|work| close_category(work, id)).then(&[]);
}

#[test]
fn a_category_of_the_branchs_own_is_left_alone() {
    let mut shop = Shop::new();
    let own = shop.new_id();
    let created = CategoryCreated {
        category_id: own,
        parent: None,
        name: "Kitchen".to_owned(),
        slug: "kitchen".to_owned(),
    };
    shop.when(|work| catalogue::create_category(work, &created)).ok();
    shop.when(|work| close_category(work, own)).then(&[]);
    shop.when(|work| supplied_tree::keep_out(work, own)).then(&[]);
    let id = shop.new_id();
    shop.when(|work| supply_category(work, &kitchen(id, None, "Kitchen")))
        .then_taken(catalogue::SLUG_SCOPE, "kitchen");
}
