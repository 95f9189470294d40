//! A cart without an account: its token, its bounds, and what becomes of it at a login.

use chrono::TimeDelta;
use serde_json::json;

use crate::harness::{Answer, PASSWORD, Shop, payload};

const TOKEN: &str = "tillstream-cart-token";

fn token(answer: &Answer) -> String {
    answer.headers[TOKEN].to_str().unwrap().to_owned()
}

/// Puts so many into a guest's cart, or begins one.
async fn put(shop: &Shop, sku: &str, quantity: u32, token: Option<&str>) -> Answer {
    let call = shop
        .put(format!("/api/cart/items/{sku}"))
        .json(&json!({"quantity": quantity}));
    match token {
        Some(token) => call.header(TOKEN, token).await,
        None => call.await,
    }
}

async fn log_in(shop: &Shop, username: &str, token: &str) -> Answer {
    let body = json!({"login": username, "password": PASSWORD});
    let call = shop.post("/api/auth/login").header(TOKEN, token).json(&body);
    call.await.expect(200)
}

#[tokio::test]
async fn the_first_item_is_answered_with_a_token_that_only_its_owner_knows() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (_, sku) = shop.product(&admin, "2.55", 1).await;
    let head = shop.head().await;
    let answer = put(&shop, &sku, 2, None).await.expect(200);
    assert_eq!(answer.body, json!({"sku": sku, "quantity": 2}));
    let token = token(&answer);
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with(&format!("tillstream_cart={token}; ")),
        "{cookie}"
    );
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    assert!(
        !cookie.contains("Secure"),
        "the shop of this test is reached without TLS"
    );
    let events = shop.events_after(head).await;
    let (_, secret) = token.split_once('.').unwrap();
    assert!(events.iter().all(|event| !event.payload.contains(secret)));
    let types: Vec<_> = events.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, ["GuestCartStarted", "GuestCartItemSet"]);

    let again = put(&shop, &sku, 3, Some(&token)).await.expect(200);
    assert!(!again.headers.contains_key(TOKEN), "it has one");
    let by_cookie = shop
        .put(format!("/api/cart/items/{sku}"))
        .header("cookie", &format!("tillstream_cart={token}"))
        .json(&json!({"quantity": 4}));
    by_cookie.await.expect(200);
    let remove = shop
        .delete(format!("/api/cart/items/{sku}"))
        .header(TOKEN, &token);
    remove.await.expect(204);
    let types = shop.types_after(head + 2).await;
    assert_eq!(
        types,
        ["GuestCartItemSet", "GuestCartItemSet", "GuestCartItemRemoved"]
    );
}

#[tokio::test]
async fn over_tls_the_cookie_goes_no_other_way() {
    let shop = Shop::open().await.changed(|deps| deps.secure_cookies = true);
    let admin = shop.admin().await;
    let (_, sku) = shop.product(&admin, "2.55", 1).await;
    let answer = put(&shop, &sku, 1, None).await.expect(200);
    assert!(
        answer.headers["set-cookie"]
            .to_str()
            .unwrap()
            .ends_with("; Secure")
    );
}

