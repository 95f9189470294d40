//! What staff do with everybody's orders, payments, reviews and categories. Who isn't staff tries it, too, and is refused.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::Person;

/// Others try it once in so many times.
const TRIED: u64 = 6;

pub async fn work(person: &mut Person) {
    if !person.works_here && !person.one_in(TRIED) {
        return;
    }
    let world = person.world.clone();
    match person.random.below(6) {
        0 | 1 => {
            let Some(order) = world.an_order(&mut person.random) else {
                return;
            };
            for step in ["ship", "deliver"] {
                let (route, path) = (
                    format!("/api/orders/{{id}}/{step}"),
                    format!("/api/orders/{order}/{step}"),
                );
                post(person, &route, &path, json!({})).await;
            }
        }
        2 => {
            let Some(payment) = world.a_payment(&mut person.random) else {
                return;
            };
            let path = format!("/api/payments/{payment}/refund");
            post(
                person,
                "/api/payments/{id}/refund",
                &path,
                json!({"amount": "0.50"}),
            )
            .await;
        }
        3 => {
            let Some(review) = world.a_review(&mut person.random) else {
                return;
            };
            let step = if person.one_in(2) { "hide" } else { "restore" };
            let (route, path) = (
                format!("/api/reviews/{{id}}/{step}"),
                format!("/api/reviews/{review}/{step}"),
            );
            post(person, &route, &path, json!({"reason": "so it is"})).await;
        }
        4 => sort_categories(person).await,
        _ => {
            let path = "/api/analytics/sales";
            let seen = person.query(path, path).await;
            expect_role(person, path, seen.status);
        }
    }
}

async fn sort_categories(person: &mut Person) {
    let world = person.world.clone();
    let name = format!("Category {}", person.random.below(1_000_000));
    let Some(category) = world.a_category(&mut person.random).filter(|_| person.one_in(2)) else {
        let path = "/api/categories";
        let made = post(person, path, path, json!({"name": name})).await;
        if let Some(id) = made {
            world.categorised(id);
        }
        return;
    };
    let (route, path) = ("/api/categories/{id}", format!("/api/categories/{category}"));
    if person.one_in(6) {
        person.command(Method::DELETE, route, &path, &json!({})).await;
        return;
    }
    let parent = world.a_category(&mut person.random);
    let body = json!({"name": name, "parent": parent});
    let edited = person.command(Method::PATCH, route, &path, &body).await;
    expect_role(person, &path, edited.status);
}

/// The id of the category that was made, if one was.
async fn post(person: &mut Person, route: &str, path: &str, body: serde_json::Value) -> Option<String> {
    let answer = person.command(Method::POST, route, path, &body).await;
    expect_role(person, path, answer.status);
    answer.body["category_id"].as_str().map(str::to_owned)
}

fn expect_role(person: &Person, path: &str, status: StatusCode) {
    if !person.works_here && status != StatusCode::FORBIDDEN {
        person.wrong(&format!(
            "{path} is answered {status} to somebody who isn't staff"
        ));
    }
}
