//! Buying, and what becomes of an order.

use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Person, Shop, payload};

fn by_card() -> Value {
    json!({"method": "card", "token": "pm_card_visa"})
}

/// A shop with a mug at 2.55, of which there are so many, and somebody who runs it.
async fn with_mugs(quantity: u32) -> (Shop, Person, String, String) {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (product_id, sku) = shop.product(&admin, "2.55", quantity).await;
    (shop, admin, product_id, sku)
}

#[tokio::test]
async fn a_cart_becomes_an_order() {
    let (shop, admin, _, mug) = with_mugs(6).await;
    let (_, cup) = shop.product(&admin, "1.00", 6).await;
    let ann = shop.person().await;
    let head = shop.head().await;
    let set = |sku: &str, quantity: i64| {
        shop.put(format!("/api/cart/items/{sku}"))
            .by(&ann)
            .json(&json!({"quantity": quantity}))
    };
    assert_eq!(
        set(&mug, 2).await.expect(200).body,
        json!({"sku": mug, "quantity": 2})
    );
    set(&cup, 1).await.expect(200);
    shop.delete(format!("/api/cart/items/{cup}"))
        .by(&ann)
        .await
        .expect(204);
    shop.delete(format!("/api/cart/items/{cup}"))
        .by(&ann)
        .await
        .expect(204);
    set(&mug, 0).await.refused_field("quantity", "quantity_invalid");
    set("nothing", 1).await.refused(409, "not_for_sale");
    assert_eq!(
        shop.types_after(head).await,
        ["CartItemSet", "CartItemSet", "CartItemRemoved"]
    );
    let head = shop.head().await;
    let body = json!({"payment": by_card(), "country": "United Kingdom"});
    let answer = shop.post("/api/orders").by(&ann).json(&body).await.expect(201);
    assert_eq!(answer.body["total"], json!({"amount": "5.10", "currency": "GBP"}));
    assert_eq!(answer.body["paid"], false);
    let order_id = answer.text("order_id");
    assert_eq!(
        answer.headers["location"].to_str().unwrap(),
        format!("/api/orders/{order_id}")
    );
    let mut types = shop.types_after(head).await;
    types.sort_unstable();
    assert_eq!(
        types,
        [
            "CartCheckedOut",
            "OrderPlaced",
            "PaymentRequested",
            "StockReserved"
        ]
    );
    shop.post("/api/orders")
        .by(&ann)
        .json(&body)
        .await
        .refused(409, "cart_empty");
}

#[tokio::test]
async fn an_order_carries_the_catalogues_price_and_a_sealed_contact() {
    let (shop, _, _, sku) = with_mugs(6).await;
    let ann = shop.person().await;
    let body = json!({
        "lines": [{"sku": sku, "quantity": 1}, {"sku": sku, "quantity": 2}],
        "payment": by_card(), "country": "France",
        "contact": {"name": "Ann Lee", "address": "1 Rue X\nParis"},
    });
    let answer = shop.post("/api/orders").by(&ann).json(&body).await.expect(201);
    let placed = &shop
        .events_of(&format!("order-{}", answer.text("order_id")))
        .await[0];
    assert!(!placed.payload.contains("Rue"), "{}", placed.payload);
    let placed = payload(placed);
    assert_eq!(placed["customer"], ann.id.as_str());
    assert_eq!(placed["lines"][0]["quantity"], 3);
    assert_eq!(placed["lines"][0]["unit_price"]["amount"], "2.55");
    assert_eq!(placed["historical"], false);
    let span = |name: &str| {
        placed[name]
            .as_str()
            .unwrap()
            .parse::<chrono::DateTime<chrono::Utc>>()
            .unwrap()
    };
    assert_eq!(span("expires_at") - span("placed_at"), TimeDelta::minutes(30));
    let contact: Value = serde_json::from_str(&shop.unseal(&ann.id, &placed["contact"]).await).unwrap();
    let email = format!("{}@example.org", ann.username);
    assert_eq!(
        contact,
        json!({"email": email, "name": "Ann Lee", "address": "1 Rue X\nParis"})
    );
}

