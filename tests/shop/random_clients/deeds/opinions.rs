//! Reviews and wishes.

use reqwest::Method;
use serde_json::json;

use super::Person;

pub async fn say_or_wish(person: &mut Person) {
    let thing = person.world.clone().a_thing(&mut person.random);
    let review = format!("/api/products/{}/reviews/mine", thing.product);
    let wish = format!("/api/wishlist/items/{}", thing.product);
    let (review_route, wish_route) = ("/api/products/{id}/reviews/mine", "/api/wishlist/items/{product}");
    match person.random.below(4) {
        0 | 1 => {
            let stars = person.random.below(7); // 0 and 6 are no rating
            let body = json!({"rating": stars, "text": "as it is", "author": person.name});
            let posted = person.command(Method::PUT, review_route, &review, &body).await;
            if let Some(id) = posted.body["review_id"].as_str() {
                person.world.reviewed(id.to_owned());
            }
        }
        2 => {
            person
                .command(Method::DELETE, review_route, &review, &json!({}))
                .await;
        }
        _ => {
            let method = if person.one_in(3) {
                Method::DELETE
            } else {
                Method::PUT
            };
            person.command(method, wish_route, &wish, &json!({})).await;
        }
    }
}
