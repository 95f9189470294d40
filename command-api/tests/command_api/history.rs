//! Sales and credits of the past, as an import records them.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Person, Shop, payload};

async fn shop_with_a_mug() -> (Shop, Person, String) {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (_, sku) = shop.product(&admin, "2.55", 10).await;
    (shop, admin, sku)
}

#[tokio::test]
async fn staff_record_a_sale_of_the_past_at_the_price_of_then() {
    let (shop, admin, sku) = shop_with_a_mug().await;
    let body = json!({"username": "customer-17850"});
    let customer = shop
        .post("/api/auth/register")
        .by(&admin)
        .json(&body)
        .await
        .expect(201)
        .text("account_id");
    let head = shop.head().await;
    let body = json!({
        "placed_at": "2010-12-01T08:26:00Z", "customer": customer, "reference": "536365", "country": "United Kingdom",
        "lines": [{"sku": sku, "quantity": 4, "unit_price": "2.10"}, {"sku": sku, "quantity": 1, "unit_price": 0}],
    });
    let answer = shop.post("/api/orders").by(&admin).json(&body).await.expect(201);
    assert_eq!(answer.body["total"], json!({"amount": "8.40", "currency": "GBP"}));
    assert_eq!(answer.body["paid"], true);
    let placed = payload(
        &shop
            .events_of(&format!("order-{}", answer.text("order_id")))
            .await[0],
    );
    assert_eq!(placed["historical"], true);
    assert_eq!(placed["placed_at"], "2010-12-01T08:26:00Z");
    assert_eq!(placed["reference"], "536365");
    assert_eq!(placed["expires_at"], Value::Null);
    let contact = shop.unseal(&customer, &placed["contact"]).await;
    assert_eq!(contact, r#"{"email":null,"name":"","address":""}"#);
    let types = shop.types_after(head).await;
    for expected in [
        "OrderPlaced",
        "StockSold",
        "PaymentSettled",
        "OrderPaid",
        "OrderDelivered",
    ] {
        assert!(
            types.iter().any(|found| found == expected),
            "no {expected} in {types:?}"
        );
    }
    let head = shop.head().await;
    let again = shop
        .post("/api/orders")
        .by(&admin)
        .json(&body)
        .await
        .refused(409, "order_reference_taken");
    assert_eq!(again.body["order_id"], answer.body["order_id"]);
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn a_sale_without_a_customer_is_sealed_for_the_order() {
    let (shop, admin, sku) = shop_with_a_mug().await;
    let body = json!({
        "placed_at": "2010-12-01T08:26:00Z", "country": "EIRE", "contact": {"name": "A. Passer-by"},
        "lines": [{"sku": sku, "quantity": 1, "unit_price": "2.10"}],
    });
    let answer = shop.post("/api/orders").by(&admin).json(&body).await.expect(201);
    let order_id = answer.text("order_id");
    let placed = payload(&shop.events_of(&format!("order-{order_id}")).await[0]);
    assert_eq!(placed["customer"], Value::Null);
    assert!(
        shop.unseal(&order_id, &placed["contact"])
            .await
            .contains("A. Passer-by")
    );
}

#[tokio::test]
async fn what_is_no_sale_of_the_past_is_refused() {
    let (shop, admin, sku) = shop_with_a_mug().await;
    let head = shop.head().await;
    let with = |change: Value| {
        let mut body = json!({
            "placed_at": "2010-12-01T08:26:00Z", "country": "UK",
            "lines": [{"sku": sku, "quantity": 1, "unit_price": "2.10"}],
        });
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        shop.post("/api/orders").by(&admin).json(&body)
    };
    with(json!({"placed_at": null}))
        .await
        .refused_field("placed_at", "missing");
    with(json!({"placed_at": "2999-01-01T00:00:00Z"}))
        .await
        .refused_field("placed_at", "placed_at_not_past");
    with(json!({"placed_at": "yesterday"}))
        .await
        .refused_field("placed_at", "invalid");
    let lines = |line: Value| json!({"lines": [line]});
    with(lines(json!({"sku": sku, "quantity": 1})))
        .await
        .refused_field("lines[0].unit_price", "missing");
    let wrong = lines(json!({"sku": sku, "quantity": 1, "unit_price": "x"}));
    with(wrong)
        .await
        .refused_field("lines[0].unit_price", "amount_invalid");
    let negative = lines(json!({"sku": sku, "quantity": 1, "unit_price": "-1"}));
    with(negative).await.refused_field("price", "price_negative");
    with(lines(json!({"sku": sku, "quantity": 11, "unit_price": "1"})))
        .await
        .refused(409, "out_of_stock");
    with(json!({"lines": []}))
        .await
        .refused_field("lines", "order_line_count");
    with(json!({"customer": Uuid::now_v7()}))
        .await
        .refused(404, "account_not_found");
    with(json!({"payment": {"method": "wallet"}}))
        .await
        .refused_field("payment", "unexpected");
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn staff_record_a_credit_note() {
    let (shop, admin, sku) = shop_with_a_mug().await;
    let ann = shop.person().await;
    let head = shop.head().await;
    let body = |reference: &str| {
        json!({
            "issued_at": "2010-12-02T09:00:00Z", "country": "UK", "reference": reference,
            "lines": [{"sku": sku, "quantity": 2, "unit_price": "2.55"}],
        })
    };
    let issue = |by: &Person, body: &Value| shop.post("/api/credit-notes").by(by).json(body);
    let answer = issue(&admin, &body("C536379")).await.expect(201);
    assert_eq!(answer.body["total"]["amount"], "5.10");
    let id = answer.text("credit_note_id");
    let issued = payload(&shop.events_of(&format!("credit_note-{id}")).await[0]);
    assert_eq!(
        (&issued["reason"], &issued["reference"]),
        (&json!("returned"), &json!("C536379"))
    );
    let mut types = shop.types_after(head).await;
    types.sort_unstable();
    assert_eq!(types, ["CreditNoteIssued", "StockReturned"]);
    let head = shop.head().await;
    let taken = issue(&admin, &body("C536379"))
        .await
        .refused(409, "credit_note_reference_taken");
    assert_eq!(taken.body["credit_note_id"], id.as_str());
    issue(&ann, &body("C1")).await.refused(403, "role_required");
    let mut wrong = body("C2");
    wrong["lines"] = json!([]);
    issue(&admin, &wrong)
        .await
        .refused_field("lines", "credit_note_line_count");
    let mut wrong = body("C3");
    wrong["lines"][0]["sku"] = json!("nothing");
    issue(&admin, &wrong).await.refused(409, "not_for_sale");
    let mut wrong = body("C4");
    wrong["customer"] = json!(Uuid::now_v7());
    issue(&admin, &wrong).await.refused(404, "account_not_found");
    assert_eq!(shop.head().await, head);
}

/// An import that is run again, long after its idempotency keys are forgotten.
#[tokio::test]
async fn what_was_recorded_before_is_told_so_though_its_goods_are_gone() {
    let (shop, admin, sku) = shop_with_a_mug().await;
    let body = json!({
        "placed_at": "2010-12-01T08:26:00Z", "reference": "536365", "country": "EIRE",
        "lines": [{"sku": sku, "quantity": 10, "unit_price": "2.10"}],
    });
    let first = shop.post("/api/orders").by(&admin).json(&body).await.expect(201);
    let again = shop.post("/api/orders").by(&admin).json(&body).await;
    let again = again.refused(409, "order_reference_taken");
    assert_eq!(again.body["order_id"], first.body["order_id"]);

    let (_, sold_out) = shop.product(&admin, "1.00", 3).await;
    let body = json!({"name": "Mug", "sku": sold_out, "price": "1.00"});
    shop.post("/api/products")
        .by(&admin)
        .json(&body)
        .await
        .refused(409, "sku_taken");
}
