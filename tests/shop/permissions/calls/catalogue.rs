//! What is on sale, and what people think of it: categories, products, reviews, wishlists.

use serde_json::json;

use super::{Call, ONLY_OWNER};
use crate::client::visa;
use crate::permissions::people::{People, Who};
use crate::permissions::rules::{
    ADMIN, ANY_ACCOUNT, CUSTOMERS, OWNER_OR_STAFF, PUBLIC, PUBLIC_OR_LOGGED_IN, STAFF,
};

/// A call of this route that succeeds for `who`, if they may; none if it is no route of these.
pub async fn call(name: &str, who: Who, people: &People) -> Option<Call> {
    let client = people.client(who);
    let route = name.split_once(' ')?.1;
    Some(match name {
        "GET /api/categories" | "GET /api/products" => Call::new(PUBLIC, route),
        "POST /api/categories" => {
            let name = format!("New {}", people.number());
            Call::new(STAFF, route).with(json!({"name": name}))
        }
        "GET /api/categories/{id}" => Call::new(PUBLIC, people.category().await),
        "PATCH /api/categories/{id}" => {
            Call::new(STAFF, people.category().await).with(json!({"name": "Another name"}))
        }
        "DELETE /api/categories/{id}" => Call::new(STAFF, people.category().await),
        "POST /api/products" => {
            Call::new(ANY_ACCOUNT, route).with(json!({"name": "A thing", "price": "3.00", "quantity": 1}))
        }
        "GET /api/products/{id}" => {
            let id = people.product_of_owner().await;
            Call::new(PUBLIC, format!("/api/products/{id}"))
        }
        "PATCH /api/products/{id}" => {
            let id = people.product_of_owner().await;
            Call::new(OWNER_OR_STAFF, format!("/api/products/{id}")).with(json!({"price": "4.00"}))
        }
        "DELETE /api/products/{id}" => {
            let id = people.product_of_owner().await;
            Call::new(OWNER_OR_STAFF, format!("/api/products/{id}"))
        }
        "POST /api/products/{id}/stock" => {
            let id = people.product_of_owner().await;
            Call::new(OWNER_OR_STAFF, format!("/api/products/{id}/stock")).with(json!({"receive": 5}))
        }
        "GET /api/products/{id}/history" => {
            let id = people.product_of_owner().await;
            Call::new(OWNER_OR_STAFF, format!("/api/products/{id}/history"))
        }
        "GET /api/products/suggestions" => Call::new(PUBLIC, "/api/products/suggestions?q=the"),
        "GET /api/products/export" => Call::new(ANY_ACCOUNT, route),
        "POST /api/products/batch" => {
            let sku = format!("BATCH-{}", people.number());
            let row = json!({"sku": sku, "name": "One of many", "price": "3.00", "quantity": 1});
            Call::new(ANY_ACCOUNT, route).with(json!([row]))
        }
        "POST /api/products/{id}/images" => {
            let id = people.product_of_owner().await;
            Call::new(OWNER_OR_STAFF, format!("/api/products/{id}/images")).with_png()
        }
        "PATCH /api/products/{id}/images/{image}" => {
            let (product, image) = people.image().await;
            let alt = format!("View {}", people.number());
            Call::new(OWNER_OR_STAFF, format!("/api/products/{product}/images/{image}"))
                .with(json!({"alt": alt}))
        }
        "DELETE /api/products/{id}/images/{image}" => {
            let (product, image) = people.image().await;
            Call::new(OWNER_OR_STAFF, format!("/api/products/{product}/images/{image}"))
        }
        "GET /api/images/{id}/{file}" => {
            let (_, image) = people.image().await;
            Call::new(PUBLIC, format!("/api/images/{image}/160.webp"))
        }
        "POST /api/products/bulk" => {
            let id = people.product_of_owner().await;
            Call::new(ADMIN, route).with(json!({"ids": [id], "action": "archive"}))
        }
        "POST /api/products/{id}/purchase" | "PUT /api/products/{id}/purchase" => {
            let id = people.product_of_shop().await;
            Call::new(CUSTOMERS, format!("/api/products/{id}/purchase")).with(json!({"payment": visa()}))
        }

        "GET /api/products/{id}/reviews" => {
            let (product, _) = people.review().await;
            Call::new(PUBLIC_OR_LOGGED_IN, format!("/api/products/{product}/reviews"))
        }
        "PUT /api/products/{id}/reviews/mine" => {
            let product = people.product_of_shop().await;
            Call::new(CUSTOMERS, format!("/api/products/{product}/reviews/mine"))
                .with(json!({"rating": 3, "author": "Somebody"}))
        }
        "DELETE /api/products/{id}/reviews/mine" => {
            let product = people.product_of_shop().await;
            let path = format!("/api/products/{product}/reviews/mine");
            people.made(
                client
                    .put(&path, &json!({"rating": 3, "author": "Somebody"}))
                    .await,
            );
            Call::new(CUSTOMERS, path)
        }
        "POST /api/reviews/{id}/hide" => {
            let (_, review) = people.review().await;
            Call::new(STAFF, format!("/api/reviews/{review}/hide")).with(json!({"reason": "rude"}))
        }
        "POST /api/reviews/{id}/restore" => {
            let (_, review) = people.review().await;
            let hide = format!("/api/reviews/{review}/hide");
            people.made(people.admin.post(&hide, &json!({"reason": "rude"})).await);
            Call::new(STAFF, format!("/api/reviews/{review}/restore")).with(json!({"reason": "polite"}))
        }
        "GET /api/wishlist" => {
            let product = people.product_of_shop().await;
            let path = format!("/api/wishlist/items/{product}");
            people.made(people.owner.put(&path, &json!({})).await);
            Call::new(ANY_ACCOUNT, route).showing(product, ONLY_OWNER)
        }
        "PUT /api/wishlist/items/{product}" => {
            let product = people.product_of_shop().await;
            Call::new(CUSTOMERS, format!("/api/wishlist/items/{product}")).with(json!({}))
        }
        "DELETE /api/wishlist/items/{product}" => {
            let product = people.product_of_shop().await;
            let path = format!("/api/wishlist/items/{product}");
            people.made(client.put(&path, &json!({})).await);
            Call::new(CUSTOMERS, path)
        }
        _ => return None,
    })
}
