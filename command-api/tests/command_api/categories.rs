//! The tree of categories.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Person, Shop, payload};

pub async fn category(shop: &Shop, staff: &Person, body: &Value) -> String {
    let answer = shop
        .post("/api/categories")
        .by(staff)
        .json(body)
        .await
        .expect(201);
    answer.text("category_id")
}

#[tokio::test]
async fn the_tree_grows_moves_and_is_pruned() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let head = shop.head().await;
    let top = category(&shop, &admin, &json!({"name": "Kitchen & Dining"})).await;
    let mugs = category(
        &shop,
        &admin,
        &json!({"name": "Mugs", "slug": "all-mugs", "parent": top}),
    )
    .await;
    let path = format!("/api/categories/{mugs}");
    let answer = shop
        .patch(&path)
        .by(&admin)
        .json(&json!({"name": "Cups", "parent": null}))
        .await
        .expect(200);
    assert_eq!(answer.text("category_id"), mugs);
    shop.delete(&path).by(&admin).await.expect(204);
    let types = shop.types_after(head).await;
    assert_eq!(
        types,
        [
            "CategoryCreated",
            "CategoryCreated",
            "CategoryRenamed",
            "CategoryMoved",
            "CategoryArchived"
        ]
    );
    let created = payload(&shop.events_after(head).await[0]);
    assert_eq!(created["slug"], "kitchen-dining");
    shop.patch(&path)
        .by(&admin)
        .json(&json!({"name": "x"}))
        .await
        .refused(404, "category_not_found");
    shop.delete(&path)
        .by(&admin)
        .await
        .refused(404, "category_not_found");
}

#[tokio::test]
async fn what_breaks_the_tree_is_refused() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let top = category(&shop, &admin, &json!({"name": "Top"})).await;
    let below = category(&shop, &admin, &json!({"name": "Below", "parent": top})).await;
    let head = shop.head().await;
    let create = |body: Value| shop.post("/api/categories").by(&admin).json(&body);
    let taken = create(json!({"name": "TOP"}))
        .await
        .refused(409, "category_slug_taken");
    assert_eq!(taken.body["category_id"], top.as_str());
    create(json!({"name": "茶"}))
        .await
        .refused_field("slug", "category_slug_invalid");
    create(json!({"name": " ", "slug": "x"}))
        .await
        .refused_field("name", "category_name_invalid");
    let nowhere = json!({"name": "X", "parent": Uuid::now_v7()});
    create(nowhere)
        .await
        .refused_field("parent", "category_parent_not_found");
    let path = format!("/api/categories/{top}");
    let circle = shop.patch(&path).by(&admin).json(&json!({"parent": below})).await;
    circle.refused_field("parent", "category_circle");
    let edit = |version| {
        shop.patch(&path)
            .by(&admin)
            .if_match(version)
            .json(&json!({"name": "Top"}))
    };
    edit(1).await.expect(200);
    edit(2).await.refused(412, "precondition_failed");
    shop.delete(&path)
        .by(&admin)
        .if_match(2)
        .await
        .refused(412, "precondition_failed");
    assert_eq!(shop.head().await, head);
}
