//! The OpenAPI document, held against the router that it was made with.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::Shop;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Everything that the command API does, as its users know it.
const ROUTES: [&str; 57] = [
    "delete /api/api-keys/{id}",
    "delete /api/branches/{id}/token",
    "delete /api/cart/items/{sku}",
    "delete /api/categories/{id}",
    "delete /api/products/{id}",
    "delete /api/products/{id}/images/{image}",
    "delete /api/products/{id}/reviews/mine",
    "delete /api/wishlist/items/{product}",
    "get /api/chain/catalogue",
    "patch /api/branches/{id}",
    "patch /api/categories/{id}",
    "patch /api/products/{id}",
    "patch /api/products/{id}/images/{image}",
    "patch /api/users/me",
    "post /api/api-keys",
    "post /api/auth/email/verify",
    "post /api/auth/email/verify/request",
    "post /api/auth/login",
    "post /api/auth/logout",
    "post /api/auth/password/forgot",
    "post /api/auth/password/reset",
    "post /api/auth/refresh",
    "post /api/auth/register",
    "post /api/branches",
    "post /api/branches/{id}/catalogue-outcomes",
    "post /api/branches/{id}/daily-reports",
    "post /api/branches/{id}/daily-reports/compare",
    "post /api/branches/{id}/token",
    "post /api/categories",
    "post /api/chain/reports",
    "post /api/credit-notes",
    "post /api/orders",
    "post /api/orders/{id}/cancel",
    "post /api/orders/{id}/deliver",
    "post /api/orders/{id}/return",
    "post /api/orders/{id}/ship",
    "post /api/payments/orphans/{id}/acknowledge",
    "post /api/payments/orphans/{id}/refund",
    "post /api/payments/webhooks/stripe",
    "post /api/payments/{id}/refund",
    "post /api/payments/{id}/retry",
    "post /api/products",
    "post /api/products/batch",
    "post /api/products/bulk",
    "post /api/products/{id}/images",
    "post /api/products/{id}/purchase",
    "post /api/products/{id}/stock",
    "post /api/reviews/{id}/hide",
    "post /api/reviews/{id}/restore",
    "post /api/wallet/deposits",
    "post /api/wallet/withdrawals",
    "put /api/cart/items/{sku}",
    "put /api/products/{id}/purchase",
    "put /api/products/{id}/reviews/mine",
    "put /api/users/me/password",
    "put /api/users/{id}/roles",
    "put /api/wishlist/items/{product}",
];

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| {
        let of_method = |method: &&str| {
            let operation = item.get(*method)?.clone();
            Some(((*method).to_owned(), path.clone(), operation))
        };
        METHODS.iter().filter_map(of_method).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

#[tokio::test]
async fn the_document_lists_every_route() {
    let shop = Shop::open().await;
    let document = serde_json::to_value(&shop.document).unwrap();
    let documented: BTreeSet<_> = operations(&document)
        .into_iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    let expected: BTreeSet<_> = ROUTES.iter().map(|route| (*route).to_owned()).collect();
    assert_eq!(documented, expected);
}

#[tokio::test]
async fn every_documented_route_is_there_and_answers_as_documented() {
    let shop = Shop::open().await;
    let document = serde_json::to_value(&shop.document).unwrap();
    for (method, path, operation) in operations(&document) {
        let real = path
            .replace("{id}", &Uuid::now_v7().to_string())
            .replace("{image}", &Uuid::now_v7().to_string())
            .replace("{product}", &Uuid::now_v7().to_string())
            .replace("{sku}", "A");
        let answer = shop
            .call(&method.to_uppercase(), &real)
            .json(&json!({"no such field": 1}))
            .await;
        let status = answer.status.as_u16();
        // With an empty requirement among them, nobody has to log in.
        let security = operation["security"].as_array();
        let secured = security.is_some_and(|ways| !ways.contains(&json!({})));
        let expected = match path.as_str() {
            "/api/payments/webhooks/stripe" => 400,
            _ if secured => 401,
            _ => 422,
        };
        assert_eq!(status, expected, "{method} {path}: {}", answer.body);
        assert!(
            operation["responses"].get(status.to_string()).is_some(),
            "{method} {path} documents no {status}"
        );
        assert!(operation["summary"].is_string(), "{method} {path} has no summary");
    }
    shop.post("/api/nowhere").await.refused(404, "not_found");
    shop.call("GET", "/api/orders")
        .await
        .refused(405, "method_not_allowed");
}

#[tokio::test]
async fn everything_that_the_document_refers_to_is_in_it() {
    let shop = Shop::open().await;
    let document = serde_json::to_value(&shop.document).unwrap();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(references.contains("#/components/schemas/Problem"));
    for reference in references {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    assert_eq!(
        document["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );
    let ids: Vec<_> = operations(&document)
        .into_iter()
        .map(|(_, _, operation)| operation["operationId"].clone())
        .collect();
    assert!(ids.iter().all(Value::is_string), "{ids:?}");
}

#[tokio::test]
async fn every_route_that_takes_an_api_key_is_in_the_document() {
    let shop = Shop::open().await;
    let commands = ["POST", "PUT", "PATCH", "DELETE"];
    assert!(web::scopes::stale(&shop.document, &commands).is_empty());
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                references.insert(reference.clone());
            }
            members.values().for_each(|member| collect(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}
