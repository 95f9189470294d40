//! What is suggested to who is still typing.

use events::product::{ProductArchived, ProductAttributesChanged};
use serde_json::json;

use crate::database::{Database, on_each_database};
use crate::shop::Shop;
use crate::story::*;

on_each_database! {
    what_begins_so_is_suggested,
    names_come_before_what_is_only_told_of_a_product,
    few_are_suggested_and_nothing_for_a_letter,
    who_mistypes_is_told_what_was_understood,
}

async fn shop(database: Database) -> Shop {
    let shop = Shop::open(database).await;
    let mut emma = added(4, "Emma", 900);
    "a blue book".clone_into(&mut emma.description);
    let author = ProductAttributesChanged {
        product_id: product(4),
        attributes: [("author".to_owned(), "Jane Austen".to_owned())].into(),
    };
    shop.tell([
        created(1, None, "Kitchen"),
        created(2, Some(1), "Blue things"),
        created(3, None, "Blues"),
        of_catalogue(added(1, "Blue Mug", 100)),
        of_catalogue(added(2, "Sky-blue Plate", 200)),
        of_catalogue(added(3, "Red Mug", 300)),
        of_catalogue(emma),
        of_catalogue(author),
    ])
    .await;
    shop
}

/// The suggested products.
async fn suggested(shop: &Shop, typed: &str) -> Vec<u128> {
    let answer = shop
        .get(format!("/api/products/suggestions?q={typed}"))
        .await
        .ok();
    let products = answer.body["products"].as_array().unwrap().iter();
    let mut found: Vec<_> = products.map(|product| number(&product["id"])).collect();
    found.sort_unstable();
    found
}

async fn what_begins_so_is_suggested(database: Database) {
    let shop = shop(database).await;
    for (typed, expected) in [
        ("blu", vec![1, 2]),
        ("BLUE%20m", vec![1]),
        ("mug", vec![1, 3]),
        ("aust", vec![4]),
        ("jane%20austen", vec![4]),
        ("3a", vec![3]),
        ("ug", vec![]),
        ("%22%20*", vec![]),
    ] {
        assert_eq!(suggested(&shop, typed).await, expected, "{typed}");
    }
    let answer = shop.get("/api/products/suggestions?q=blue").await.ok();
    assert_eq!(answer.headers["cache-control"], "public, no-cache");
    let categories = answer.body["categories"].as_array().unwrap().iter();
    let paths: Vec<Vec<_>> = categories
        .map(|category| {
            let path = category["path"].as_array().unwrap().iter();
            path.map(|step| step["name"].as_str().unwrap()).collect()
        })
        .collect();
    assert_eq!(paths, [vec!["Blues"], vec!["Kitchen", "Blue things"]]);
    shop.tell([
        archived(1),
        of_catalogue(ProductArchived {
            product_id: product(1),
        }),
    ])
    .await;
    assert_eq!(suggested(&shop, "blue").await, [2]);
    let left = shop.get("/api/products/suggestions?q=blue").await.ok();
    assert_eq!(left.body["categories"].as_array().unwrap().len(), 1);
}

async fn names_come_before_what_is_only_told_of_a_product(database: Database) {
    let shop = shop(database).await;
    let mut told = added(5, "Saucer", 100);
    "goes with austen".clone_into(&mut told.description);
    shop.tell([of_catalogue(told), of_catalogue(added(6, "Austen", 100))])
        .await;
    let answer = shop.get("/api/products?q=austen").await.ok();
    let found: Vec<_> = answer.items().iter().map(|item| number(&item["id"])).collect();
    assert_eq!(
        found,
        [6, 4, 5],
        "the name, then an attribute, then the description"
    );
}

async fn few_are_suggested_and_nothing_for_a_letter(database: Database) {
    let shop = Shop::open(database).await;
    let many = (1..=20).map(|n| of_catalogue(added(n, &format!("Lamp {n}"), 100)));
    shop.tell(many.collect::<Vec<_>>()).await;
    assert_eq!(suggested(&shop, "lam").await.len(), 8);
    for nothing in ["", "l", "l!"] {
        let answer = shop
            .get(format!("/api/products/suggestions?q={nothing}"))
            .await
            .ok();
        assert_eq!(answer.body, json!({"products": [], "categories": []}));
    }
    let long = "x".repeat(201);
    let refused = shop.get(format!("/api/products/suggestions?q={long}")).await;
    assert_eq!(
        refused.refused(400, "invalid_parameter").body["errors"][0]["field"],
        "q"
    );
}

async fn who_mistypes_is_told_what_was_understood(database: Database) {
    let shop = shop(database).await;
    let asked = async |typed: &str| {
        let answer = shop
            .get(format!("/api/products/suggestions?q={typed}"))
            .await
            .ok();
        answer.body["corrected"].clone()
    };
    assert_eq!(suggested(&shop, "mgu").await, [1, 3]);
    assert_eq!(asked("mgu").await, json!({"mgu": "mug"}));
    assert_eq!(suggested(&shop, "bleu%20mug").await, [1]);
    assert_eq!(asked("blu").await, json!(null));
    assert_eq!(suggested(&shop, "asuten").await, [4]);
    // A book is told of in a description alone: it names nothing.
    assert_eq!(asked("bokk").await, json!(null));
}
