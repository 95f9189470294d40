//! Products, categories, carts and accounts, as pure functions over stories.

use events::Event;
use events::account::{AccountEvent, AccountRolesChanged, PasswordChanged, Role};
use events::cart::{CartCheckedOut, CartEvent, CartItemRemoved, CartItemSet};
use events::category::{CategoryArchived, CategoryCreated, CategoryEvent, CategoryMoved, CategoryRenamed};
use events::product::{
    ProductDetailsChanged, ProductEvent, ProductRemoved, VariantAdded, VariantPriceChanged, VariantRemoved,
};
use events::sealed::Sealed;
use events::stock::{ReservationReleased, StockAdjusted, StockEvent, StockReturned, StockShipped, StockSold};
use projectors::accounts::Accounts;
use projectors::carts::Carts;
use projectors::categories::Categories;
use projectors::products::Products;
use read_models::products::{ProductStatus, StockLevel};

use crate::story::*;

fn level(on_hand: i64, reserved: i64) -> StockLevel {
    StockLevel { on_hand, reserved }
}

#[test]
fn every_stock_event_moves_its_figures_and_the_history_says_why() {
    let (sku, product_id, order_id) = (sku(1, 'a'), product(1), order(9));
    let story = [
        added(1, "mug", 150),
        received(1, 50),
        reserved(1, 9, 4),
        StockEvent::StockShipped(StockShipped {
            sku: sku.clone(),
            product_id,
            order_id,
            quantity: 1,
        })
        .into(),
        StockEvent::ReservationReleased(ReservationReleased {
            sku: sku.clone(),
            product_id,
            order_id,
            quantity: 3,
        })
        .into(),
        StockEvent::StockSold(StockSold {
            sku: sku.clone(),
            product_id,
            order_id,
            quantity: 5,
        })
        .into(),
        StockEvent::StockReturned(StockReturned {
            sku: sku.clone(),
            product_id,
            order_id: None,
            quantity: 1,
        })
        .into(),
        StockEvent::StockAdjusted(StockAdjusted {
            sku: sku.clone(),
            product_id,
            delta: 2,
            reason: "counted".to_owned(),
        })
        .into(),
    ];
    let (products, history) = told::<Products>(&story);
    let levels: Vec<_> = history
        .iter()
        .filter_map(|entry| Some(entry.stock.as_ref()?.level))
        .collect();
    let expected = [
        level(50, 0),
        level(50, 4),
        level(49, 3),
        level(49, 0),
        level(44, 0),
        level(45, 0),
        level(47, 0),
    ];
    assert_eq!(levels, expected);
    let why = history.last().unwrap().stock.as_ref().unwrap();
    assert_eq!(
        (why.reason.as_deref(), why.change),
        (Some("counted"), level(2, 0))
    );
    let product = &products[&product_id];
    assert_eq!(product.document.variants[0].available, 47);
    assert_eq!((product.number, product.position), (1, 8));
    assert_eq!(product.document.version, 1, "stock is no edit of the product");
}

#[test]
fn stock_that_comes_ahead_of_its_product_is_not_lost() {
    let (products, _) = told::<Products>(&[received(1, 7)]);
    assert_eq!(products[&product(1)].document.status, ProductStatus::Announced);
    let (products, _) = told::<Products>(&[received(1, 7), added(1, "mug", 150)]);
    let product = &products[&product(1)];
    assert_eq!(product.document.status, ProductStatus::Active);
    assert_eq!(product.document.variants[0].stock, level(7, 0));
    assert!(product.unlisted.is_empty());
}

#[test]
fn edits_change_the_document_and_a_variant_keeps_its_stock_while_it_is_gone() {
    let product_id = product(1);
    let gone = |sku| ProductEvent::VariantRemoved(VariantRemoved { product_id, sku }).into();
    let new = |variant| ProductEvent::VariantAdded(VariantAdded { product_id, variant }).into();
    let story = [
        added(1, "mug", 150),
        received(1, 3),
        new(variant(1, 'b', 900)),
        ProductEvent::ProductDetailsChanged(ProductDetailsChanged {
            product_id,
            name: "Great mug".to_owned(),
            description: String::new(),
            category: Some(category(4)),
        })
        .into(),
        ProductEvent::VariantPriceChanged(VariantPriceChanged {
            product_id,
            sku: sku(1, 'b'),
            price: gbp(800),
        })
        .into(),
        gone(sku(1, 'a')),
    ];
    let (products, history) = told::<Products>(&story);
    let product = &products[&product_id];
    let prices: Vec<_> = product.document.variants.iter().map(|v| v.price).collect();
    assert_eq!(prices, [gbp(800)]);
    assert_eq!(product.unlisted[&sku(1, 'a')], level(3, 0));
    assert_eq!(product.document.name, "Great mug");
    assert_eq!(product.document.category, Some(category(4)));
    assert_eq!(history[4].details["was"]["amount"], "9.00");

    let again: Vec<Event> = story.into_iter().chain([new(variant(1, 'a', 100))]).collect();
    let (products, _) = told::<Products>(&again);
    let variants = &products[&product_id].document.variants;
    assert_eq!(variants[1].stock, level(3, 0));
}

