//! What tells goods apart, and that nothing new comes into what nobody sees.

use std::collections::BTreeMap;

use domain::Authority;
use domain::RefusalKind::{Invalid, NotFound, Outdated};
use domain::catalogue::{self, EditCategory, EditProduct, NewVariant};
use domain::category::Category;
use domain::merchandise::{self, DescribeProduct};
use events::category::CategoryCreated;
use events::ids::{CategoryId, ProductId};
use events::product::Variant;
use proptest::prelude::*;

use crate::shop::{ANNA, BOB, Outcome, Shop, pence, sku};

fn size(value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("size".to_owned(), value.to_owned())])
}

fn sized(text: &str, value: &str) -> NewVariant {
    NewVariant {
        variant: Variant {
            sku: sku(text),
            options: size(value),
            price: pence(10_00),
        },
        quantity: 1,
    }
}

/// A shirt of Anna's in S and L.
fn shirt(shop: &mut Shop) -> ProductId {
    let mut shirt = shop.product(Some(ANNA), &[]);
    shirt.variants = vec![sized("SHIRT-S", "S"), sized("SHIRT-L", "L")];
    shop.when(|work| catalogue::add_product(work, &shirt)).ok();
    shirt.product_id
}

fn described(product_id: ProductId, by: Authority) -> DescribeProduct {
    DescribeProduct {
        product_id,
        by,
        expected_version: None,
        options: BTreeMap::from([(sku("SHIRT-S"), size("XS"))]),
        attributes: Some(BTreeMap::from([("fabric".to_owned(), "wool".to_owned())])),
    }
}

fn describe(shop: &mut Shop, command: &DescribeProduct) -> Outcome<()> {
    shop.when(|work| merchandise::describe_product(work, command))
}

#[test]
fn an_owner_describes_what_is_theirs() {
    let mut shop = Shop::new();
    let shirt = shirt(&mut shop);
    let stranger = described(shirt, Authority::Account(BOB));
    describe(&mut shop, &stranger).then_refused(NotFound, "product_not_found", None);
    let stale = DescribeProduct {
        expected_version: Some(7),
        ..described(shirt, Authority::Account(ANNA))
    };
    describe(&mut shop, &stale).then_refused(Outdated, "version_mismatch", None);
    let own = described(shirt, Authority::Account(ANNA));
    describe(&mut shop, &own).then(&["VariantOptionsChanged", "ProductAttributesChanged"]);
    describe(&mut shop, &own).then(&[]);
}

#[test]
fn a_variant_can_take_the_place_of_another_with_the_same_options() {
    let mut shop = Shop::new();
    let shirt = shirt(&mut shop);
    let replace = EditProduct {
        product_id: shirt,
        by: Authority::Staff,
        expected_version: None,
        name: None,
        description: None,
        category: None,
        prices: [].into(),
        add: vec![sized("SHIRT-S2", "S")],
        remove: vec![sku("SHIRT-S")],
        listed: None,
    };
    let twice = EditProduct {
        remove: vec![],
        ..replace.clone()
    };
    shop.when(|work| catalogue::edit_product(work, &twice))
        .then_refused(Invalid, "variant_options_duplicate", Some("options"));
    shop.when(|work| catalogue::edit_product(work, &replace)).then(&[
        "VariantRemoved",
        "VariantAdded",
        "StockListed",
        "StockReceived",
    ]);
}

fn category(shop: &mut Shop, slug: &str, parent: Option<CategoryId>) -> CategoryId {
    let created = CategoryCreated {
        category_id: shop.new_id(),
        parent,
        name: slug.to_owned(),
        slug: slug.to_owned(),
    };
    shop.when(|work| catalogue::create_category(work, &created)).ok();
    created.category_id
}

#[test]
fn nothing_new_comes_below_a_closed_category() {
    let mut shop = Shop::new();
    let home = category(&mut shop, "home", None);
    let lamps = category(&mut shop, "lamps", Some(home));
    let mut lamp = shop.product(None, &[("LAMP", 2_50, 1)]);
    lamp.category = Some(lamps);
    shop.when(|work| catalogue::add_product(work, &lamp)).ok();
    shop.when(|work| catalogue::archive_category(work, home)).ok();
    let mut another = shop.product(None, &[("LAMP-2", 2_50, 1)]);
    another.category = Some(lamps);
    shop.when(|work| catalogue::add_product(work, &another))
        .then_refused(Invalid, "category_not_found", Some("category"));
    // What was in it before can still be bought.
    let order = shop.order(&[("LAMP", 1)]);
    shop.place(&order).ok();
}

proptest! {
    /// Whatever is moved wherever, every category leads up to the top.
    #[test]
    fn moves_never_make_a_circle(moves in prop::collection::vec((0..8_usize, 0..9_usize), 1..40)) {
        let mut shop = Shop::new();
        let mut all = Vec::<CategoryId>::new();
        for n in 0..8 {
            let parent = all.last().copied().filter(|_| n % 3 != 0);
            all.push(category(&mut shop, &format!("c{n}"), parent));
        }
        for (moved, parent) in moves {
            let edit = EditCategory {
                category_id: all[moved],
                name: None,
                parent: Some(all.get(parent).copied()),
                expected_version: None,
            };
            // Refused or not: what counts is what the tree is afterwards.
            let _ = shop.when(|work| catalogue::edit_category(work, &edit));
            for id in &all {
                let mut above = shop.look::<Category>(*id).parent();
                for _ in 0..all.len() {
                    above = above.and_then(|id| shop.look::<Category>(id).parent());
                }
                prop_assert_eq!(above, None);
            }
        }
    }
}
