//! Uploads of products: three formats, a report per row, and the same upload twice.

use serde_json::{Value, json};

use crate::harness::{Answer, Person, Shop};

const BATCH: &str = "/api/products/batch";

const CSV: &str = "product,sku,name,price,quantity,category,option:size\n\
    shirt,S,Shirt,9.99,5,,small\n\
    ,MUG,\"Mug, \"\"blue\"\"\",2.50,3,,\n\
    shirt,M,,10.99,7,,medium\n\
    ,BAD,Bad,1.001,1,,\n";

async fn upload(shop: &Shop, who: &Person, query: &str, media_type: &str, body: &str) -> Answer {
    let call = shop.post(format!("{BATCH}{query}")).by(who);
    call.body(media_type, body.to_owned()).await
}

async fn csv(shop: &Shop, who: &Person, body: &str) -> Answer {
    upload(shop, who, "", "text/csv", body).await.expect(200)
}

/// Row, status, and the code if there's one.
fn told(answer: &Answer) -> Vec<(u64, &str, &str)> {
    let results = answer.body["results"].as_array().unwrap().iter();
    results
        .map(|result| {
            let text = |member: &str| result[member].as_str().unwrap_or_default();
            (result["row"].as_u64().unwrap(), text("status"), text("code"))
        })
        .collect()
}

fn counts(answer: &Answer) -> [u64; 5] {
    ["rows", "created", "updated", "unchanged", "rejected"]
        .map(|member| answer.body[member].as_u64().unwrap())
}

/// A table of so many mugs, one of each.
fn mugs(count: usize) -> String {
    let rows = (0..count).map(|n| format!("K{n},Mug {n},1,1"));
    let head = std::iter::once("sku,name,price,quantity".to_owned());
    head.chain(rows).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn each_row_is_told_what_became_of_it() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let first = csv(&shop, &ann, CSV).await;
    let expected = [
        (2, "created", ""),
        (3, "created", ""),
        (4, "created", ""),
        (5, "rejected", "price_decimals"),
    ];
    assert_eq!(told(&first), expected);
    assert_eq!(counts(&first), [4, 3, 0, 0, 1]);
    let results = &first.body["results"];
    assert_eq!(results[3]["field"], "price");
    assert!(results[3]["product_id"].is_null());
    assert_eq!(results[0]["product_id"], results[2]["product_id"]);

    let head = shop.head().await;
    let again = csv(&shop, &ann, CSV).await;
    assert_eq!(counts(&again), [4, 0, 0, 3, 1]);
    assert_eq!(again.body["results"][0]["product_id"], results[0]["product_id"]);
    assert!(
        shop.types_after(head).await.is_empty(),
        "the same file changes nothing"
    );

    let changed = CSV.replace("2.50,3", "2.75,3").replace("10.99,7", "10.99,6");
    let changed = csv(&shop, &ann, &changed).await;
    assert_eq!(counts(&changed), [4, 0, 3, 0, 1]);
    assert_eq!(
        shop.types_after(head).await,
        ["VariantPriceChanged", "StockAdjusted"]
    );
}

#[tokio::test]
async fn all_formats_mean_the_same() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    csv(&shop, &ann, CSV).await;
    let mug = json!({"name": "Mug, \"blue\"", "sku": "MUG", "price": "2.50", "quantity": 3});
    let shirt = json!({"name": "Shirt", "variants": [
        {"sku": "S", "options": {"size": "small"}, "price": {"amount": "9.99", "currency": "GBP"}, "quantity": 5},
        {"sku": "M", "options": {"size": "medium"}, "price": 10.99, "quantity": 7}]});
    let lines = format!("{mug}\n{{\"name\":\n{shirt}\n");
    let answer = upload(&shop, &ann, "", "application/x-ndjson", &lines)
        .await
        .expect(200);
    let expected = [
        (1, "unchanged", ""),
        (2, "rejected", "json_malformed"),
        (3, "unchanged", ""),
    ];
    assert_eq!(told(&answer), expected);
    let array = json!([mug, shirt, {"name": "No SKU", "price": 1}]).to_string();
    let answer = upload(&shop, &ann, "", "application/json; charset=utf-8", &array)
        .await
        .expect(200);
    assert_eq!(told(&answer)[2], (3, "rejected", "sku_missing"));
    assert_eq!(counts(&answer), [3, 0, 0, 2, 1]);
}

