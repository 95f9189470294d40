//! Products and their variants.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::categories::category;
use crate::harness::{Shop, payload};

#[tokio::test]
async fn a_simple_product_has_one_variant() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let category = category(&shop, &admin, &json!({"name": "Mugs"})).await;
    let head = shop.head().await;
    let body = json!({
        "name": "Mug", "description": "White", "category": category, "sku": "85123A", "price": 2.55, "quantity": 6,
    });
    let answer = shop
        .post("/api/products")
        .by(&admin)
        .json(&body)
        .await
        .expect(201);
    let product_id = answer.text("product_id");
    assert_eq!(answer.body["skus"], json!(["85123A"]));
    assert_eq!(
        answer.headers["location"].to_str().unwrap(),
        format!("/api/products/{product_id}")
    );
    let types = shop.types_after(head).await;
    assert_eq!(types.len(), 3, "{types:?}");
    let added = payload(&shop.events_of(&format!("product-{product_id}")).await[0]);
    assert_eq!(added["seller"], Value::Null);
    let price = json!({"amount": "2.55", "currency": "GBP"});
    assert_eq!(
        added["variants"],
        json!([{"sku": "85123A", "options": {}, "price": price}])
    );
    let stock = shop.events_of("stock-85123A").await;
    assert_eq!(payload(&stock[1])["quantity"], 6);
}

#[tokio::test]
async fn a_seller_lists_their_own_and_touches_nobody_elses() {
    let shop = Shop::open().await;
    let (admin, ann, bob) = (shop.admin().await, shop.person().await, shop.person().await);
    let body = json!({"name": "Scarf", "variants": [
        {"options": {"size": "S"}, "price": {"amount": "10.00", "currency": "GBP"}, "quantity": 1},
        {"options": {"size": "L"}, "price": "12"},
    ]});
    let answer = shop.post("/api/products").by(&ann).json(&body).await.expect(201);
    let product_id = answer.text("product_id");
    let skus: Vec<String> = serde_json::from_value(answer.body["skus"].clone()).unwrap();
    assert_ne!(skus[0], skus[1]);
    let added = payload(&shop.events_of(&format!("product-{product_id}")).await[0]);
    assert_eq!(added["seller"], ann.id.as_str());
    let head = shop.head().await;
    let path = format!("/api/products/{product_id}");
    let stock = json!({"sku": skus[1], "receive": 5});
    shop.patch(&path)
        .by(&bob)
        .json(&json!({"name": "Mine"}))
        .await
        .refused(404, "product_not_found");
    shop.post(format!("{path}/stock"))
        .by(&bob)
        .json(&stock)
        .await
        .refused(404, "product_not_found");
    shop.delete(&path)
        .by(&bob)
        .await
        .refused(404, "product_not_found");
    assert_eq!(shop.head().await, head);
    let answer = shop
        .post(format!("{path}/stock"))
        .by(&ann)
        .json(&stock)
        .await
        .expect(200);
    assert_eq!(answer.body, json!({"product_id": product_id, "sku": skus[1]}));
    shop.patch(&path)
        .by(&admin)
        .json(&json!({"name": "Shawl"}))
        .await
        .expect(200);
    shop.delete(&path).by(&ann).await.expect(204);
    shop.delete(&path)
        .by(&ann)
        .await
        .refused(404, "product_not_found");
    shop.patch(&path)
        .by(&admin)
        .json(&json!({"name": "x"}))
        .await
        .refused(404, "product_not_found");
    assert_eq!(
        shop.types_after(head).await,
        ["StockReceived", "ProductDetailsChanged", "ProductRemoved"]
    );
    // Its SKUs are free again.
    let body = json!({"name": "Hat", "sku": skus[1], "price": "1"});
    let again = shop.post("/api/products").by(&ann).json(&body).await;
    again.refused(409, "sku_in_use");
    let body = json!({"name": "Hat", "sku": "HAT", "price": "1"});
    shop.post("/api/products").by(&ann).json(&body).await.expect(201);
}