#[tokio::test]
async fn a_guest_is_refused_as_anybody_is() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (_, sku) = shop.product(&admin, "2.55", 1).await;
    let token = token(&put(&shop, &sku, 1, None).await.expect(200));
    let head = shop.head().await;
    for token in [None, Some(token.as_str())] {
        put(&shop, "NO-SUCH", 1, token).await.refused(409, "not_for_sale");
        put(&shop, &sku, 0, token)
            .await
            .refused_field("quantity", "quantity_invalid");
    }
    // A cart that isn't there holds nothing to be removed.
    for call in [
        shop.delete("/api/cart/items/X"),
        shop.delete("/api/cart/items/X").header(TOKEN, "nonsense"),
    ] {
        call.await.expect(204);
    }
    // Somebody who believes to be logged in learns that they aren't.
    let wrong = shop
        .put(format!("/api/cart/items/{sku}"))
        .header("authorization", "Bearer x");
    wrong
        .json(&json!({"quantity": 1}))
        .await
        .refused(401, "token_invalid");
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn a_guests_command_runs_once_under_its_key() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (_, sku) = shop.product(&admin, "2.55", 1).await;
    let token = token(&put(&shop, &sku, 1, None).await.expect(200));
    let set = |quantity: u32| {
        shop.put(format!("/api/cart/items/{sku}"))
            .header(TOKEN, &token)
            .key("k")
            .json(&json!({"quantity": quantity}))
    };
    let first = set(5).await.expect(200);
    put(&shop, &sku, 6, Some(&token)).await.expect(200);
    let head = shop.head().await;
    let second = set(5).await.expect(200);
    assert_eq!(second.headers["idempotency-replayed"], "true");
    assert_eq!(second.position(), first.position());
    set(7).await.refused(422, "idempotency_key_reused");
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn a_login_takes_the_cart_over_once_and_begins_anew_after_it() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (_, sku) = shop.product(&admin, "2.55", 1).await;
    let ann = shop.person().await;
    shop.put(format!("/api/cart/items/{sku}"))
        .by(&ann)
        .json(&json!({"quantity": 1}))
        .await
        .expect(200);
    let token = token(&put(&shop, &sku, 2, None).await.expect(200));
    let head = shop.head().await;
    let answer = log_in(&shop, &ann.username, &token).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("Max-Age=0"), "{cookie}");
    let events = shop.events_after(head).await;
    let types: Vec<_> = events.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, ["CartItemSet", "GuestCartMerged", "SessionStarted"]);
    assert_eq!(payload(&events[0])["quantity"], 3);

    let head = shop.head().await;
    let second = log_in(&shop, &ann.username, &token).await;
    assert!(!second.headers.contains_key("set-cookie"));
    assert_eq!(shop.types_after(head).await, ["SessionStarted"]);
    let next = put(&shop, &sku, 1, Some(&token)).await.expect(200);
    assert_ne!(self::token(&next), token);
}

#[tokio::test]
async fn a_wrong_password_spends_nothing() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (_, sku) = shop.product(&admin, "2.55", 1).await;
    let ann = shop.person().await;
    let token = token(&put(&shop, &sku, 2, None).await.expect(200));
    let body = json!({"login": ann.username, "password": "not the password"});
    shop.post("/api/auth/login")
        .header(TOKEN, &token)
        .json(&body)
        .await
        .refused(401, "credentials_wrong");
    let kept = put(&shop, &sku, 3, Some(&token)).await.expect(200);
    assert!(!kept.headers.contains_key(TOKEN));
}

#[tokio::test]
async fn a_registration_takes_the_cart_over_and_staffs_do_not() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (_, sku) = shop.product(&admin, "2.55", 1).await;
    let token = token(&put(&shop, &sku, 2, None).await.expect(200));
    let head = shop.head().await;
    let entered = json!({"username": "by-staff"});
    let by_staff = shop.post("/api/auth/register").by(&admin).header(TOKEN, &token);
    by_staff.json(&entered).await.expect(201);
    assert_eq!(shop.types_after(head).await, ["AccountRegistered"]);
    let head = shop.head().await;
    let ann = json!({"username": "anna", "email": "anna@example.org", "password": PASSWORD});
    let register = || {
        shop.post("/api/auth/register")
            .header(TOKEN, &token)
            .key("k")
            .json(&ann)
    };
    let first = register().await.expect(201);
    let merged = [
        "AccountRegistered",
        "EmailVerificationRequested",
        "CartItemSet",
        "GuestCartMerged",
    ];
    assert_eq!(shop.types_after(head).await, merged);
    assert_eq!(register().await.expect(201).body, first.body);
    assert_eq!(shop.types_after(head).await, merged);
}

#[tokio::test]
async fn a_token_ends_with_its_time() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (_, sku) = shop.product(&admin, "2.55", 1).await;
    let ann = shop.person().await;
    let token = token(&put(&shop, &sku, 2, None).await.expect(200));
    shop.pass(TimeDelta::days(30));
    let head = shop.head().await;
    log_in(&shop, &ann.username, &token).await;
    assert_eq!(shop.types_after(head).await, ["SessionStarted"]);
    let next = put(&shop, &sku, 1, Some(&token)).await.expect(200);
    assert_ne!(self::token(&next), token);
}
