//! Integration: an inventory system with a key of its own tells what a seller has, in three formats; reads what became of
//! each row; takes it out again; and is shut out when its key is revoked.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::forms::on_each_form;
use crate::process::{Shop, run};

const BATCH: &str = "/api/products/batch";

const MONDAY: &str = "product,sku,name,description,price,quantity,option:size,attribute:cloth\n\
    tee,TEE-S,\"Tee \"\"Größe\"\"\",\"soft,\nwashable\",14.00,10,S,linen\n\
    tee,TEE-M,,,14.00,12,M,\n\
    ,CAP,=Cap,,9.50,4,,\n\
    ,CAP 2,Cap,,9.999,4,,\n";

struct Story {
    anybody: Client,
    seller: Client,
    /// The program that the seller runs.
    system: Client,
    key_id: String,
}

impl Story {
    async fn begin(shop: &Shop) -> Self {
        let seller = Client::buyer(shop, "sewing").await;
        let scopes = json!({"name": "inventory", "scopes": ["catalogue:read", "catalogue:write"]});
        let issued = seller.post("/api/api-keys", &scopes).await.expect(201);
        Self {
            anybody: Client::new(shop),
            system: Client::new(shop).with_token(issued["key"].as_str().unwrap()),
            key_id: issued["api_key_id"].as_str().unwrap().to_owned(),
            seller,
        }
    }
}

async fn upload(who: &Client, query: &str, media_type: &str, body: &str) -> Answer {
    let request = who
        .request(Method::POST, &format!("{BATCH}{query}"))
        .header("content-type", media_type)
        .body(body.to_owned());
    request.answer().await.unwrap()
}

/// The status of each row, in the rows' order.
fn statuses(report: &Value) -> Vec<&str> {
    let results = report["results"].as_array().unwrap().iter();
    results.map(|result| result["status"].as_str().unwrap()).collect()
}

/// The file as it comes, of all that is known at this position.
async fn export(who: &Client, format: &str, position: u64) -> String {
    let request = who
        .request(Method::GET, &format!("/api/products/export?format={format}"))
        .header("tillstream-min-position", position);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.text().await.unwrap()
}

async fn tell_in_three_formats(story: &Story) -> u64 {
    let system = &story.system;
    let dry = upload(system, "?dry_run=true", "text/csv", MONDAY)
        .await
        .expect(200);
    let expected = ["created", "created", "created", "rejected"];
    assert_eq!(statuses(&dry), expected);
    let found = story.anybody.get("/api/products?q=cap").await.expect(200);
    assert_eq!(found["items"], json!([]), "a dry run leaves no trace");

    let report = upload(system, "", "text/csv", MONDAY).await.expect(200);
    assert_eq!(statuses(&report), expected);
    let bad = &report["results"][3];
    assert_eq!(
        (&bad["row"], &bad["field"], &bad["code"]),
        (&json!(6), &json!("price"), &json!("price_decimals"))
    );

    let lines = "{\"name\":\"=Cap\",\"sku\":\"CAP\",\"price\":\"9.00\",\"quantity\":4}\n\
        {\"name\":\"No price\",\"sku\":\"X\"}\n";
    let report = upload(system, "", "application/x-ndjson", lines)
        .await
        .expect(200);
    assert_eq!(statuses(&report), ["updated", "rejected"]);

    let array = json!([
        {"name": "=Cap", "sku": "CAP", "price": "9.00", "quantity": 4},
        {"name": "Scarf", "sku": "SCARF", "price": {"amount": "30.00", "currency": "GBP"}, "quantity": 2},
    ]);
    let report = upload(system, "", "application/json", &array.to_string()).await;
    let position = report.position();
    assert_eq!(statuses(&report.expect(200)), ["unchanged", "created"]);
    let found = story
        .anybody
        .get_after("/api/products?q=scarf", position)
        .await
        .expect(200);
    assert_eq!(found["items"][0]["variants"][0]["available"], 2);
    position
}

async fn keep_to_its_scopes(story: &Story, position: u64) {
    let orders = story.system.get_after("/api/orders", position).await;
    assert_eq!((orders.status.as_u16(), orders.code()), (403, "scope_required"));
    let body = json!({"name": "another", "scopes": ["orders:read"]});
    let keys = story.system.post("/api/api-keys", &body).await;
    assert_eq!((keys.status.as_u16(), keys.code()), (403, "api_key_not_allowed"));
    let category = story
        .system
        .post("/api/categories", &json!({"name": "Mine"}))
        .await;
    assert_eq!(
        category.code(),
        "role_required",
        "a key has no more rights than its account"
    );
    let keys = story
        .seller
        .get_after("/api/api-keys", position)
        .await
        .expect(200);
    assert!(keys["items"][0]["last_used_on"].is_string() && keys["items"][0].get("key").is_none());
}

/// Into an empty shop, and out of it again.
async fn move_house(story: &Story, other: &Story, position: u64) {
    for (format, media_type) in [
        ("csv", "text/csv"),
        ("ndjson", "application/x-ndjson"),
        ("json", "application/json"),
    ] {
        let file = export(&story.system, format, position).await;
        assert!(file.contains("SCARF") && file.contains("linen"), "{file}");
        let moved = upload(&other.system, "", media_type, &file).await;
        let there = moved.position();
        let report = moved.expect(200);
        assert_eq!(report["rejected"], 0, "{report}");
        let word = if format == "csv" { "created" } else { "unchanged" };
        assert_eq!(report[word], report["rows"], "{report}");
        assert_eq!(export(&other.system, format, there).await, file);
        let back = upload(&story.system, "", media_type, &file).await.expect(200);
        assert_eq!(back["unchanged"], back["rows"], "it was all there");
    }
}

async fn shut_out(story: &Story) {
    let path = format!("/api/api-keys/{}", story.key_id);
    let revoked = story.seller.delete(&path).await;
    let position = revoked.position();
    revoked.expect(204);
    let late = upload(&story.system, "", "text/csv", MONDAY).await;
    assert_eq!((late.status.as_u16(), late.code()), (401, "api_key_invalid"));
    let late = story.system.get_after("/api/products/export", position).await;
    assert_eq!((late.status.as_u16(), late.code()), (401, "api_key_invalid"));
}

on_each_form!(an_inventory_system);
async fn an_inventory_system() {
    let folder = tempfile::tempdir().unwrap();
    let start = |name: &str| Shop::start_with(&folder.path().join(name), &[("TILLSTREAM_DEMO", "false")]);
    let (shop, empty) = (start("shop"), start("empty"));
    let (story, other) = (Story::begin(&shop).await, Story::begin(&empty).await);
    let position = tell_in_three_formats(&story).await;
    keep_to_its_scopes(&story, position).await;
    move_house(&story, &other, position).await;
    shut_out(&story).await;
    for (name, shop) in [("shop", shop), ("empty", empty)] {
        assert!(shop.stop().success());
        run(&folder.path().join(name), &["verify", "--views"]);
    }
}
