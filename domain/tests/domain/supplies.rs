//! What comes from headquarters, again and again, makes the branch's product what it is there.

use std::collections::BTreeMap;

use domain::RefusalKind::Conflict;
use domain::catalogue;
use domain::product::Product;
use domain::supplies::{SuppliedStatus, SupplyProduct, supply_product};
use domain::{Authority, UnitOfWork};
use events::ids::{ProductId, Sku};
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