#[test]
fn a_removed_product_has_no_answer_and_keeps_its_history() {
    let removed = ProductEvent::ProductRemoved(ProductRemoved {
        product_id: product(1),
    });
    let (products, history) = told::<Products>(&[added(1, "mug", 150), removed.into()]);
    assert_eq!(products[&product(1)].document.status, ProductStatus::Removed);
    assert_eq!(products[&product(1)].answer(), None);
    let types: Vec<_> = history.iter().map(|entry| entry.event.as_str()).collect();
    assert_eq!(types, ["ProductAdded", "ProductRemoved"]);
}

#[test]
fn the_answer_is_the_document_with_a_tag_of_version_and_position() {
    let (products, _) = told::<Products>(&[added(1, "mug", 150), received(1, 2)]);
    let answer = products[&product(1)].answer().unwrap();
    assert_eq!(&*answer.etag, "\"1.2\"");
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["variants"][0]["available"], 2);
    assert_eq!(body["variants"][0]["on_hand"], 2);
    assert_eq!(body["variants"][0]["price"]["amount"], "1.50");
    assert_eq!(body["status"], "active");
}

#[test]
fn a_category_moves_is_renamed_and_archived() {
    let created = |n, parent| {
        Event::from(CategoryEvent::CategoryCreated(CategoryCreated {
            category_id: category(n),
            parent,
            name: format!("Category {n}"),
            slug: format!("category-{n}"),
        }))
    };
    let story = [
        created(1, None),
        created(2, None),
        CategoryEvent::CategoryMoved(CategoryMoved {
            category_id: category(2),
            parent: Some(category(1)),
        })
        .into(),
        CategoryEvent::CategoryRenamed(CategoryRenamed {
            category_id: category(2),
            name: "Mugs".to_owned(),
        })
        .into(),
        CategoryEvent::CategoryArchived(CategoryArchived {
            category_id: category(2),
        })
        .into(),
    ];
    let (categories, _) = told::<Categories>(&story);
    let mugs = &categories[&category(2)];
    assert_eq!((mugs.parent, mugs.name.as_str()), (Some(category(1)), "Mugs"));
    assert!(mugs.archived && !categories[&category(1)].archived);
    assert_eq!(mugs.slug, "category-2");
}

#[test]
fn a_cart_holds_what_was_last_said_and_is_empty_after_checkout() {
    let account_id = account(1);
    let set = |n, quantity| {
        Event::from(CartEvent::CartItemSet(CartItemSet {
            account_id,
            sku: sku(n, 'a'),
            product_id: product(n),
            quantity,
        }))
    };
    let removed = |n| {
        let sku = sku(n, 'a');
        Event::from(CartEvent::CartItemRemoved(CartItemRemoved { account_id, sku }))
    };
    let story = [set(1, 2), set(2, 1), set(1, 5)];
    let (carts, _) = told::<Carts>(&story);
    let items: Vec<_> = carts[&account_id]
        .items
        .iter()
        .map(|item| (item.product_id, item.quantity))
        .collect();
    assert_eq!(items, [(product(1), 5), (product(2), 1)]);
    let (carts, _) = told::<Carts>(&[set(1, 2), removed(1)]);
    assert!(carts.is_empty());
    let order_id = order(1);
    let checked_out = CartEvent::CartCheckedOut(CartCheckedOut { account_id, order_id });
    let (carts, _) = told::<Carts>(&[set(1, 2), checked_out.into()]);
    assert!(carts.is_empty());
}

#[test]
fn an_account_gets_roles_and_a_password_that_is_not_kept() {
    let account_id = account(1);
    let story = [
        registered(1),
        AccountEvent::AccountRolesChanged(AccountRolesChanged {
            account_id,
            roles: [Role::Admin].into(),
        })
        .into(),
        AccountEvent::PasswordChanged(PasswordChanged {
            account_id,
            password: Sealed("sealed hash".to_owned()),
            reset_id: None,
        })
        .into(),
    ];
    let (accounts, _) = told::<Accounts>(&story[..1]);
    assert!(!accounts[&account_id].has_password);
    let (accounts, _) = told::<Accounts>(&story);
    let account = &accounts[&account_id];
    assert!(account.has_password);
    assert_eq!(account.roles, [Role::Admin].into());
    assert_eq!(account.profile, Sealed("profile 1".to_owned()));
    assert_eq!(account.version, 3);
}
