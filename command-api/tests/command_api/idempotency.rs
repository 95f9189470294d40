//! The same command twice.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Answer, PASSWORD, Person, Shop};

async fn opened() -> (Shop, Person, String) {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (product_id, _) = shop.product(&admin, "2.55", 100).await;
    let ann = shop.person().await;
    (shop, ann, format!("/api/products/{product_id}/purchase"))
}

fn body(quantity: u32) -> Value {
    json!({"quantity": quantity, "payment": {"method": "card", "token": "pm_card_visa"}, "country": "UK"})
}

fn assert_replayed(first: &Answer, second: &Answer) {
    assert_eq!(second.status, first.status);
    assert_eq!(second.body, first.body);
    assert_eq!(second.position(), first.position());
    assert_eq!(second.headers.get("location"), first.headers.get("location"));
    assert!(!first.headers.contains_key("idempotency-replayed"));
    assert_eq!(second.headers["idempotency-replayed"], "true");
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer() {
    let (shop, ann, path) = opened().await;
    let first = shop.put(&path).by(&ann).key("k").json(&body(1)).await.expect(201);
    let head = shop.head().await;
    let second = shop.put(&path).by(&ann).key("k").json(&body(1)).await;
    assert_replayed(&first, &second);
    assert_eq!(shop.head().await, head);
    let another = shop
        .put(&path)
        .by(&ann)
        .key("k2")
        .json(&body(1))
        .await
        .expect(201);
    assert_ne!(another.body["order_id"], first.body["order_id"]);
}

#[tokio::test]
async fn a_key_is_for_one_request_of_one_caller() {
    let (shop, ann, path) = opened().await;
    let bob = shop.person().await;
    shop.put(&path).by(&ann).key("k").json(&body(1)).await.expect(201);
    let head = shop.head().await;
    shop.put(&path)
        .by(&ann)
        .key("k")
        .json(&body(2))
        .await
        .refused(422, "idempotency_key_reused");
    shop.post(&path)
        .by(&ann)
        .key("k")
        .json(&body(1))
        .await
        .refused(422, "idempotency_key_reused");
    let other = shop
        .patch("/api/users/me")
        .by(&ann)
        .key("k")
        .json(&json!({"first_name": "A"}))
        .await;
    other.refused(422, "idempotency_key_reused");
    assert_eq!(shop.head().await, head);
    shop.put(&path).by(&bob).key("k").json(&body(2)).await.expect(201);
    shop.put(&path)
        .by(&ann)
        .key(&"k".repeat(256))
        .json(&body(1))
        .await
        .refused(400, "invalid_idempotency_key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_run_once() {
    let (shop, ann, path) = opened().await;
    let head = shop.head().await;
    let body = body(1);
    let all = join_all((0..20).map(|_| shop.put(&path).by(&ann).key("k").json(&body).into_future())).await;
    let mut answers: Vec<_> = all.into_iter().map(|answer| answer.expect(201)).collect();
    assert_eq!(shop.types_after(head).await.len(), 3);
    answers.sort_by_key(|answer| answer.headers.contains_key("idempotency-replayed"));
    let first = answers.remove(0);
    for second in &answers {
        assert_replayed(&first, second);
    }
}

#[tokio::test]
async fn a_refusal_is_not_kept() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (product_id, sku) = shop.product(&admin, "2.55", 0).await;
    let ann = shop.person().await;
    let path = format!("/api/products/{product_id}/purchase");
    shop.put(&path)
        .by(&ann)
        .key("k")
        .json(&body(1))
        .await
        .refused(409, "out_of_stock");
    let stock = json!({"sku": sku, "receive": 1});
    shop.post(format!("/api/products/{product_id}/stock"))
        .by(&admin)
        .json(&stock)
        .await
        .expect(200);
    shop.put(&path).by(&ann).key("k").json(&body(1)).await.expect(201);
}

#[tokio::test]
async fn a_registration_and_an_empty_body_are_repeated_too() {
    let (shop, ann, _) = opened().await;
    let register = |password: &str| {
        let body = json!({"username": "eve", "email": "eve@example.org", "password": password});
        shop.post("/api/auth/register").key("k").json(&body)
    };
    let first = register(PASSWORD).await.expect(201);
    assert_replayed(&first, &register(PASSWORD).await);
    register("another password")
        .await
        .refused(422, "idempotency_key_reused");
    let remove = || shop.delete("/api/cart/items/x").by(&ann).key("k");
    let first = remove().await.expect(204);
    assert_replayed(&first, &remove().await);
}

/// The fingerprint is kept beside the answer; whoever reads it must not be able to guess at the password.
#[tokio::test]
async fn a_fingerprint_is_keyed() {
    let shop = Shop::open().await;
    let body = json!({"username": "eve", "email": "eve@example.org", "password": PASSWORD});
    shop.post("/api/auth/register")
        .key("k")
        .json(&body)
        .await
        .expect(201);
    let stored = shop.log.outcome("anonymous", "k").await.unwrap().unwrap();
    let method = axum::http::Method::POST;
    let bare = web::idempotency::fingerprint(&method, "/api/auth/register", body.to_string().as_bytes());
    assert_ne!(stored.fingerprint, bare);
    let shop = shop.changed(|deps| deps.fingerprint_secret = [6; 32]);
    shop.post("/api/auth/register")
        .key("k")
        .json(&body)
        .await
        .refused(422, "idempotency_key_reused");
}

#[tokio::test]
async fn secrets_are_never_kept() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let login = json!({"login": ann.username, "password": PASSWORD});
    let first = shop
        .post("/api/auth/login")
        .key("k")
        .json(&login)
        .await
        .expect(200);
    let second = shop
        .post("/api/auth/login")
        .key("k")
        .json(&login)
        .await
        .expect(200);
    assert_ne!(first.body["refresh_token"], second.body["refresh_token"]);
    let refresh = json!({"refresh_token": first.body["refresh_token"]});
    shop.post("/api/auth/refresh")
        .key("k")
        .json(&refresh)
        .await
        .expect(200);
    assert_eq!(shop.log.outcome("anonymous", "k").await.unwrap(), None);
}
