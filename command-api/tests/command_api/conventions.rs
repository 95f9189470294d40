//! What holds for every endpoint: who may, what a body must be, what the log is told about a request.

use events::envelope::Actor;
use serde_json::json;
use uuid::Uuid;

use crate::harness::Shop;

#[tokio::test]
async fn what_is_for_staff_is_for_nobody_else() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let head = shop.head().await;
    let id = Uuid::now_v7();
    let staff_only = [
        (
            "PUT",
            format!("/api/users/{id}/roles"),
            json!({"roles": ["staff"]}),
        ),
        ("POST", "/api/categories".to_owned(), json!({"name": "x"})),
        ("PATCH", format!("/api/categories/{id}"), json!({})),
        ("DELETE", format!("/api/categories/{id}"), json!({})),
        ("POST", format!("/api/orders/{id}/ship"), json!({})),
        ("POST", format!("/api/orders/{id}/deliver"), json!({})),
        ("POST", format!("/api/payments/{id}/refund"), json!({})),
    ];
    for (method, path, body) in staff_only {
        let answer = shop.call(method, &path).by(&ann).json(&body).await;
        answer.refused(403, "role_required");
    }
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn roles_say_who_buys_and_who_sells() {
    let shop = Shop::open().await;
    let (admin, ann) = (shop.admin().await, shop.person().await);
    let (product_id, sku) = shop.product(&admin, "1.00", 1).await;
    let path = format!("/api/users/{}/roles", ann.id);
    shop.put(path)
        .by(&admin)
        .json(&json!({"roles": ["branch"]}))
        .await
        .expect(200);
    let ann = shop.log_in(&ann.username).await;
    let pay = json!({"payment": {"method": "wallet"}, "country": "UK"});
    let forbidden = [
        (
            "POST",
            "/api/products".to_owned(),
            json!({"name": "x", "price": "1"}),
        ),
        ("PUT", format!("/api/cart/items/{sku}"), json!({"quantity": 1})),
        ("DELETE", format!("/api/cart/items/{sku}"), json!({})),
        ("POST", "/api/orders".to_owned(), pay.clone()),
        ("PUT", format!("/api/products/{product_id}/purchase"), pay),
    ];
    for (method, path, body) in forbidden {
        shop.call(method, &path)
            .by(&ann)
            .json(&body)
            .await
            .refused(403, "role_required");
    }
}

#[tokio::test]
async fn a_body_is_json_of_known_fields_and_bounded_length() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let head = shop.head().await;
    let send = |content_type: &str, body: &str| {
        let call = shop
            .post("/api/categories")
            .by(&admin)
            .header("content-type", content_type);
        call.text(body.to_owned())
    };
    send("application/json", r#"{"name": "#)
        .await
        .refused(400, "malformed_json");
    send("application/json", r#"{"name": "x"} x"#)
        .await
        .refused(400, "malformed_json");
    send("text/plain", r#"{"name": "x"}"#)
        .await
        .refused(415, "unsupported_media_type");
    send("application/json", r#"{"name": "x", "colour": "red"}"#)
        .await
        .refused_field("colour", "invalid");
    send("application/json", r#"{"name": 7}"#)
        .await
        .refused_field("name", "invalid");
    for nothing in ["{}", ""] {
        send("application/json", nothing)
            .await
            .refused_field("name", "missing");
    }
    send("application/json", r#"{"name": "x", "name": "y"}"#)
        .await
        .refused_field("name", "duplicate");
    send("application/json", r#"["x", "x", null]"#)
        .await
        .refused_field(".", "invalid");
    send("application/json", r#"{"name": "x\u0000y"}"#)
        .await
        .refused_field("name", "category_name_invalid");
    let long = format!(r#"{{"name": "{}"}}"#, "x".repeat(16 * 1024));
    send("application/json", &long)
        .await
        .refused(413, "payload_too_large");
    let long = json!({"name": "x", "price": "1", "description": "x".repeat(512 * 1024)});
    shop.post("/api/products")
        .by(&admin)
        .json(&long)
        .await
        .refused(413, "payload_too_large");
    assert_eq!(shop.head().await, head);
    // A trailing slash makes no difference.
    let call = shop
        .post("/api/categories/")
        .by(&admin)
        .json(&json!({"name": "x"}));
    call.await.expect(201);
}

#[tokio::test]
async fn an_event_says_who_caused_it_and_as_part_of_what() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let head = shop.head().await;
    let request_id = Uuid::now_v7();
    let trace_parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let call = shop
        .post("/api/categories")
        .by(&admin)
        .header("x-request-id", &request_id.to_string());
    let answer = call
        .header("traceparent", trace_parent)
        .json(&json!({"name": "x"}))
        .await
        .expect(201);
    assert_eq!(
        answer.headers["x-request-id"].to_str().unwrap(),
        request_id.to_string()
    );
    let meta = &shop.events_after(head).await[0].meta;
    assert_eq!(meta.actor, Actor::Account(admin.id.parse().unwrap()));
    assert_eq!(meta.correlation_id, request_id);
    assert_eq!(meta.trace_parent.as_deref(), Some(trace_parent));
    let first = &shop.events_after(0).await[0].meta;
    assert_eq!(first.actor, Actor::System);
}

#[tokio::test]
async fn a_log_that_is_closed_is_a_503_that_says_when_to_come_again() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.log.close().await;
    let answer = shop
        .post("/api/categories")
        .by(&admin)
        .json(&json!({"name": "x"}))
        .await;
    let answer = answer.refused(503, "log_unavailable");
    assert_eq!(answer.headers["retry-after"], "1");
    assert!(answer.body.get("detail").is_none(), "{}", answer.body);
}

#[tokio::test]
async fn the_server_answers_until_it_is_told_to_stop() {
    let shop = Shop::open().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = tokio_util::sync::CancellationToken::new();
    let serving = tokio::spawn(command_api::run(shop.deps.clone(), listener, shutdown.clone()));
    let answer = get_over_tcp(address, "/api/nowhere").await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    shutdown.cancel();
    serving.await.unwrap().unwrap();
}

async fn get_over_tcp(address: std::net::SocketAddr, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
