//! The cart of somebody who isn't logged in, found by its token.

use events::guest_cart::{GuestCartEvent, GuestCartItemSet, GuestCartMerged, GuestCartStarted};
use events::ids::GuestCartId;
use serde_json::json;
use uuid::Uuid;
use web::cart_token::CartToken;

use crate::database::{Database, on_each_database};
use crate::shop::{Shop, customer};
use crate::story::*;

on_each_database! {
    a_token_opens_its_cart_and_no_other,
    a_merged_cart_is_empty_for_who_still_has_its_token,
    who_is_logged_in_sees_their_own_whatever_the_token,
}

const CART: GuestCartId = GuestCartId(Uuid::from_u128(7));

fn token(secret: &str) -> String {
    format!("{CART}.{secret}")
}

fn of_cart(event: impl Into<GuestCartEvent>) -> events::Event {
    event.into().into()
}

/// A guest's cart with two mugs; the token's secret is `right`.
async fn shop(database: Database) -> Shop {
    let shop = Shop::open(database).await;
    let started = GuestCartStarted {
        cart_id: CART,
        token_hash: CartToken::parse(&token("right")).unwrap().hash,
        started_at: at(0),
        expires_at: at(60),
    };
    let set = GuestCartItemSet {
        cart_id: CART,
        sku: sku(1, 'a'),
        product_id: product(1),
        quantity: 2,
    };
    shop.tell([
        of_catalogue(added(1, "Red Mug", 150)),
        received(1, 10),
        of_cart(started),
        of_cart(set),
    ])
    .await;
    shop
}

async fn a_token_opens_its_cart_and_no_other(database: Database) {
    let shop = shop(database).await;
    let total = async |name: &str, value: &str| {
        let answer = shop.get("/api/cart").header(name, value).await.ok();
        answer.body["total"]["amount"].clone()
    };
    let header = "tillstream-cart-token";
    assert_eq!(total(header, &token("right")).await, json!("3.00"));
    let cookie = format!("a=b; tillstream_cart={}", token("right"));
    assert_eq!(total("cookie", &cookie).await, json!("3.00"));
    for wrong in [&*token("wrong"), "nonsense", &format!("{}.right", Uuid::nil())] {
        assert_eq!(total(header, wrong).await, json!("0.00"), "{wrong}");
    }
    let nobody = shop.get("/api/cart").await.ok();
    assert_eq!(nobody.body["items"], json!([]));
}

async fn a_merged_cart_is_empty_for_who_still_has_its_token(database: Database) {
    let shop = shop(database).await;
    let merged = GuestCartMerged {
        cart_id: CART,
        account_id: account(1),
        merged_at: at(1),
    };
    shop.tell([of_cart(merged)]).await;
    let answer = shop
        .get("/api/cart")
        .header("tillstream-cart-token", token("right"));
    assert_eq!(answer.await.ok().body["items"], json!([]));
}

async fn who_is_logged_in_sees_their_own_whatever_the_token(database: Database) {
    let shop = shop(database).await;
    let answer = shop
        .get("/api/cart")
        .header("tillstream-cart-token", token("right"));
    let answer = answer.by(&customer(1)).await.ok();
    assert_eq!(answer.body["items"], json!([]));
}