#[tokio::test]
async fn a_sku_belongs_to_one_product() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let add = |sku: &str| {
        let body = json!({"name": "Mug", "sku": sku, "price": "1.00"});
        shop.post("/api/products").by(&admin).json(&body)
    };
    let (one, other) = (add("A").await.expect(201), add("a").await.expect(201));
    let head = shop.head().await;
    let taken = add("A").await.refused(409, "sku_taken");
    assert_eq!(taken.body["product_id"], one.body["product_id"]);
    let body = json!({"add_variants": [{"sku": "A", "price": "1.00"}]});
    let path = format!("/api/products/{}", other.text("product_id"));
    let taken = shop
        .patch(&path)
        .by(&admin)
        .json(&body)
        .await
        .refused(409, "sku_taken");
    assert_eq!(taken.body["product_id"], one.body["product_id"]);
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn what_makes_no_product_is_refused() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let head = shop.head().await;
    let cases = [
        (json!({"name": "", "price": "1"}), "name", "product_name_invalid"),
        (json!({"name": "x"}), "price", "missing"),
        (
            json!({"name": "x", "price": "1", "variants": []}),
            "price",
            "ambiguous",
        ),
        (
            json!({"name": "x", "sku": "A", "variants": [{"price": "1"}]}),
            "variants",
            "ambiguous",
        ),
        (
            json!({"name": "x", "variants": []}),
            "variants",
            "variant_count_invalid",
        ),
        (json!({"name": "x", "price": "-1"}), "price", "price_negative"),
        (json!({"name": "x", "price": "1.005"}), "price", "amount_invalid"),
        (
            json!({"name": "x", "variants": [{"price": "1"}, {"price": {"amount": "1", "currency": "EUR"}}]}),
            "price",
            "currency_mixed",
        ),
        (
            json!({"name": "x", "variants": [{"sku": "A", "price": "1"}, {"sku": "A", "price": "1"}]}),
            "sku",
            "sku_duplicate",
        ),
        (
            json!({"name": "x", "price": "1", "category": Uuid::now_v7()}),
            "category",
            "category_not_found",
        ),
        (
            json!({"name": "x", "price": "1", "description": "x".repeat(20_001)}),
            "description",
            "product_description_invalid",
        ),
        (json!({"name": "x", "price": "1", "sku": "a/b"}), "sku", "invalid"),
        (
            json!({"name": "x\u{0}", "price": "1"}),
            "name",
            "product_name_invalid",
        ),
        (
            json!({"name": "x", "price": "1", "description": "\u{0}"}),
            "description",
            "product_description_invalid",
        ),
        (
            json!({"name": "x", "variants": [{"sku": "A"}]}),
            "variants[0].price",
            "missing",
        ),
        (
            json!({"name": "x", "price": "1", "quantity": -1}),
            "quantity",
            "invalid",
        ),
    ];
    for (body, field, code) in cases {
        let answer = shop.post("/api/products").by(&admin).json(&body).await;
        answer.refused_field(field, code);
    }
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn variants_are_told_apart_by_their_options() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let head = shop.head().await;
    let add = |second: &str| {
        let body = json!({"name": "Shirt", "attributes": {"fabric": "wool"}, "variants": [
            {"sku": "S", "options": {"size": "S"}, "price": "10"},
            {"sku": "L", "options": {"Size": second}, "price": "10"},
        ]});
        shop.post("/api/products").by(&admin).json(&body)
    };
    add("s")
        .await
        .refused_field("options", "variant_options_duplicate");
    assert_eq!(shop.head().await, head);
    let product_id = add("L").await.expect(201).text("product_id");
    let head = shop.head().await;
    let path = format!("/api/products/{product_id}");
    let edit = |body: Value| shop.patch(&path).by(&admin).json(&body);
    edit(json!({"options": {"S": {"size": "L"}}}))
        .await
        .refused_field("options", "variant_options_duplicate");
    edit(json!({"options": {"XL": {"size": "XL"}}}))
        .await
        .refused_field("sku", "sku_not_found");
    edit(json!({"options": {"S": {"size": ""}}}))
        .await
        .refused_field("options", "variant_options_invalid");
    edit(json!({"add_variants": [{"sku": "L2", "options": {"size": "l"}, "price": "10"}]}))
        .await
        .refused_field("options", "variant_options_duplicate");
    edit(json!({"attributes": {"": "x"}}))
        .await
        .refused_field("attributes", "product_attributes_invalid");
    let stale = json!({"options": {"S": {"size": "XS"}}});
    let stale = shop.patch(&path).by(&admin).if_match(1).json(&stale).await;
    stale.refused(412, "precondition_failed");
    assert_eq!(shop.head().await, head);

    let swap = json!({
        "options": {"S": {"size": "L"}, "L": {"size": "S"}}, "attributes": {"fabric": "silk"}, "price": null, "name": "Blouse",
    });
    edit(swap.clone()).await.expect(200);
    edit(swap).await.expect(200);
    assert_eq!(
        shop.types_after(head).await,
        [
            "VariantOptionsChanged",
            "VariantOptionsChanged",
            "ProductAttributesChanged",
            "ProductDetailsChanged",
        ]
    );
}

#[tokio::test]
async fn an_edit_changes_what_it_says_and_nothing_else() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (product_id, sku) = shop.product(&admin, "2.55", 6).await;
    let path = format!("/api/products/{product_id}");
    let edit = |body: Value| shop.patch(&path).by(&admin).json(&body);
    let head = shop.head().await;
    edit(json!({"price": "3.00"})).await.expect(200);
    edit(json!({"price": "3.00"})).await.expect(200);
    let answer = edit(json!({
        "description": "new", "prices": {sku.as_str(): "4.00"}, "add_variants": [{"sku": "B", "price": "5", "quantity": 2}],
    }));
    assert_eq!(answer.await.expect(200).body, json!({"product_id": product_id}));
    assert_eq!(
        shop.types_after(head).await,
        [
            "VariantPriceChanged",
            "ProductDetailsChanged",
            "VariantPriceChanged",
            "VariantAdded",
            "StockListed",
            "StockReceived",
        ]
    );
    let head = shop.head().await;
    edit(json!({"price": "3.00"}))
        .await
        .refused_field("price", "sku_missing");
    edit(json!({"prices": {"C": "3.00"}}))
        .await
        .refused_field("sku", "sku_not_found");
    edit(json!({"remove_variants": [sku, "B"]}))
        .await
        .refused(409, "last_variant");
    shop.patch(&path)
        .by(&admin)
        .if_match(1)
        .json(&json!({"name": "x"}))
        .await
        .refused(412, "precondition_failed");
    assert_eq!(shop.head().await, head);
    edit(json!({"remove_variants": ["B"]})).await.expect(200);
    let version = shop
        .events_of(&format!("product-{product_id}"))
        .await
        .last()
        .unwrap()
        .version;
    shop.patch(&path)
        .by(&admin)
        .if_match(version)
        .json(&json!({"name": "Cup"}))
        .await
        .expect(200);
    shop.delete(&path)
        .by(&admin)
        .if_match(version)
        .await
        .refused(412, "precondition_failed");
}
