//! What one address may begin without saying who it is.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use chrono::TimeDelta;
use command_api::ClientLimits;
use serde_json::{Value, json};

use crate::harness::{Answer, Shop};

const LIMITS: ClientLimits = ClientLimits {
    trusted_proxies: 0,
    carts: 2,
    registrations: 2,
    mails: 2,
    failed_logins: 2,
};

async fn shop(trusted_proxies: u8) -> Shop {
    Shop::open().await.changed(|deps| {
        deps.clients = ClientLimits {
            trusted_proxies,
            ..LIMITS
        };
    })
}

/// From an address of the network, with what it or a proxy says of it.
async fn from(shop: &Shop, address: &str, forwarded_for: Option<&str>, call: (&str, &str, Value)) -> Answer {
    let (method, path, body) = call;
    let peer: SocketAddr = format!("{address}:4321").parse().unwrap();
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(CONTENT_TYPE, "application/json")
        .extension(ConnectInfo(peer));
    if let Some(forwarded_for) = forwarded_for {
        request = request.header("x-forwarded-for", forwarded_for);
    }
    shop.send(request.body(Body::from(body.to_string())).unwrap())
        .await
}

fn is_refused(answer: &Answer) -> bool {
    let refused = answer.status == 429;
    if refused {
        assert_eq!(answer.body["code"], "too_many_requests");
        let wait = answer.headers["retry-after"].to_str().unwrap();
        assert!((1..=900).contains(&wait.parse::<u32>().unwrap()), "{wait}");
    }
    refused
}

#[tokio::test]
async fn an_address_begins_so_many_carts_and_fills_them_as_it_likes() {
    let shop = shop(0).await;
    let staff = shop.admin().await;
    let (_, sku) = shop.product(&staff, "1.00", 5).await;
    let path = format!("/api/cart/items/{sku}");
    let put = || ("PUT", path.as_str(), json!({"quantity": 1}));
    let first = from(&shop, "192.0.2.1", None, put()).await;
    assert_eq!(first.status, 200);
    let token = first.headers["tillstream-cart-token"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(from(&shop, "192.0.2.1", None, put()).await.status, 200);
    // Whatever it says of itself.
    assert!(is_refused(
        &from(&shop, "192.0.2.1", Some("203.0.113.9"), put()).await
    ));
    assert_eq!(from(&shop, "192.0.2.2", None, put()).await.status, 200);
    for _ in 0..3 {
        let peer: SocketAddr = "192.0.2.1:4321".parse().unwrap();
        let request = Request::put(&path)
            .header(CONTENT_TYPE, "application/json")
            .header("tillstream-cart-token", &token)
            .extension(ConnectInfo(peer))
            .body(Body::from(json!({"quantity": 2}).to_string()));
        assert_eq!(shop.send(request.unwrap()).await.status, 200);
    }
    shop.pass(TimeDelta::minutes(15));
    assert_eq!(from(&shop, "192.0.2.1", None, put()).await.status, 200);
}

#[tokio::test]
async fn behind_a_proxy_a_client_is_who_the_proxy_has_seen() {
    let shop = shop(1).await;
    let staff = shop.admin().await;
    let (_, sku) = shop.product(&staff, "1.00", 5).await;
    let path = format!("/api/cart/items/{sku}");
    let put = || ("PUT", path.as_str(), json!({"quantity": 1}));
    for (seen, refused) in [
        ("192.0.2.1", false),
        ("10.9.9.9, 192.0.2.1", false),
        ("192.0.2.2", false),
        ("10.8.8.8, 192.0.2.1", true),
    ] {
        let answer = from(&shop, "10.0.0.1", Some(seen), put()).await;
        assert_eq!(is_refused(&answer), refused, "{seen}");
    }
}

#[tokio::test]
async fn an_address_opens_so_many_accounts_and_asks_for_so_many_emails() {
    let shop = shop(0).await;
    let register = |name: &str| {
        let email = format!("{name}@example.org");
        let body = json!({"username": name, "email": email, "password": "a long enough password"});
        ("POST", "/api/auth/register", body)
    };
    for (name, refused) in [("ann", false), ("bob", false), ("cid", true)] {
        let answer = from(&shop, "192.0.2.1", None, register(name)).await;
        assert_eq!(is_refused(&answer), refused, "{name}: {}", answer.body);
    }
    assert_eq!(from(&shop, "192.0.2.2", None, register("cid")).await.status, 201);
    for (n, refused) in [(1, false), (2, false), (3, true)] {
        let body = json!({"email": format!("nobody-{n}@example.org")});
        let call = ("POST", "/api/auth/password/forgot", body);
        assert_eq!(
            is_refused(&from(&shop, "192.0.2.1", None, call).await),
            refused,
            "{n}"
        );
    }
}

#[tokio::test]
async fn an_address_tries_so_many_passwords_whosever_they_are() {
    let shop = shop(0).await;
    let person = shop.person().await;
    let log_in = |name: &str, password: &str| {
        (
            "POST",
            "/api/auth/login",
            json!({"login": name, "password": password}),
        )
    };
    for _ in 0..3 {
        let right = log_in(&person.username, crate::harness::PASSWORD);
        assert_eq!(from(&shop, "192.0.2.1", None, right).await.status, 200);
    }
    for (name, refused) in [("ann", false), ("bob", false), ("cid", true)] {
        let answer = from(&shop, "192.0.2.1", None, log_in(name, "wrong wrong wrong")).await;
        assert_eq!(is_refused(&answer), refused, "{name}");
    }
    // Not even with the right one; but elsewhere.
    let right = || log_in(&person.username, crate::harness::PASSWORD);
    assert!(is_refused(&from(&shop, "192.0.2.1", None, right()).await));
    assert_eq!(from(&shop, "192.0.2.2", None, right()).await.status, 200);
}
