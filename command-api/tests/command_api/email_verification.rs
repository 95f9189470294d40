//! Proving that an address is the account's.

use chrono::TimeDelta;
use serde_json::json;

use crate::harness::{Answer, PASSWORD, Person, Shop, payload};

const REQUEST: &str = "/api/auth/email/verify/request";

/// The token of the newest link.
async fn link(shop: &Shop, person: &Person) -> String {
    let events = shop.events_of(&format!("account-{}", person.id)).await;
    let asked = |event: &&events::envelope::RecordedEvent| event.event_type == "EmailVerificationRequested";
    let newest = payload(events.iter().rev().find(asked).unwrap());
    let token = shop.unseal(&person.id, &newest["token"]).await;
    let stored = newest["token_hash"].as_str().unwrap();
    assert!(!newest.to_string().contains(&token) && stored.len() == 64);
    token
}

async fn verify(shop: &Shop, token: &str) -> Answer {
    let body = json!({"token": token});
    shop.post("/api/auth/email/verify").json(&body).await
}

async fn request(shop: &Shop, email: &str) -> Answer {
    shop.post(REQUEST).json(&json!({"email": email})).await
}

fn email(person: &Person) -> String {
    format!("{}@example.org", person.username)
}

#[tokio::test]
async fn a_registration_sends_a_link_that_verifies_once() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let token = link(&shop, &ann).await;
    let head = shop.head().await;
    verify(&shop, &token).await.expect(204);
    assert_eq!(shop.types_after(head).await, ["EmailVerified"]);
    let head = shop.head().await;
    for wrong in [&token, "", "nonsense", &format!("{}x", &token[..token.len() - 1])] {
        verify(&shop, wrong)
            .await
            .refused_field("token", "verification_token_invalid");
    }
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn a_link_expires_and_another_takes_its_place() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let first = link(&shop, &ann).await;
    shop.pass(TimeDelta::hours(24));
    verify(&shop, &first)
        .await
        .refused_field("token", "verification_token_invalid");
    request(&shop, &email(&ann).to_uppercase()).await.expect(202);
    let second = link(&shop, &ann).await;
    assert_ne!(second, first);
    verify(&shop, &second).await.expect(204);
}

#[tokio::test]
async fn asking_again_tells_nothing_and_is_bounded() {
    let shop = Shop::open().await;
    let (ann, ben) = (shop.person().await, shop.person().await);
    verify(&shop, &link(&shop, &ben).await).await.expect(204);
    let head = shop.head().await;
    let mut answers = vec![];
    for address in [email(&ann), email(&ben), "nobody@example.org".to_owned()] {
        for _ in 0..3 {
            let answer = request(&shop, &address).await.expect(202);
            assert!(!answer.headers.contains_key("tillstream-position"));
            answers.push(answer.body);
        }
        let refused = request(&shop, &address).await.refused(429, "too_many_requests");
        assert!(refused.headers.contains_key("retry-after"));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "all answers are the same");
    let asked = shop.types_after(head).await;
    assert_eq!(asked, ["EmailVerificationRequested"; 3], "of those, only ann's");
}

#[tokio::test]
async fn another_address_is_verified_anew() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    verify(&shop, &link(&shop, &ann).await).await.expect(204);
    let head = shop.head().await;
    let edit = |body: serde_json::Value| shop.patch("/api/users/me").by(&ann).json(&body);
    edit(json!({"first_name": "Ann"})).await.expect(200);
    edit(json!({"email": email(&ann).to_uppercase()}))
        .await
        .expect(200);
    assert_eq!(
        shop.types_after(head).await,
        ["AccountProfileChanged"; 2],
        "it is the same address"
    );
    let head = shop.head().await;
    let moved = json!({"email": "ann@example.net", "password": PASSWORD});
    edit(moved).await.expect(200);
    let types = shop.types_after(head).await;
    let lapsed = [
        "AccountProfileChanged",
        "EmailVerificationLapsed",
        "EmailVerificationRequested",
    ];
    assert_eq!(types, lapsed);
    verify(&shop, &link(&shop, &ann).await).await.expect(204);
}

#[tokio::test]
async fn whom_staff_enter_is_asked_nothing() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let head = shop.head().await;
    let body = json!({"username": "imported", "email": "imported@example.org"});
    let register = shop.post("/api/auth/register").by(&admin).json(&body);
    register.await.expect(201);
    assert_eq!(shop.types_after(head).await, ["AccountRegistered"]);
}
