//! The tree of categories, and what of it shows.

use events::category::{CategoryMoved, CategoryRenamed};
use events::product::{ProductActivated, ProductArchived, ProductDetailsChanged, ProductRemoved};

use crate::database::{Database, on_each_database};
use crate::shop::Shop;
use crate::story::*;

on_each_database! {
    the_tree_stands_by_name_with_what_is_below,
    what_is_archived_does_not_show_and_neither_does_what_is_below_it,
    a_categorys_tag_changes_with_the_tree_and_with_nothing_else,
    a_category_counts_what_is_on_sale_in_it_and_below,
    a_category_tells_the_way_to_it,
}

async fn shop(database: Database) -> Shop {
    let shop = Shop::open(database).await;
    shop.tell([
        created(1, None, "Kitchen"),
        created(2, Some(1), "Mugs"),
        created(3, Some(2), "Espresso"),
        created(4, Some(1), "Plates"),
        created(5, None, "Garden"),
        created(6, Some(5), "Pots"),
    ])
    .await;
    shop
}

fn one(n: u128) -> String {
    format!("/api/categories/{}", category(n))
}

async fn the_tree_stands_by_name_with_what_is_below(database: Database) {
    let shop = shop(database).await;
    let tree = shop.get("/api/categories").await.ok();
    insta::assert_json_snapshot!("categories", tree.body);
    let kitchen = shop.get(one(1)).await.ok();
    let mut detail = kitchen.body.clone();
    detail.as_object_mut().unwrap().remove("path");
    assert_eq!(detail, tree.items()[1]);
    let by_slug = shop.get("/api/categories/kitchen").await.ok();
    assert_eq!(by_slug.body, kitchen.body);
    assert!(kitchen.tag().starts_with("\"1."), "{}", kitchen.tag());
    for unknown in [one(9), "/api/categories/nowhere".to_owned()] {
        shop.get(unknown).await.refused(404, "not_found");
    }
}

async fn what_is_archived_does_not_show_and_neither_does_what_is_below_it(database: Database) {
    let shop = shop(database).await;
    shop.tell([archived(2), archived(5)]).await;
    let tree = shop.get("/api/categories").await.ok();
    assert_eq!(tree.each("name"), ["Kitchen"]);
    let kitchen = shop.get(one(1)).await.ok();
    let below = kitchen.body["children"].as_array().unwrap();
    assert_eq!(below.len(), 1, "{below:?}");
    assert_eq!(below[0]["name"], "Plates");
    for hidden in [2, 3, 5, 6] {
        shop.get(one(hidden)).await.refused(404, "not_found");
    }
    shop.get("/api/categories/pots").await.refused(404, "not_found");
    shop.get("/api/categories/plates").await.ok();
}

async fn a_categorys_tag_changes_with_the_tree_and_with_nothing_else(database: Database) {
    let shop = shop(database).await;
    let tag = async || shop.get(one(1)).await.ok().tag().to_owned();
    let first = tag().await;
    shop.tell([of_catalogue(added(1, "Mug", 150))]).await;
    assert_eq!(tag().await, first);
    let renamed = CategoryRenamed {
        category_id: category(2),
        name: "Cups".to_owned(),
    };
    shop.tell([of_category(renamed)]).await;
    let second = tag().await;
    assert_ne!(second, first, "what is below it has changed");
    shop.tell([archived(4)]).await;
    assert_ne!(tag().await, second, "one below it is gone");
}

/// What the tree says is on sale in and below these categories.
async fn counted(shop: &Shop, categories: &[u128]) -> Vec<i64> {
    let mut counts = Vec::new();
    for n in categories {
        counts.push(shop.get(one(*n)).await.ok().body["products"].as_i64().unwrap());
    }
    counts
}

async fn a_category_counts_what_is_on_sale_in_it_and_below(database: Database) {
    let shop = shop(database).await;
    let in_category = |n, in_category| {
        let mut product = added(n, "thing", 100);
        product.category = Some(category(in_category));
        of_catalogue(product)
    };
    shop.tell([
        in_category(1, 3),
        in_category(2, 3),
        in_category(3, 1),
        in_category(4, 6),
    ])
    .await;
    assert_eq!(counted(&shop, &[1, 2, 3, 4, 5, 6]).await, [3, 2, 2, 0, 1, 1]);

    let product_id = product(2);
    shop.tell([of_catalogue(ProductArchived { product_id })]).await;
    assert_eq!(counted(&shop, &[1, 2, 3]).await, [2, 1, 1]);
    let elsewhere = ProductDetailsChanged {
        product_id,
        name: "thing".to_owned(),
        description: String::new(),
        category: Some(category(6)),
    };
    shop.tell([
        of_catalogue(ProductActivated { product_id }),
        of_catalogue(elsewhere),
    ])
    .await;
    assert_eq!(counted(&shop, &[1, 2, 3, 5, 6]).await, [2, 1, 1, 2, 2]);

    // A category takes what is in it along, and its ancestors count it whether it shows or not.
    let moved = CategoryMoved {
        category_id: category(2),
        parent: Some(category(5)),
    };
    shop.tell([of_category(moved)]).await;
    assert_eq!(counted(&shop, &[1, 5, 2]).await, [1, 3, 1]);
    shop.tell([archived(2)]).await;
    assert_eq!(counted(&shop, &[1, 5]).await, [1, 3]);
    let found = shop.get("/api/products?category=garden").await.ok();
    assert_eq!(found.items().len(), 3);
    shop.tell([of_catalogue(ProductRemoved { product_id })]).await;
    assert_eq!(counted(&shop, &[5, 6]).await, [2, 1]);
}

async fn a_category_tells_the_way_to_it(database: Database) {
    let shop = shop(database).await;
    let espresso = shop.get("/api/categories/espresso").await.ok();
    let names: Vec<_> = espresso.body["path"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Kitchen", "Mugs", "Espresso"]);
}
