//! The tree of categories, and what of it shows.

use events::category::CategoryRenamed;

use crate::database::{Database, on_each_database};
use crate::shop::Shop;
use crate::story::*;

on_each_database! {
    the_tree_stands_by_name_with_what_is_below,
    what_is_archived_does_not_show_and_neither_does_what_is_below_it,
    a_categorys_tag_changes_with_the_tree_and_with_nothing_else,
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
    assert_eq!(kitchen.body, tree.items()[1]);
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
