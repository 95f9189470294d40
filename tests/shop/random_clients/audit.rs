//! What came of it all, held against what the clients were answered.
//!
//! What the log itself must hold (positions, ledger, prices, settlements) is `verify`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::person::Person;
use super::world::World;
use crate::client::Client;

/// Until everything is settled; the provider here answers at once.
const PATIENCE: Duration = Duration::from_mins(3);

/// Everything that doesn't agree.
pub async fn violations(admin: &Client, world: &World, people: &mut [Person]) -> Vec<String> {
    let mut wrong = vec![];
    let newest = people.iter().map(|person| person.position).max().unwrap_or(0);
    let settled = settle(admin, newest).await;
    for person in people.iter_mut() {
        // What the provider told last is in their wallets, too.
        person.position = person.position.max(settled);
        person.log_in().await;
        wrong.extend(wrong_orders(person).await);
        wrong.extend(wrong_wallet(person).await);
    }
    let orders = all_as_of(admin, "/api/orders", settled).await;
    let placed: usize = people.iter().map(|person| person.orders.len()).sum();
    if placed != orders.len() {
        wrong.push(format!(
            "{} orders are there, {placed} were answered",
            orders.len()
        ));
    }
    let products = all_as_of(admin, "/api/products", settled).await;
    wrong.extend(wrong_units(world, &orders, &products));
    wrong
}

/// Waits until every charge, refund and deposit has come to its end: until then the figures move. The position as of which
/// they have.
async fn settle(admin: &Client, newest: u64) -> u64 {
    let began = Instant::now();
    loop {
        let payments = all_as_of(admin, "/api/payments", newest).await;
        let is_open = |payment: &&Value| {
            let refunds = payment["refunds"].as_array().unwrap();
            payment["status"] == "processing" || refunds.iter().any(|refund| refund["status"] == "processing")
        };
        let open = payments.iter().filter(is_open).count();
        if open == 0 {
            return admin.get("/api/payments?limit=1").await.position().max(newest);
        }
        assert!(began.elapsed() < PATIENCE, "{open} payments never come to an end");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A whole list, once its view has reached this position; each view has a pace of its own.
async fn all_as_of(admin: &Client, path: &str, position: u64) -> Vec<Value> {
    let began = Instant::now();
    while admin.get_after(path, position).await.code() == "read_model_behind" {
        assert!(began.elapsed() < PATIENCE, "{path} stays behind {position}");
    }
    admin.all(path).await
}

/// Every order that was answered is there once, and no other.
async fn wrong_orders(person: &mut Person) -> Vec<String> {
    let stored = pages(person, "/api/orders").await;
    let stored = stored
        .iter()
        .filter(|order| order["customer"] == person.account.as_str());
    let stored: Vec<_> = stored.map(|order| text(order, "id")).collect();
    let (there, answered): (BTreeSet<_>, BTreeSet<_>) = (
        stored.iter().cloned().collect(),
        person.orders.iter().cloned().collect(),
    );
    let mut wrong = vec![];
    if there.len() < stored.len() {
        wrong.push(format!("an order of {} is listed twice", person.name));
    }
    for lost in answered.difference(&there) {
        wrong.push(format!(
            "{}'s order {lost} was answered and isn't there",
            person.name
        ));
    }
    for surplus in there.difference(&answered) {
        wrong.push(format!(
            "{}'s order {surplus} is there and was never answered",
            person.name
        ));
    }
    wrong
}

/// What came and went adds up to what is there, which is never below zero; what was deposited is what was charged.
async fn wrong_wallet(person: &mut Person) -> Vec<String> {
    let mut wrong = vec![];
    let entries = pages(person, "/api/wallet/entries").await;
    let wallet = person.query("/api/wallet", "/api/wallet").await.body;
    let mut sum = 0;
    // Newest first.
    for entry in entries.iter().rev() {
        sum += pence(&entry["amount"]);
        if sum != pence(&entry["balance"]) || sum < 0 {
            wrong.push(format!("{}'s wallet comes to {sum} at {entry}", person.name));
        }
    }
    let balance = wallet["balances"][0]["balance"].clone();
    let balance = if balance.is_null() { 0 } else { pence(&balance) };
    if balance != sum {
        wrong.push(format!(
            "{}'s wallet has {balance}, its entries come to {sum}",
            person.name
        ));
    }
    let payments = pages(person, "/api/payments").await;
    let charged = payments.iter().filter(|payment| {
        let is_own = payment["customer"] == person.account.as_str();
        is_own && payment["purpose"]["kind"] == "deposit" && payment["settled_at"].is_string()
    });
    let charged: i64 = charged.map(|payment| pence(&payment["amount"])).sum();
    let deposited = entries
        .iter()
        .filter(|entry| entry["reason"]["kind"] == "deposit");
    let deposited: i64 = deposited.map(|entry| pence(&entry["amount"])).sum();
    if charged != deposited {
        wrong.push(format!(
            "{} was charged {charged} for deposits of {deposited}",
            person.name
        ));
    }
    wrong
}

/// What is sold was received; and what was received and isn't sold is on the shelf.
fn wrong_units(world: &World, orders: &[Value], products: &[Value]) -> Vec<String> {
    let mut sold: BTreeMap<String, i64> = BTreeMap::new();
    for order in orders.iter().filter(|order| order["status"] != "cancelled") {
        for line in order["lines"].as_array().unwrap() {
            let units = line["quantity"].as_i64().unwrap() - line["returned"].as_i64().unwrap();
            *sold.entry(text(line, "sku")).or_default() += units;
        }
    }
    let mut available: BTreeMap<String, i64> = BTreeMap::new();
    for product in products {
        for variant in product["variants"].as_array().unwrap() {
            available.insert(text(variant, "sku"), variant["available"].as_i64().unwrap());
        }
    }
    let mut wrong = vec![];
    for (sku, received) in world.received_units() {
        let sold = sold.get(&sku).copied().unwrap_or(0);
        if sold > received {
            wrong.push(format!("{sold} units of {sku} were sold, {received} received"));
        }
        // What was taken off sale is in no list.
        match available.get(&sku) {
            Some(left) if *left != received - sold => wrong.push(format!(
                "{received} units of {sku} were received and {sold} sold, and {left} are left"
            )),
            _ => {}
        }
    }
    wrong
}

/// Every item of one's own list, as of everything that one has done.
async fn pages(person: &mut Person, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (vec![], String::new());
    loop {
        let page = person
            .query(path, &format!("{path}?limit=100{cursor}"))
            .await
            .expect(200);
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

/// Minor units of `{"amount": "-1.23", …}`, without a float.
fn pence(money: &Value) -> i64 {
    let amount = money["amount"].as_str().unwrap();
    amount.replace('.', "").parse().unwrap()
}

#[test]
fn units_that_are_lost_and_units_that_are_made_up_are_seen() {
    use super::document::Document;
    use serde_json::json;

    let world = World::new(Document::read(&json!({"paths": {}})));
    world.received("A", 5);
    let order = |quantity: i64| json!({"status": "paid", "lines": [{"sku": "A", "quantity": quantity, "returned": 1}]});
    let product = |available: i64| json!({"variants": [{"sku": "A", "available": available}]});
    assert!(wrong_units(&world, &[order(3)], &[product(3)]).is_empty());
    assert_eq!(wrong_units(&world, &[order(3)], &[product(2)]).len(), 1);
    assert_eq!(wrong_units(&world, &[order(7)], &[]).len(), 1);
    assert_eq!(pence(&json!({"amount": "-0.05"})), -5);
}
