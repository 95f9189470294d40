//! Buying: carts, orders and their way to the customer, credit notes.

use serde_json::json;

use super::{Call, ONLY_OWNER, OWNER_AND_STAFF};
use crate::client::visa;
use crate::permissions::people::{PLENTY, People, Who, text};
use crate::permissions::rules::{
    ANY_ACCOUNT, CUSTOMERS, CUSTOMERS_AND_GUESTS, OWNER_OR_STAFF, PUBLIC_OR_LOGGED_IN, STAFF,
};

/// A call of this route that succeeds for `who`, if they may; none if it is no route of these.
pub async fn call(name: &str, who: Who, people: &People) -> Option<Call> {
    let client = people.client(who);
    let route = name.split_once(' ')?.1;
    Some(match name {
        "GET /api/cart" => {
            let item = format!("/api/cart/items/{PLENTY}");
            people.made(people.owner.put(&item, &json!({"quantity": 7})).await);
            Call::new(PUBLIC_OR_LOGGED_IN, route).showing(PLENTY.to_owned(), ONLY_OWNER)
        }
        "PUT /api/cart/items/{sku}" => {
            let quantity = people.number() % 100 + 1;
            Call::new(CUSTOMERS_AND_GUESTS, "/api/cart/items/PLENTY").with(json!({"quantity": quantity}))
        }
        "DELETE /api/cart/items/{sku}" => {
            let path = format!("/api/cart/items/{PLENTY}");
            people.made(client.put(&path, &json!({"quantity": 2})).await);
            Call::new(CUSTOMERS_AND_GUESTS, path)
        }
        "POST /api/orders" => Call::new(CUSTOMERS, route).with(json!({
            "lines": [{"sku": PLENTY, "quantity": 1}], "payment": visa(), "country": "GB",
        })),
        "POST /api/orders (of the past)" => Call::new(STAFF, "/api/orders").with(json!({
            "lines": [{"sku": PLENTY, "quantity": 1, "unit_price": "1.00"}],
            "placed_at": "2011-01-02T03:04:05Z", "country": "GB",
        })),
        "GET /api/orders" => {
            let id = text(&people.paid_order().await, "order_id");
            Call::new(ANY_ACCOUNT, route).showing(id, OWNER_AND_STAFF)
        }
        "GET /api/orders/{id}" => {
            let id = text(&people.paid_order().await, "order_id");
            Call::new(OWNER_OR_STAFF, format!("/api/orders/{id}"))
        }
        "GET /api/orders/{id}/history" => {
            let id = text(&people.paid_order().await, "order_id");
            Call::new(OWNER_OR_STAFF, format!("/api/orders/{id}/history"))
        }
        "POST /api/orders/{id}/cancel" => {
            let id = text(&people.paid_order().await, "order_id");
            Call::new(OWNER_OR_STAFF, format!("/api/orders/{id}/cancel")).with(json!({}))
        }
        "POST /api/orders/{id}/ship" => {
            let id = text(&people.paid_order().await, "order_id");
            Call::new(STAFF, format!("/api/orders/{id}/ship")).with(json!({}))
        }
        "POST /api/orders/{id}/deliver" => {
            Call::new(STAFF, format!("{}/deliver", people.shipped_order().await)).with(json!({}))
        }
        "POST /api/orders/{id}/return" => Call::new(
            OWNER_OR_STAFF,
            format!("{}/return", people.delivered_order().await),
        )
        .with(json!({})),
        "POST /api/credit-notes" => Call::new(STAFF, route).with(json!({
            "issued_at": "2011-01-02T03:04:05Z", "country": "GB",
            "lines": [{"sku": PLENTY, "quantity": 1, "unit_price": "1.00"}],
        })),
        _ => return None,
    })
}
