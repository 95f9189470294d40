//! What the clients know of each other's doings: what is offered, what was put on the shelves, which orders there are.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use serde_json::json;

use super::document::Document;
use crate::client::Client;
use crate::random::Random;

/// Of the shop's own, on the shelf from the start; few, so that all meet there.
const SHOP_SKUS: u64 = 6;
/// Of some there isn't enough.
const SCARCE_UNITS: u64 = 20;
const ENOUGH_UNITS: u64 = 10_000;
/// Of each list only the newest are of use; a run must not grow by them.
const REMEMBERED: usize = 500;

/// Something that is or was on sale.
#[derive(Clone)]
pub struct Thing {
    pub product: String,
    pub sku: String,
    /// The one who listed it; none is the shop.
    pub seller: Option<u64>,
}

pub struct World {
    pub document: Document,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    things: Vec<Thing>,
    orders: Vec<String>,
    payments: Vec<String>,
    reviews: Vec<String>,
    categories: Vec<String>,
    /// Units per SKU that were put on the shelf, less those that were counted away; one-of-a-kinds apart, whose unit
    /// comes back with every new owner.
    received: BTreeMap<String, i64>,
    wrong: Vec<String>,
}

impl World {
    pub fn new(document: Document) -> Self {
        Self {
            document,
            state: Mutex::default(),
        }
    }

    /// The shop puts its own things on the shelf.
    pub async fn furnish(&self, admin: &Client) {
        for number in 0..SHOP_SKUS {
            let sku = format!("SHOP-{number}");
            let units = if number == 0 { SCARCE_UNITS } else { ENOUGH_UNITS };
            let body = json!({"name": format!("A thing of the shop, number {number}"), "sku": sku, "price": "4.99",
                "quantity": units});
            let made = admin.post("/api/products", &body).await.expect(201);
            let product = made["product_id"].as_str().unwrap().to_owned();
            self.received(&sku, units.cast_signed());
            self.offer(Thing {
                product,
                sku,
                seller: None,
            });
        }
    }

    pub fn offer(&self, thing: Thing) {
        remember(&mut self.state().things, thing);
    }

    pub fn received(&self, sku: &str, units: i64) {
        *self.state().received.entry(sku.to_owned()).or_default() += units;
    }

    pub fn placed(&self, order: String, payment: String) {
        let mut state = self.state();
        remember(&mut state.orders, order);
        remember(&mut state.payments, payment);
    }

    pub fn reviewed(&self, review: String) {
        remember(&mut self.state().reviews, review);
    }

    pub fn categorised(&self, category: String) {
        remember(&mut self.state().categories, category);
    }

    pub fn a_thing(&self, random: &mut Random) -> Thing {
        // Proof: the shop's own were offered before anybody came.
        pick(&self.state().things, random).unwrap()
    }

    pub fn an_order(&self, random: &mut Random) -> Option<String> {
        pick(&self.state().orders, random)
    }

    pub fn a_payment(&self, random: &mut Random) -> Option<String> {
        pick(&self.state().payments, random)
    }

    pub fn a_review(&self, random: &mut Random) -> Option<String> {
        pick(&self.state().reviews, random)
    }

    pub fn a_category(&self, random: &mut Random) -> Option<String> {
        pick(&self.state().categories, random)
    }

    pub fn received_units(&self) -> BTreeMap<String, i64> {
        self.state().received.clone()
    }

    pub fn is_wrong(&self, told: String) {
        self.state().wrong.push(told);
    }

    pub fn wrong(&self) -> Vec<String> {
        self.state().wrong.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn remember<T>(list: &mut Vec<T>, item: T) {
    if list.len() == REMEMBERED {
        list.remove(REMEMBERED / 2); // the shop's own stay, at the beginning
    }
    list.push(item);
}

fn pick<T: Clone>(list: &[T], random: &mut Random) -> Option<T> {
    if list.is_empty() {
        return None;
    }
    let index = usize::try_from(random.below(list.len() as u64)).unwrap();
    Some(list[index].clone())
}