#[tokio::test]
async fn what_makes_no_order_is_refused_and_leaves_no_trace() {
    let (shop, _, _, sku) = with_mugs(2).await;
    let ann = shop.person().await;
    let head = shop.head().await;
    let order = |body: Value| shop.post("/api/orders").by(&ann).json(&body);
    let with = |lines: Value| json!({"lines": lines, "payment": by_card(), "country": "UK"});
    let out = order(with(json!([{"sku": sku, "quantity": 3}])))
        .await
        .refused(409, "out_of_stock");
    assert_eq!(out.body["errors"][0]["field"], "sku");
    order(with(json!([{"sku": "nothing", "quantity": 1}])))
        .await
        .refused(409, "not_for_sale");
    order(with(json!([])))
        .await
        .refused_field("lines", "order_line_count");
    order(with(json!([{"sku": sku, "quantity": 0}])))
        .await
        .refused_field("quantity", "quantity_invalid");
    let line = json!([{"sku": sku, "quantity": 1}]);
    let but = |change: Value| {
        let mut body = with(line.clone());
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    order(json!({"lines": line, "country": "UK"}))
        .await
        .refused_field("payment", "missing");
    order(but(json!({"country": " "})))
        .await
        .refused_field("country", "country_invalid");
    let card = json!({"payment": {"method": "card", "token": "a b"}});
    order(but(card))
        .await
        .refused_field("payment.token", "card_token_invalid");
    order(but(json!({"payment": {"method": "cash"}})))
        .await
        .refused(422, "invalid_field");
    order(but(json!({"contact": {"email": "x"}})))
        .await
        .refused_field("contact.email", "email_invalid");
    order(but(json!({"payment": {"method": "wallet"}})))
        .await
        .refused(409, "wallet_not_covered");
    order(but(json!({"placed_at": "2020-01-01T00:00:00Z"})))
        .await
        .refused(403, "role_required");
    let priced = json!({"lines": [{"sku": sku, "quantity": 1, "unit_price": "0.01"}]});
    order(but(priced)).await.refused(403, "role_required");
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn a_product_is_bought_at_once_by_put_or_post() {
    let (shop, admin, product_id, sku) = with_mugs(6).await;
    let ann = shop.person().await;
    let path = format!("/api/products/{product_id}/purchase");
    let body = json!({"payment": by_card(), "country": "UK"});
    let answer = shop.put(&path).by(&ann).json(&body).await.expect(201);
    assert_eq!(answer.body["total"]["amount"], "2.55");
    let body = json!({"payment": by_card(), "country": "UK", "sku": sku, "quantity": 5});
    let answer = shop.post(&path).by(&ann).json(&body).await.expect(201);
    assert_eq!(answer.body["total"]["amount"], "12.75");
    let head = shop.head().await;
    let one = json!({"payment": by_card(), "country": "UK"});
    shop.put(&path)
        .by(&ann)
        .json(&one)
        .await
        .refused(409, "out_of_stock");
    let (_, other_sku) = shop.product(&admin, "1.00", 1).await;
    let other = json!({"payment": by_card(), "country": "UK", "sku": other_sku});
    shop.put(&path)
        .by(&ann)
        .json(&other)
        .await
        .refused_field("sku", "sku_not_found");
    let nothing = format!("/api/products/{}/purchase", Uuid::now_v7());
    shop.put(nothing)
        .by(&ann)
        .json(&one)
        .await
        .refused(404, "product_not_found");
    shop.put("/api/products/7/purchase")
        .by(&ann)
        .json(&one)
        .await
        .refused(404, "not_found");
    assert_eq!(
        shop.events_of(&format!("stock-{sku}"))
            .await
            .last()
            .unwrap()
            .position,
        head
    );
    let variants =
        json!({"name": "Scarf", "variants": [{"price": "1", "quantity": 1}, {"price": "2", "quantity": 1}]});
    let answer = shop
        .post("/api/products")
        .by(&admin)
        .json(&variants)
        .await
        .expect(201);
    let path = format!("/api/products/{}/purchase", answer.text("product_id"));
    shop.put(&path)
        .by(&ann)
        .json(&one)
        .await
        .refused_field("sku", "sku_missing");
    let second = json!({"payment": by_card(), "country": "UK", "sku": answer.body["skus"][1]});
    let answer = shop.put(&path).by(&ann).json(&second).await.expect(201);
    assert_eq!(answer.body["total"]["amount"], "2.00");
}

#[tokio::test]
async fn an_unpaid_order_is_cancelled_and_its_goods_are_free() {
    let (shop, _, _, sku) = with_mugs(1).await;
    let (ann, bob) = (shop.person().await, shop.person().await);
    let order_id = shop.order(&ann, &sku, 1).await.text("order_id");
    let path = format!("/api/orders/{order_id}/cancel");
    let head = shop.head().await;
    shop.post(&path).by(&bob).await.refused(404, "order_not_found");
    assert_eq!(shop.head().await, head);
    let answer = shop.post(&path).by(&ann).json(&json!({})).await.expect(200);
    assert_eq!(answer.text("order_id"), order_id);
    let mut types = shop.types_after(head).await;
    types.sort_unstable();
    assert_eq!(
        types,
        ["OrderCancelled", "PaymentCancelled", "ReservationReleased"]
    );
    shop.post(&path).by(&ann).await.expect(200);
    assert_eq!(shop.types_after(head).await.len(), 3);
    shop.order(&bob, &sku, 1).await;
}

#[tokio::test]
async fn a_paid_order_leaves_arrives_and_comes_back() {
    let (shop, admin, _, sku) = with_mugs(5).await;
    let (ann, bob) = (shop.person().await, shop.person().await);
    let answer = shop.order(&ann, &sku, 3).await;
    let (order_id, payment_id) = (answer.text("order_id"), answer.text("payment_id"));
    let step = |name: &str| format!("/api/orders/{order_id}/{name}");
    shop.post(step("ship"))
        .by(&admin)
        .await
        .refused(409, "order_status");
    shop.settle(&payment_id).await;
    let head = shop.head().await;
    shop.post(step("ship"))
        .by(&ann)
        .await
        .refused(403, "role_required");
    shop.post(step("deliver"))
        .by(&admin)
        .await
        .refused(409, "order_status");
    let long = json!({"carrier": "x".repeat(501)});
    shop.post(step("ship"))
        .by(&admin)
        .json(&long)
        .await
        .refused_field("carrier", "too_long");
    assert_eq!(shop.head().await, head);
    let parcel = json!({"carrier": "Royal Mail", "tracking_number": "RM1"});
    shop.post(step("ship")).by(&admin).json(&parcel).await.expect(200);
    let shipped = shop.events_of(&format!("order-{order_id}")).await;
    assert_eq!(payload(shipped.last().unwrap())["tracking_number"], "RM1");
    shop.post(step("cancel"))
        .by(&ann)
        .await
        .refused(409, "order_status");
    let one = json!({"lines": [{"sku": sku, "quantity": 1}], "reason": "broken"});
    shop.post(step("return"))
        .by(&ann)
        .json(&one)
        .await
        .refused(409, "order_status");
    shop.post(step("deliver"))
        .by(&ann)
        .await
        .refused(403, "role_required");
    shop.post(step("deliver")).by(&admin).await.expect(200);
    shop.post(step("return"))
        .by(&bob)
        .json(&one)
        .await
        .refused(404, "order_not_found");
    let answer = shop.post(step("return")).by(&ann).json(&one).await.expect(200);
    assert_eq!(
        answer.body,
        json!({"refund": {"amount": "2.55", "currency": "GBP"}})
    );
    let head = shop.head().await;
    let too_much = json!({"lines": [{"sku": sku, "quantity": 2}, {"sku": sku, "quantity": 1}]});
    shop.post(step("return"))
        .by(&ann)
        .json(&too_much)
        .await
        .refused(409, "return_exceeds_order");
    let none = json!({"lines": [{"sku": sku, "quantity": 0}]});
    shop.post(step("return"))
        .by(&ann)
        .json(&none)
        .await
        .refused_field("lines[0].quantity", "quantity_invalid");
    shop.post(step("return"))
        .by(&ann)
        .json(&json!({"lines": []}))
        .await
        .refused_field("lines", "missing");
    assert_eq!(shop.head().await, head);
    let answer = shop.post(step("return")).by(&admin).await.expect(200);
    assert_eq!(answer.body["refund"]["amount"], "5.10");
    let mut types = shop.types_after(head).await;
    types.sort_unstable();
    assert_eq!(types, ["OrderReturned", "RefundRequested", "StockReturned"]);
}

#[tokio::test]
async fn an_order_that_is_nobodys_is_not_there() {
    let (shop, admin, _, _) = with_mugs(1).await;
    for step in ["cancel", "ship", "deliver", "return"] {
        let path = format!("/api/orders/{}/{step}", Uuid::now_v7());
        shop.post(path).by(&admin).await.refused(404, "order_not_found");
        shop.post(format!("/api/orders/x/{step}"))
            .by(&admin)
            .await
            .refused(404, "not_found");
    }
}
