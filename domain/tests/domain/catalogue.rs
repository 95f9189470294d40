//! The catalogue: the tree of categories, whose products are whose, and who has a SKU.

use domain::Authority;
use domain::RefusalKind::{Conflict, Invalid, NotFound, Outdated};
use domain::catalogue::{
    self, AddProduct, ChangeStock, EditCategory, EditProduct, SKU_SCOPE, SLUG_SCOPE, StockChange,
};
use domain::category::Category;
use domain::product::Product;
use events::category::CategoryCreated;
use events::ids::{CategoryId, ProductId};

use crate::shop::{ANNA, BOB, Outcome, Shop, pence, sku};

const DEPTH_MAX: usize = 12;

fn create(shop: &mut Shop, slug: &str, parent: Option<CategoryId>) -> (CategoryId, Outcome<()>) {
    let category_id = shop.new_id();
    let created = CategoryCreated {
        category_id,
        parent,
        name: slug.to_owned(),
        slug: slug.to_owned(),
    };
    (
        category_id,
        shop.when(|work| catalogue::create_category(work, &created)),
    )
}

fn category(shop: &mut Shop, slug: &str, parent: Option<CategoryId>) -> CategoryId {
    let (category_id, outcome) = create(shop, slug, parent);
    outcome.then(&["CategoryCreated"]);
    category_id
}

fn move_to(shop: &mut Shop, category_id: CategoryId, parent: Option<CategoryId>) -> Outcome<()> {
    let edit = EditCategory {
        category_id,
        name: None,
        parent: Some(parent),
        expected_version: None,
    };
    shop.when(|work| catalogue::edit_category(work, &edit))
}

fn add(shop: &mut Shop, command: &AddProduct) -> Outcome<()> {
    shop.when(|work| catalogue::add_product(work, command))
}

fn edit(product_id: ProductId, by: Authority) -> EditProduct {
    EditProduct {
        product_id,
        by,
        expected_version: None,
        name: None,
        description: None,
        category: None,
        prices: [].into(),
        add: vec![],
        remove: vec![],
        listed: None,
    }
}

fn change(shop: &mut Shop, command: &EditProduct) -> Outcome<()> {
    shop.when(|work| catalogue::edit_product(work, command))
}

fn remove(shop: &mut Shop, product_id: ProductId) -> Outcome<()> {
    shop.when(|work| catalogue::remove_product(work, product_id, Authority::Staff, None))
}

fn restock(product_id: ProductId, text: &str, change: StockChange) -> ChangeStock {
    ChangeStock {
        product_id,
        sku: sku(text),
        by: Authority::Staff,
        change,
        reason: "count".to_owned(),
    }
}

fn change_stock(shop: &mut Shop, command: &ChangeStock) -> Outcome<()> {
    shop.when(|work| catalogue::change_stock(work, command))
}

#[test]
fn a_category_is_renamed_and_moved() {
    let mut shop = Shop::new();
    let home = category(&mut shop, "home", None);
    let lamps = category(&mut shop, "lamps", None);
    let both = EditCategory {
        category_id: lamps,
        name: Some("Lights".to_owned()),
        parent: Some(Some(home)),
        expected_version: Some(1),
    };
    shop.when(|work| catalogue::edit_category(work, &both))
        .then(&["CategoryRenamed", "CategoryMoved"]);
    shop.when(|work| catalogue::edit_category(work, &both))
        .then_refused(Outdated, "version_mismatch", None);
    move_to(&mut shop, lamps, Some(home)).then(&[]);
    move_to(&mut shop, lamps, None).then(&["CategoryMoved"]);
}

#[test]
fn a_tree_has_no_circles() {
    let mut shop = Shop::new();
    let home = category(&mut shop, "home", None);
    let lamps = category(&mut shop, "lamps", Some(home));
    let desk = category(&mut shop, "desk", Some(lamps));
    for parent in [home, lamps, desk] {
        move_to(&mut shop, home, Some(parent)).then_refused(Invalid, "category_circle", Some("parent"));
    }
    move_to(&mut shop, desk, Some(home)).then(&["CategoryMoved"]);
}

