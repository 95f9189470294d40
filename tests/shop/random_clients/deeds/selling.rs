//! Listing, editing, restocking and removing one's own things; and trying it with another's.

use reqwest::Method;
use serde_json::json;

use super::Person;
use crate::random_clients::world::Thing;

/// Most units of something that somebody lists.
const UNITS_MAX: u64 = 6;
/// Prices are below this, in pence.
const PENCE_MAX: u64 = 2_000;

fn price(person: &mut Person) -> String {
    let pence = 1 + person.random.below(PENCE_MAX);
    format!("{}.{:02}", pence / 100, pence % 100)
}

pub async fn list(person: &mut Person) {
    let is_unique = !person.works_here && person.one_in(4);
    let units = if is_unique {
        1
    } else {
        person.random.below(UNITS_MAX)
    };
    let mut body =
        json!({"name": format!("A thing of {}", person.name), "price": price(person), "quantity": units});
    if is_unique {
        body["one_of_a_kind"] = json!(true);
    }
    if let Some(category) = person.world.clone().a_category(&mut person.random) {
        body["category"] = json!(category);
    }
    let listed = person
        .command(Method::POST, "/api/products", "/api/products", &body)
        .await;
    if listed.status != 201 {
        return;
    }
    let product = listed.body["product_id"].as_str().unwrap().to_owned();
    let path = format!("/api/products/{product}");
    let seen = person.query("/api/products/{id}", &path).await;
    let Some(sku) = seen.body["variants"][0]["sku"].as_str() else {
        // Somebody may have bought it already, if it's one of a kind; or staff took it off sale.
        return;
    };
    if !is_unique {
        person.world.received(sku, units.cast_signed());
    }
    person.world.offer(Thing {
        product,
        sku: sku.to_owned(),
        seller: Some(person.number),
    });
}

/// With the tag of now, and then with the same, which is stale by then.
pub async fn edit(person: &mut Person) {
    let thing = person.world.clone().a_thing(&mut person.random);
    let path = format!("/api/products/{}", thing.product);
    let route = "/api/products/{id}";
    let seen = person.query(route, &path).await;
    let Some(tag) = seen
        .headers
        .get("etag")
        .and_then(|tag| tag.to_str().ok())
        .map(str::to_owned)
    else {
        return;
    };
    for try_number in 0..2 {
        let body = json!({"price": price(person), "name": format!("A thing, edited {}", person.random.below(1_000))});
        let headers = [("if-match", tag.as_str())];
        let edited = person
            .command_with(Method::PATCH, route, &path, &body, &headers)
            .await;
        if edited.status == 200 && try_number == 1 {
            person.wrong(&format!("{path} was edited twice with the tag {tag}"));
        }
        if edited.status != 200 {
            return;
        }
    }
}

pub async fn restock(person: &mut Person) {
    let thing = person.world.clone().a_thing(&mut person.random);
    let path = format!("/api/products/{}/stock", thing.product);
    let units = 1 + person.random.below(UNITS_MAX);
    let takes_away = person.one_in(3);
    let body = if takes_away {
        json!({"sku": thing.sku, "adjust": -units.cast_signed(), "reason": "broken"})
    } else {
        json!({"sku": thing.sku, "receive": units})
    };
    let stocked = person
        .command(Method::POST, "/api/products/{id}/stock", &path, &body)
        .await;
    if stocked.status == 200 {
        let units = units.cast_signed();
        person
            .world
            .received(&thing.sku, if takes_away { -units } else { units });
    }
}

pub async fn remove(person: &mut Person) {
    let thing = person.world.clone().a_thing(&mut person.random);
    // The shop's own stay, so that there is always something to buy; staff could remove them.
    if thing.seller != Some(person.number) && person.works_here {
        return;
    }
    let path = format!("/api/products/{}", thing.product);
    person
        .command(Method::DELETE, "/api/products/{id}", &path, &json!({}))
        .await;
}
