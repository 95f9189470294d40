//! The catalogue as a file, and the demonstration that it comes into an empty shop and out of it again with the same bytes.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use chrono::Utc;
use command_api::{
    ChainDeps, ClientLimits, CommandDeps, FEE_BPS, ImageLimits, ORDER_TTL, PasswordSettings, Passwords,
};
use events::ids::SessionId;
use events::money::Currency;
use executor::Executor;
use platform::clock::Clock;
use serde_json::{Value, json};
use tower::ServiceExt;
use web::layers::{Limits, wrap};
use web::position::POSITION;

use crate::answer::Answer;
use crate::database::{Database, on_each_database};
use crate::shop::{Person, Shop, customer, staff};
use crate::story::*;

on_each_database! {
    what_is_exported_is_imported_to_the_same_bytes,
    sellers_get_their_own_and_staff_all,
}

const FORMATS: [(&str, &str); 3] = [
    ("json", "application/json"),
    ("ndjson", "application/x-ndjson"),
    ("csv", "text/csv; charset=utf-8"),
];

/// Larger than any report of a test.
const BODY_MAX_BYTES: usize = 1_000_000;

/// Uploads to the command API of this shop; the report and its position.
async fn upload(shop: &Shop, by: &Person, media_type: &str, body: String) -> (Value, u64) {
    let deps = CommandDeps {
        executor: Executor::new(shop.log().clone()),
        vault: shop.deps.vault.clone(),
        tokens: shop.deps.tokens.clone(),
        passwords: Passwords::new(PasswordSettings::default()).unwrap(),
        clock: Clock::System,
        currency: Currency::GBP,
        order_ttl: ORDER_TTL,
        fee_bps: FEE_BPS,
        chain: ChainDeps::default(),
        clients: ClientLimits::default(),
        secure_cookies: false,
        blobs: shop.deps.blobs.clone(),
        image_limits: ImageLimits::default(),
        upload_pace: web::pace::Pace::default(),
        webhook_secret: None,
        fingerprint_secret: [5; 32],
    };
    let (routes, _) = command_api::router(deps);
    let token = shop
        .deps
        .tokens
        .issue(by.id, SessionId::generate(), &by.roles, Utc::now());
    let request = Request::post("/api/products/batch")
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .header(CONTENT_TYPE, media_type)
        .body(Body::from(body))
        .unwrap();
    let response = wrap(routes, Limits::default()).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, BODY_MAX_BYTES).await.unwrap();
    let report: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(parts.status, 200, "{report}");
    assert_eq!(report["rejected"], 0, "{report}");
    let position = parts.headers[POSITION].to_str().unwrap().parse().unwrap();
    (report, position)
}

async fn export(shop: &Shop, by: &Person, format: &str, position: u64) -> Answer {
    let path = format!("/api/products/export?format={format}");
    let answer = shop.get(path).by(by).min(position).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.position() >= position);
    answer
}

/// All that could be lost on the way.
fn catalogue() -> Value {
    json!([
        {"name": "Tea pot 🫖 \"Größe\"", "sku": "Z-1", "price": "12.50", "quantity": 3,
            "description": "Keeps tea warm,\nand cosy.\r\nSecond \\ paragraph;\ttabbed", "category": "home/kitchen/tea",
            "attributes": {"glaze": "=celadon, \"crackled\"", "height": "12 cm"}},
        {"name": "=1+1", "description": "'quoted'", "sku": "=SKU", "price": "0", "quantity": 0},
        {"name": "茶", "sku": "-7", "price": {"amount": "500", "currency": "JPY"}, "quantity": 1},
        {"name": "Shirt", "category": "men", "attributes": {"cloth": "linen"}, "variants": [
            {"sku": "S-m", "options": {"size": "M", "colour": "@red, \"dark\""}, "price": "9.99", "quantity": 7},
            {"sku": "S-S", "options": {"size": "S"}, "price": "8.99"},
            {"sku": "A-first", "options": {"cut": "slim fit"}, "price": "10", "quantity": 100_000}]},
    ])
}

async fn what_is_exported_is_imported_to_the_same_bytes(database: Database) {
    let first = Shop::open(database).await;
    let staff = staff();
    let (report, position) = upload(&first, &staff, "application/json", catalogue().to_string()).await;
    assert_eq!(report["created"], 4);
    for (format, media_type) in FORMATS {
        let exported = export(&first, &staff, format, position).await;
        assert_eq!(exported.headers[CONTENT_TYPE], media_type);
        assert!(exported.text.contains("celadon"), "{format}");
        let second = Shop::open(database).await;
        let (report, position) = upload(&second, &staff, media_type, exported.text.clone()).await;
        assert_eq!(report["created"], report["rows"], "{format}");
        let again = export(&second, &staff, format, position).await;
        assert_eq!(again.text, exported.text, "{format}");
        // And into the shop that it came from: all is there.
        let (report, _) = upload(&first, &staff, media_type, exported.text).await;
        assert_eq!(report["unchanged"], report["rows"], "{format}");
    }
}

async fn sellers_get_their_own_and_staff_all(database: Database) {
    let shop = Shop::open(database).await;
    shop.get("/api/products/export")
        .await
        .refused(401, "token_missing");
    let unknown = shop.get("/api/products/export?format=xml").by(&staff()).await;
    unknown.refused(400, "invalid_parameter");
    let empty = export(&shop, &staff(), "json", 0).await;
    assert_eq!(empty.text, "[]\n");
    let mut theirs = added(1, "Mug", 150);
    theirs.seller = Some(account(1));
    let story = [
        of_catalogue(theirs),
        of_catalogue(added(2, "Plate", 1000)),
        received(1, 10),
    ];
    let position = shop.append(story).await;
    let own = export(&shop, &customer(1), "ndjson", position).await;
    let lines: Vec<Value> = own
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (&lines[0]["name"], &lines[0]["variants"][0]["quantity"]),
        (&json!("Mug"), &json!(10))
    );
    assert!(lines[0].get("id").is_none() && lines[0].get("seller").is_none());
    let all = export(&shop, &staff(), "csv", position).await;
    assert_eq!(all.text.lines().count(), 3, "{}", all.text);
    assert_eq!(export(&shop, &customer(3), "json", position).await.text, "[]\n");
}