#[test]
fn a_tree_is_not_endlessly_deep() {
    let mut shop = Shop::new();
    let mut deepest = None;
    for level in 0..DEPTH_MAX {
        deepest = Some(category(&mut shop, &format!("level-{level}"), deepest));
    }
    let (_, outcome) = create(&mut shop, "one-more", deepest);
    outcome.then_refused(Invalid, "category_too_deep", Some("parent"));
    let aside = category(&mut shop, "aside", None);
    move_to(&mut shop, aside, deepest).then_refused(Invalid, "category_too_deep", Some("parent"));
}

#[test]
fn a_parent_is_there_and_open() {
    let mut shop = Shop::new();
    let home = category(&mut shop, "home", None);
    let lamps = category(&mut shop, "lamps", Some(home));
    shop.when(|work| catalogue::archive_category(work, home))
        .then(&["CategoryArchived"]);
    let never = shop.new_id();
    for parent in [home, lamps, never] {
        let (_, outcome) = create(&mut shop, "desk", Some(parent));
        outcome.then_refused(Invalid, "category_parent_not_found", Some("parent"));
    }
    move_to(&mut shop, never, None).then_refused(NotFound, "category_not_found", None);
}

#[test]
fn a_slug_has_one_category_until_that_is_archived() {
    let mut shop = Shop::new();
    let lamps = category(&mut shop, "lamps", None);
    create(&mut shop, "lamps", None).1.then_taken(SLUG_SCOPE, "lamps");
    shop.when(|work| catalogue::archive_category(work, lamps)).ok();
    let again = category(&mut shop, "lamps", None);
    assert_eq!(shop.claim_owner(SLUG_SCOPE, "lamps"), Some(&*again.to_string()));
    // Archiving the old one again doesn't take the slug from the new one.
    shop.when(|work| catalogue::archive_category(work, lamps))
        .then_refused(NotFound, "category_not_found", None);
    assert_eq!(shop.claim_owner(SLUG_SCOPE, "lamps"), Some(&*again.to_string()));
    assert!(!shop.look::<Category>(lamps).is_open());
}

#[test]
fn a_product_is_on_sale_with_all_its_variants() {
    let mut shop = Shop::new();
    let command = shop.product(Some(ANNA), &[("LAMP-S", 2_50, 3), ("LAMP-L", 4_00, 0)]);
    add(&mut shop, &command).then(&["ProductAdded", "StockListed", "StockListed", "StockReceived"]);
    assert_eq!((shop.shelf("LAMP-S"), shop.shelf("LAMP-L")), ((3, 3), (0, 0)));
    assert_eq!(
        shop.claim_owner(SKU_SCOPE, "LAMP-L"),
        Some(&*command.product_id.to_string())
    );
    add(&mut shop, &command).then_refused(Conflict, "product_exists", None);
}

#[test]
fn a_product_is_in_an_open_category() {
    let mut shop = Shop::new();
    let lamps = category(&mut shop, "lamps", None);
    let filed = AddProduct {
        category: Some(lamps),
        ..shop.product(None, &[("LAMP", 2_50, 1)])
    };
    add(&mut shop, &filed).ok();
    shop.when(|work| catalogue::archive_category(work, lamps)).ok();
    let late = AddProduct {
        category: Some(lamps),
        ..shop.product(None, &[("MUG", 1_00, 1)])
    };
    add(&mut shop, &late).then_refused(Invalid, "category_not_found", Some("category"));
    let into = EditProduct {
        category: Some(Some(lamps)),
        ..edit(filed.product_id, Authority::Staff)
    };
    change(&mut shop, &into).then_refused(Invalid, "category_not_found", Some("category"));
    let out_of = EditProduct {
        category: Some(None),
        ..edit(filed.product_id, Authority::Staff)
    };
    change(&mut shop, &out_of).then(&["ProductDetailsChanged"]);
}

