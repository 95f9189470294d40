//! API keys: shown once, good for their scopes and for what their account may do, until they are revoked.

use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Person, Shop, payload};

/// A key with these scopes: its answer.
async fn issue(shop: &Shop, owner: &Person, scopes: &[&str]) -> Answer {
    let body = json!({"name": "warehouse", "scopes": scopes});
    let answer = shop.post("/api/api-keys").by(owner).json(&body).await;
    answer.expect(201)
}

/// Whoever calls with this key.
fn with(key: &str) -> Person {
    Person {
        id: String::new(),
        username: String::new(),
        token: key.to_owned(),
        refresh_token: String::new(),
    }
}

fn mug() -> Value {
    json!({"name": "Mug", "price": "2.55", "quantity": 3})
}

#[tokio::test]
async fn a_key_is_shown_once_and_opens_its_scopes() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let issued = issue(&shop, &ann, &["catalogue:write"]).await;
    let key = issued.text("key");
    assert!(key.starts_with("tsk_"), "{key}");
    let holder = with(&key);
    let added = shop
        .post("/api/products")
        .by(&holder)
        .json(&mug())
        .await
        .expect(201);
    let added = format!("/api/products/{}", added.text("product_id"));
    let dearer = json!({"price": "3.00"});
    shop.patch(&added).by(&ann).json(&dearer).await.expect(200);

    shop.post(format!("/api/orders/{}/ship", Uuid::now_v7()))
        .by(&holder)
        .json(&json!({}))
        .await
        .refused(403, "scope_required");
    for path in ["/api/wallet/withdrawals", "/api/orders", "/api/api-keys"] {
        let refused = shop.post(path).by(&holder).json(&json!({})).await;
        refused.refused(403, "api_key_not_allowed");
    }

    // Neither the key nor its secret part is anywhere in the log, and its use is told once.
    let events = shop.events_of(&format!("api_keys-{}", ann.id)).await;
    let types: Vec<_> = events.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, ["ApiKeyIssued", "ApiKeyUsed"]);
    assert!(
        shop.events_after(0)
            .await
            .iter()
            .all(|event| !event.payload.contains(&key[4..]))
    );
    assert_eq!(payload(&events[0])["key_hash"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn a_revoked_or_expired_key_is_refused_at_once() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person().await, shop.person().await);
    let issued = issue(&shop, &ann, &["catalogue:write"]).await;
    let (path, holder) = (
        format!("/api/api-keys/{}", issued.text("api_key_id")),
        with(&issued.text("key")),
    );
    shop.delete(&path)
        .by(&bob)
        .await
        .refused(404, "api_key_not_found");
    shop.post("/api/products")
        .by(&holder)
        .json(&mug())
        .await
        .expect(201);
    shop.delete(&path).by(&ann).await.expect(204);
    let refused = shop.post("/api/products").by(&holder).json(&mug()).await;
    refused.refused(401, "api_key_invalid");
    shop.delete(&path)
        .by(&ann)
        .await
        .refused(404, "api_key_not_found");

    let body = json!({
        "name": "for a day", "scopes": ["catalogue:write"], "expires_at": shop.now() + TimeDelta::days(1),
    });
    let issued = shop.post("/api/api-keys").by(&ann).json(&body).await.expect(201);
    let holder = with(&issued.text("key"));
    shop.post("/api/products")
        .by(&holder)
        .json(&mug())
        .await
        .expect(201);
    shop.pass(TimeDelta::days(1));
    let refused = shop.post("/api/products").by(&holder).json(&mug()).await;
    refused.refused(401, "api_key_invalid");
}

#[tokio::test]
async fn a_key_loses_what_its_account_loses() {
    let shop = Shop::open().await;
    let (admin, ann) = (shop.admin().await, shop.person().await);
    let roles = |roles: &[&str]| json!({"roles": roles});
    let path = format!("/api/users/{}/roles", ann.id);
    let staff = roles(&["customer", "staff"]);
    shop.put(&path).by(&admin).json(&staff).await.expect(200);
    let holder = with(&issue(&shop, &ann, &["catalogue:write"]).await.text("key"));
    let category = |slug: &str| json!({"name": slug, "slug": slug});
    let answer = shop
        .post("/api/categories")
        .by(&holder)
        .json(&category("mugs"))
        .await;
    answer.expect(201);
    let customer = roles(&["customer"]);
    shop.put(&path).by(&admin).json(&customer).await.expect(200);
    let answer = shop
        .post("/api/categories")
        .by(&holder)
        .json(&category("cups"))
        .await;
    answer.refused(403, "role_required");
}

#[tokio::test]
async fn what_makes_no_key_is_refused_and_so_is_one_too_many() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let issue_with = async |body: Value| shop.post("/api/api-keys").by(&ann).json(&body).await;
    let unknown = issue_with(json!({"name": "x", "scopes": ["wallet:write"]})).await;
    unknown.refused_field("scopes", "scope_unknown");
    let none = issue_with(json!({"name": "x", "scopes": []})).await;
    none.refused_field("scopes", "scopes_missing");
    let nameless = issue_with(json!({"name": " ", "scopes": ["orders:read"]})).await;
    nameless.refused_field("name", "api_key_name_invalid");
    let past = json!({"name": "x", "scopes": ["orders:read"], "expires_at": "2001-01-01T00:00:00Z"});
    issue_with(past)
        .await
        .refused_field("expires_at", "expires_in_the_past");
    let body = json!({"name": "x", "scopes": ["orders:read"]});
    shop.post("/api/api-keys")
        .json(&body)
        .await
        .refused(401, "token_missing");
    for _ in 0..20 {
        issue(&shop, &ann, &["orders:read"]).await;
    }
    issue_with(body).await.refused(409, "api_key_count");
}
