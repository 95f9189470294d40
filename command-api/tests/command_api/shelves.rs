//! What is on the shelves, and what is taken off sale together.

use serde_json::{Value, json};

use crate::harness::{Shop, payload};

#[tokio::test]
async fn a_shelf_is_filled_counted_and_never_below_what_is_promised() {
    let shop = Shop::open().await;
    let (admin, ann) = (shop.admin().await, shop.person().await);
    let (product_id, sku) = shop.product(&admin, "2.55", 6).await;
    shop.order(&ann, &sku, 4).await;
    let head = shop.head().await;
    let path = format!("/api/products/{product_id}/stock");
    let change = |body: Value| shop.post(&path).by(&admin).json(&body);
    change(json!({"receive": 2, "reason": "delivery"}))
        .await
        .expect(200);
    change(json!({"adjust": -4})).await.expect(200);
    let events = shop.events_after(head).await;
    assert_eq!(payload(&events[0])["reason"], "delivery");
    assert_eq!(
        (events[1].event_type.as_str(), &payload(&events[1])["delta"]),
        ("StockAdjusted", &json!(-4))
    );
    let head = shop.head().await;
    change(json!({"adjust": -1}))
        .await
        .refused(409, "stock_below_zero");
    change(json!({"receive": 0}))
        .await
        .refused_field("receive", "quantity_invalid");
    change(json!({"adjust": 0}))
        .await
        .refused_field("adjust", "quantity_invalid");
    change(json!({})).await.refused_field("receive", "ambiguous");
    change(json!({"receive": 1, "adjust": 1}))
        .await
        .refused_field("receive", "ambiguous");
    change(json!({"receive": 1, "sku": "other"}))
        .await
        .refused_field("sku", "sku_not_found");
    change(json!({"receive": 1_000_000_000}))
        .await
        .refused_field("quantity", "stock_too_much");
    shop.post(&path)
        .by(&ann)
        .json(&json!({"receive": 1}))
        .await
        .refused(404, "product_not_found");
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn an_admin_archives_many_products_and_learns_of_each() {
    let shop = Shop::open().await;
    let (admin, ann) = (shop.admin().await, shop.person().await);
    let body = json!({"name": "Scarf", "price": "10.00", "quantity": 1});
    let added = shop.post("/api/products").by(&ann).json(&body).await.expect(201);
    let product_id = added.text("product_id");
    let never = "0190a000-0000-7000-8000-000000000000";
    let bulk = json!({"ids": [product_id, never], "action": "archive"});
    let head = shop.head().await;
    shop.post("/api/products/bulk")
        .by(&ann)
        .json(&bulk)
        .await
        .refused(403, "role_required");
    let none = json!({"ids": [], "action": "archive"});
    let refused = shop.post("/api/products/bulk").by(&admin).json(&none).await;
    assert_eq!(refused.status, 422);
    assert_eq!(shop.head().await, head);
    let answer = shop
        .post("/api/products/bulk")
        .by(&admin)
        .json(&bulk)
        .await
        .expect(200);
    let results = &answer.body["results"];
    assert_eq!(
        (&results[0]["done"], &results[0]["code"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(results[1]["code"], "product_not_found");
    assert_eq!(shop.head().await, head + 1);
    let bob = shop.person().await;
    shop.post(format!("/api/products/{product_id}/purchase"))
        .by(&bob)
        .json(&json!({}))
        .await
        .refused(404, "product_not_found");
}