#[test]
fn sellers_change_what_is_theirs_and_see_nothing_of_anothers() {
    let mut shop = Shop::new();
    let command = shop.product(Some(ANNA), &[("LAMP", 2_50, 3)]);
    add(&mut shop, &command).ok();
    let lamp = command.product_id;
    let shops_own = shop.sells("MUG", 1_00, 1);
    let never = shop.product(None, &[]).product_id;
    let price = |product_id, by| EditProduct {
        prices: [(sku("LAMP"), pence(3_00))].into(),
        ..edit(product_id, by)
    };
    for (product_id, by) in [
        (lamp, Authority::Account(BOB)),
        (shops_own, Authority::Account(ANNA)),
        (never, Authority::Staff),
    ] {
        change(&mut shop, &price(product_id, by)).then_refused(NotFound, "product_not_found", None);
        shop.when(|work| catalogue::remove_product(work, product_id, by, None))
            .then_refused(NotFound, "product_not_found", None);
        let receive = ChangeStock {
            by,
            ..restock(product_id, "LAMP", StockChange::Receive(1))
        };
        change_stock(&mut shop, &receive).then_refused(NotFound, "product_not_found", None);
    }
    change(&mut shop, &price(lamp, Authority::Account(ANNA))).then(&["VariantPriceChanged"]);
    let receive = ChangeStock {
        by: Authority::Account(ANNA),
        ..restock(lamp, "LAMP", StockChange::Receive(1))
    };
    change_stock(&mut shop, &receive).then(&["StockReceived"]);
    shop.when(|work| catalogue::remove_product(work, lamp, Authority::Account(ANNA), None))
        .then(&["ProductRemoved"]);
}

#[test]
fn an_edit_names_the_version_that_it_saw() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 2_50, 1);
    let rename = |name: &str, version| EditProduct {
        name: Some(name.to_owned()),
        expected_version: Some(version),
        ..edit(lamp, Authority::Staff)
    };
    change(&mut shop, &rename("Light", 1)).then(&["ProductDetailsChanged"]);
    change(&mut shop, &rename("Torch", 1)).then_refused(Outdated, "version_mismatch", None);
    shop.when(|work| catalogue::remove_product(work, lamp, Authority::Staff, Some(1)))
        .then_refused(Outdated, "version_mismatch", None);
    assert_eq!(shop.version::<Product>(lamp), 2);
    change(&mut shop, &rename("Light", 2)).then(&[]);
}

#[test]
fn an_edit_is_all_or_nothing() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 2_50, 1);
    let half_wrong = EditProduct {
        name: Some("Light".to_owned()),
        prices: [(sku("MUG"), pence(1))].into(),
        ..edit(lamp, Authority::Staff)
    };
    change(&mut shop, &half_wrong).then_refused(Invalid, "sku_not_found", Some("sku"));
    assert_eq!(shop.look::<Product>(lamp).details().name, "Thing");
}

#[test]
fn variants_come_and_go() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 2_50, 1);
    let new = shop.product(None, &[("LAMP-L", 4_00, 2)]).variants;
    let swap = EditProduct {
        add: new,
        remove: vec![sku("LAMP")],
        ..edit(lamp, Authority::Staff)
    };
    change(&mut shop, &swap).then(&["VariantAdded", "VariantRemoved", "StockListed", "StockReceived"]);
    assert_eq!(shop.claim_owner(SKU_SCOPE, "LAMP"), None);
    assert_eq!(shop.claim_owner(SKU_SCOPE, "LAMP-L"), Some(&*lamp.to_string()));
    let last = EditProduct {
        remove: vec![sku("LAMP-L")],
        ..edit(lamp, Authority::Staff)
    };
    change(&mut shop, &last).then_refused(Conflict, "last_variant", None);
}

#[test]
fn a_variant_added_and_removed_at_once_leaves_its_sku_free() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 2_50, 1);
    let new = shop.product(None, &[("LAMP-L", 4_00, 0)]).variants;
    let both = EditProduct {
        add: new,
        remove: vec![sku("LAMP-L")],
        ..edit(lamp, Authority::Staff)
    };
    change(&mut shop, &both).then(&["VariantAdded", "VariantRemoved", "StockListed"]);
    assert_eq!(shop.claim_owner(SKU_SCOPE, "LAMP-L"), None);
}