#[tokio::test]
async fn a_dry_run_tells_and_does_nothing() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let head = shop.head().await;
    let body = "sku,name,price,category\nA,Mug,1,kitchen/mugs\n";
    let dry = upload(&shop, &admin, "?dry_run=true", "text/csv", body)
        .await
        .expect(200);
    assert_eq!(told(&dry), [(2, "created", "")]);
    assert_eq!(
        (&dry.body["dry_run"], &dry.body["results"][0]["product_id"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(shop.head().await, head);
    let done = csv(&shop, &admin, body).await;
    assert_eq!(counts(&done), [1, 1, 0, 0, 0]);
    let types = shop.types_after(head).await;
    assert_eq!(
        types[..2],
        ["CategoryCreated", "CategoryCreated"],
        "staff's categories are made"
    );
}

#[tokio::test]
async fn an_upload_runs_once_under_its_key() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let body = mugs(1200);
    let send = async |body: &str| {
        let call = shop.post(format!("{BATCH}?stock=add")).by(&ann).key("monday");
        call.body("text/csv", body.to_owned()).await
    };
    let first = send(&body).await.expect(200);
    assert_eq!(counts(&first), [1200, 1200, 0, 0, 0]);
    let head = shop.head().await;
    let again = send(&body).await.expect(200);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!((&again.body, again.position()), (&first.body, first.position()));
    assert_eq!(shop.head().await, head);
    let other = send("sku,name,price\nK1,Mug,1\n").await;
    other.refused(422, "idempotency_key_reused");
    // Without the key it's another delivery.
    let second = upload(&shop, &ann, "?stock=add", "text/csv", &body)
        .await
        .expect(200);
    assert_eq!(counts(&second), [1200, 0, 1200, 0, 0]);
}

#[tokio::test]
async fn nobody_changes_what_is_not_theirs() {
    let shop = Shop::open().await;
    let (admin, ann, bob) = (shop.admin().await, shop.person().await, shop.person().await);
    csv(&shop, &ann, "sku,name,price\nA,Mug,1\n").await;
    let bobs = csv(
        &shop,
        &bob,
        "sku,name,price,category\nA,Mug,1,\nB,Plate,1,\nC,Bowl,1,nowhere\n",
    )
    .await;
    let expected = [
        (2, "rejected", "sku_taken"),
        (3, "created", ""),
        (4, "rejected", "category_not_found"),
    ];
    assert_eq!(told(&bobs), expected);
    let staffs = csv(&shop, &admin, "sku,name,price\nA,Mug,2\nD,Cup,1\n").await;
    assert_eq!(counts(&staffs), [2, 1, 1, 0, 0]);
    let anonymous = shop.post(BATCH).body("text/csv", "sku,name,price\n").await;
    anonymous.refused(401, "token_missing");
}

#[tokio::test]
async fn what_is_no_upload_is_refused_as_a_whole() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let head = shop.head().await;
    for (media_type, body, status, code) in [
        ("text/plain", "sku", 415, "unsupported_media_type"),
        ("text/csv", "sku,name\n", 422, "column_missing"),
        ("text/csv", "sku,name,price,colour\n", 422, "column_unknown"),
        ("text/csv", "sku,name,price,sku\n", 422, "column_twice"),
        ("application/json", "{}", 400, "malformed_json"),
        (
            "application/json",
            "[{\"name\":\"Mug\",\"sku\":\"A\",\"price\":1}",
            400,
            "malformed_json",
        ),
        ("text/csv", &mugs(10_001), 413, "too_many_rows"),
    ] {
        let answer = upload(&shop, &ann, "", media_type, body).await;
        answer.refused(status, code);
    }
    let wrong = upload(&shop, &ann, "?stock=maybe", "text/csv", "sku,name,price\n").await;
    wrong.refused(400, "invalid_parameter");
    let huge = vec![b' '; 33 * 1024 * 1024];
    let answer = shop.post(BATCH).by(&ann).body("text/csv", huge).await;
    answer.refused(413, "payload_too_large");
    assert_eq!(shop.head().await, head, "nothing of it came in");
    let empty = csv(&shop, &ann, "sku,name,price\n").await;
    assert_eq!(counts(&empty), [0; 5]);
}
