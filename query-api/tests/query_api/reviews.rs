//! What people say of a product, and who sees it.

use std::collections::BTreeSet;

use events::product::ProductRemoved;
use serde_json::{Value, json};

use crate::database::{Database, on_each_database};
use crate::shop::{Shop, customer, staff};
use crate::story::*;

on_each_database! {
    anybody_reads_what_was_said_and_by_whom,
    hidden_reviews_are_for_staff_and_their_author_alone,
    reviews_come_once_in_every_order,
    the_average_is_in_the_catalogue_and_products_are_sorted_by_it,
    a_product_that_is_not_there_has_no_reviews,
    what_was_asked_wrongly_is_told,
    an_erased_author_leaves_the_stars_alone,
}

const PATH: &str = "/api/products/00000000-0000-0000-0000-000000000001/reviews";

/// A mug with four reviews, the last of them hidden; account 1 has bought it.
async fn shop(database: Database) -> Shop {
    let shop = Shop::open(database).await;
    shop.tell([
        of_catalogue(added(1, "Mug", 150)),
        of_catalogue(added(2, "Plate", 1000)),
        of_review(posted(&shop, 1, 1, 5, false, 10).await),
        of_review(posted(&shop, 1, 2, 4, false, 20).await),
        of_review(posted(&shop, 1, 3, 4, false, 30).await),
        of_review(posted(&shop, 1, 4, 1, false, 40).await),
        hidden(1, 4, 1),
        // The purchase comes after the review, and counts all the same.
        of_order(placed(&shop, 1, 1).await),
        of_order(paid(1, 1, 50)),
    ])
    .await;
    shop
}

async fn anybody_reads_what_was_said_and_by_whom(database: Database) {
    let shop = shop(database).await;
    let answer = shop.get(PATH).await.ok();
    assert_eq!(answer.headers["cache-control"], "public, no-cache");
    assert_eq!(answer.body["average_rating"], json!(4.33));
    assert_eq!(answer.body["review_count"], 3);
    let counts = json!({"1": 0, "2": 0, "3": 0, "4": 2, "5": 1});
    assert_eq!(answer.body["rating_counts"], counts);
    assert_eq!(answer.each("author"), ["Author 3", "Author 2", "Author 1"]);
    let verified: Vec<_> = answer
        .items()
        .iter()
        .map(|item| item["verified_purchase"].clone())
        .collect();
    assert_eq!(verified, [json!(false), json!(false), json!(true)]);
    insta::assert_json_snapshot!("review", answer.items()[2]);
    shop.get(PATH).if_none_match(answer.tag()).await.unchanged();
}

async fn hidden_reviews_are_for_staff_and_their_author_alone(database: Database) {
    let shop = shop(database).await;
    for (who, seen) in [(customer(1), 3), (customer(4), 4), (staff(), 4)] {
        let answer = shop.get(PATH).by(&who).await.ok();
        assert_eq!(answer.headers["cache-control"], "private, no-cache");
        assert_eq!(answer.items().len(), seen);
        // It counts for nobody.
        assert_eq!(answer.body["review_count"], 3);
        let mine = answer.items().iter().filter(|item| item["mine"] == true);
        assert_eq!(mine.count(), usize::from(who.id != staff().id));
    }
    let own = shop.get(PATH).by(&customer(4)).await.ok();
    let newest = &own.items()[0];
    assert_eq!(
        (&newest["hidden"], &newest["hidden_reason"]),
        (&json!(true), &json!("spam"))
    );
}

/// The review's numbers, page by page.
async fn walk(shop: &Shop, parameters: &str) -> Vec<u128> {
    let (mut numbers, mut cursor) = (vec![], String::new());
    loop {
        let page = format!("{PATH}?limit=1{parameters}{cursor}");
        let answer = shop.get(page).by(&staff()).await.ok();
        numbers.extend(answer.items().iter().map(|item| number(&item["id"]) - 1000));
        match answer.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let distinct: BTreeSet<_> = numbers.iter().collect();
    assert_eq!(distinct.len(), numbers.len());
    numbers
}

async fn reviews_come_once_in_every_order(database: Database) {
    let shop = shop(database).await;
    assert_eq!(walk(&shop, "").await, [4, 3, 2, 1]);
    assert_eq!(walk(&shop, "&sort=rating").await, [1, 3, 2, 4]);
    assert_eq!(walk(&shop, "&rating=4").await, [3, 2]);
    assert_eq!(walk(&shop, "&rating=4&sort=rating").await, [3, 2]);
    assert_eq!(walk(&shop, "&rating=2").await, [0; 0]);
}

async fn the_average_is_in_the_catalogue_and_products_are_sorted_by_it(database: Database) {
    let shop = shop(database).await;
    shop.tell([
        of_catalogue(added(3, "Bowl", 500)),
        of_review(posted(&shop, 2, 1, 5, false, 70).await),
    ])
    .await;
    let detail = shop
        .get("/api/products/00000000-0000-0000-0000-000000000001")
        .await
        .ok();
    assert_eq!(
        (&detail.body["average_rating"], &detail.body["review_count"]),
        (&json!(4.33), &json!(3))
    );
    let mut cursor = String::new();
    for (name, average) in [("Plate", json!(5.0)), ("Mug", json!(4.33)), ("Bowl", Value::Null)] {
        let page = shop
            .get(format!("/api/products?sort=rating&limit=1{cursor}"))
            .await
            .ok();
        assert_eq!(page.each("name"), [name]);
        assert_eq!(page.items()[0]["average_rating"], average);
        let next = page.body["next_cursor"].as_str().unwrap_or_default();
        cursor = format!("&cursor={next}");
    }
    // The cache of finished answers learns of a review like of any change.
    let position = shop.tell([hidden(2, 1, 5)]).await;
    let plate = shop
        .get("/api/products/00000000-0000-0000-0000-000000000002")
        .min(position)
        .await
        .ok();
    assert_eq!(
        (&plate.body["average_rating"], &plate.body["review_count"]),
        (&Value::Null, &json!(0))
    );
    let list = shop.get("/api/products?sort=rating").min(position).await.ok();
    assert_eq!(list.items()[0]["name"], "Mug");
}

async fn a_product_that_is_not_there_has_no_reviews(database: Database) {
    let shop = shop(database).await;
    shop.get(PATH.replace("0001/", "0009/"))
        .await
        .refused(404, "not_found");
    let removed = ProductRemoved {
        product_id: product(1),
    };
    shop.tell([of_catalogue(removed)]).await;
    shop.get(PATH).await.refused(404, "not_found");
}

async fn what_was_asked_wrongly_is_told(database: Database) {
    let shop = shop(database).await;
    for wrong in ["sort=best", "rating=0", "rating=6", "limit=0", "page=2"] {
        shop.get(format!("{PATH}?{wrong}"))
            .await
            .refused(400, "invalid_parameter");
    }
    let first = shop.get(format!("{PATH}?limit=1")).await.ok();
    let cursor = first.body["next_cursor"].as_str().unwrap();
    shop.get(format!("{PATH}?sort=rating&cursor={cursor}"))
        .await
        .refused(400, "invalid_cursor");
}

async fn an_erased_author_leaves_the_stars_alone(database: Database) {
    let shop = shop(database).await;
    shop.deps.vault.erase(account(3).0).await.unwrap();
    let answer = shop.get(PATH).await.ok();
    let newest = &answer.items()[0];
    assert_eq!(newest["rating"], 4);
    for personal in ["author", "title", "text"] {
        assert_eq!(newest[personal], Value::Null, "{personal}");
    }
    assert_eq!(answer.items()[1]["author"], "Author 2");
}
