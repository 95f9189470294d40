//! Carts, orders, purchases; and second thoughts.

use reqwest::Method;
use serde_json::{Value, json};

use super::Person;
use crate::client::Answer;

/// Most that is ordered of one thing at once.
const UNITS_MAX: u64 = 3;
/// Most lines of an order.
const LINES_MAX: u64 = 3;
/// What the sandbox does with a card, by its token.
const CARDS: [&str; 4] = [
    "pm_card_visa",
    "pm_card_visa",
    "pm_card_visa",
    "pm_card_chargeDeclined",
];

/// By a card, which may be declined, or out of the wallet, which may be empty.
fn payment(person: &mut Person) -> Value {
    if person.one_in(2) {
        return json!({"method": "wallet"});
    }
    let card = CARDS[usize::try_from(person.random.below(CARDS.len() as u64)).unwrap()];
    json!({"method": "card", "token": card})
}

pub async fn fill_cart(person: &mut Person) {
    let thing = person.world.clone().a_thing(&mut person.random);
    let path = format!("/api/cart/items/{}", thing.sku);
    if person.one_in(4) {
        let route = "/api/cart/items/{sku}";
        person.command(Method::DELETE, route, &path, &json!({})).await;
        return;
    }
    let body = json!({"quantity": 1 + person.random.below(UNITS_MAX)});
    person
        .command(Method::PUT, "/api/cart/items/{sku}", &path, &body)
        .await;
}

pub async fn order(person: &mut Person) {
    let mut body = json!({"payment": payment(person), "country": "GB"});
    // Else the cart.
    if !person.one_in(3) {
        let mut lines = vec![];
        for _ in 0..=person.random.below(LINES_MAX) {
            let thing = person.world.clone().a_thing(&mut person.random);
            lines.push(json!({"sku": thing.sku, "quantity": 1 + person.random.below(UNITS_MAX)}));
        }
        body["lines"] = json!(lines);
    }
    let placed = person
        .command(Method::POST, "/api/orders", "/api/orders", &body)
        .await;
    remember(person, &placed).await;
}

pub async fn purchase(person: &mut Person) {
    let thing = person.world.clone().a_thing(&mut person.random);
    let path = format!("/api/products/{}/purchase", thing.product);
    let mut body = json!({"quantity": 1 + person.random.below(2)});
    if person.one_in(2) {
        body["payment"] = payment(person);
    }
    let method = if person.one_in(2) {
        Method::PUT
    } else {
        Method::POST
    };
    let placed = person
        .command(method, "/api/products/{id}/purchase", &path, &body)
        .await;
    remember(person, &placed).await;
}

/// Notes an order that was accepted, and reads it: one sees one's own writes.
async fn remember(person: &mut Person, placed: &Answer) {
    if placed.status != 201 {
        return;
    }
    let text = |name: &str| placed.body[name].as_str().unwrap().to_owned();
    let (order, payment) = (text("order_id"), text("payment_id"));
    person.orders.push(order.clone());
    person.world.placed(order.clone(), payment);
    let path = format!("/api/orders/{order}");
    let seen = person.query("/api/orders/{id}", &path).await;
    if seen.status != 200 || seen.body["total"] != placed.body["total"] {
        person.wrong(&format!(
            "one's own new order {order} is read as {} {}",
            seen.status, seen.body
        ));
    }
}

/// Cancels, returns, or pays again.
pub async fn think_again(person: &mut Person) {
    let bound = person.orders.len() as u64;
    if bound == 0 {
        return;
    }
    let order = person.orders[usize::try_from(person.random.below(bound)).unwrap()].clone();
    let path = format!("/api/orders/{order}");
    match person.random.below(3) {
        0 => {
            let cancel = format!("{path}/cancel");
            person
                .command(Method::POST, "/api/orders/{id}/cancel", &cancel, &json!({}))
                .await;
        }
        1 => {
            let back = format!("{path}/return");
            person
                .command(Method::POST, "/api/orders/{id}/return", &back, &json!({}))
                .await;
        }
        _ => {
            let seen = person.query("/api/orders/{id}", &path).await;
            let Some(id) = seen.body["payment_id"].as_str() else {
                return;
            };
            let retry = format!("/api/payments/{id}/retry");
            let body = json!({"payment": payment(person)});
            person
                .command(Method::POST, "/api/payments/{id}/retry", &retry, &body)
                .await;
        }
    }
}