#[test]
fn a_sku_has_one_product_at_a_time() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 2_50, 1);
    let empty = shop.sells("MUG", 2_50, 0);
    let second = shop.product(None, &[("LAMP", 9_00, 1)]);
    add(&mut shop, &second).then_refused(Conflict, "sku_in_use", Some("sku"));
    let third = shop.product(None, &[("MUG", 9_00, 1)]);
    add(&mut shop, &third).then_taken(SKU_SCOPE, "MUG");
    assert_eq!(shop.claim_owner(SKU_SCOPE, "LAMP"), Some(&*lamp.to_string()));
    assert_eq!(shop.claim_owner(SKU_SCOPE, "MUG"), Some(&*empty.to_string()));
}

#[test]
fn a_sku_that_was_given_up_is_listed_again_once_its_shelf_is_empty() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 2_50, 2);
    remove(&mut shop, lamp).then(&["ProductRemoved"]);
    remove(&mut shop, lamp).then_refused(NotFound, "product_not_found", None);
    assert_eq!(shop.claim_owner(SKU_SCOPE, "LAMP"), None);
    let next = shop.product(Some(BOB), &[("LAMP", 9_00, 5)]);
    add(&mut shop, &next).then_refused(Conflict, "sku_in_use", Some("sku"));

    // Repro: nobody could empty the shelf of a product that is gone.
    let count = restock(lamp, "LAMP", StockChange::Adjust(-2));
    change_stock(&mut shop, &count).then(&["StockAdjusted"]);

    add(&mut shop, &next).then(&["ProductAdded", "StockListed", "StockReceived"]);
    assert_eq!(shop.shelf("LAMP"), (5, 5));
    // It isn't the old product's shelf any more.
    change_stock(&mut shop, &count).then_refused(NotFound, "sku_not_found", Some("sku"));
}

#[test]
fn a_product_that_is_gone_takes_no_units_in() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 2_50, 2);
    remove(&mut shop, lamp).ok();
    for up in [StockChange::Receive(1), StockChange::Adjust(1)] {
        change_stock(&mut shop, &restock(lamp, "LAMP", up)).then_refused(NotFound, "product_not_found", None);
    }
}

#[test]
fn an_order_under_way_survives_the_removal_of_its_product() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 2_50, 2);
    let order = shop.paid(&[("LAMP", 2)]);
    remove(&mut shop, lamp).ok();
    shop.hand_over(&order);
    assert_eq!(shop.shelf("LAMP"), (0, 0));
}

#[test]
fn the_shelf_is_counted() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 2_50, 5);
    shop.ordered(&[("LAMP", 3)]);
    let mug = shop.sells("MUG", 1_00, 1);
    change_stock(&mut shop, &restock(lamp, "LAMP", StockChange::Receive(0))).then(&[]);
    change_stock(&mut shop, &restock(lamp, "LAMP", StockChange::Receive(2))).then(&["StockReceived"]);
    change_stock(&mut shop, &restock(lamp, "LAMP", StockChange::Adjust(-4))).then(&["StockAdjusted"]);
    assert_eq!(shop.shelf("LAMP"), (3, 0));
    change_stock(&mut shop, &restock(lamp, "LAMP", StockChange::Adjust(-1))).then_refused(
        Conflict,
        "stock_below_zero",
        Some("quantity"),
    );
    change_stock(&mut shop, &restock(lamp, "LAMP", StockChange::Receive(u32::MAX))).then_refused(
        Invalid,
        "stock_too_much",
        Some("quantity"),
    );
    // Each product has its own shelves.
    change_stock(&mut shop, &restock(mug, "LAMP", StockChange::Receive(1))).then_refused(
        NotFound,
        "sku_not_found",
        Some("sku"),
    );
}
