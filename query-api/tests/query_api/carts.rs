//! One's cart at the prices of now.

use events::money::Money;
use events::product::{ProductRemoved, VariantPriceChanged};
use serde_json::{Value, json};

use crate::database::{Database, on_each_database};
use crate::shop::{Shop, customer};
use crate::story::*;

on_each_database! {
    a_cart_has_its_lines_and_what_they_come_to,
    an_empty_cart_is_a_cart,
    prices_follow_the_catalogue_and_what_is_gone_has_none,
    a_price_in_another_currency_stands_in_its_line_only,
    a_line_that_no_amount_can_hold_has_no_subtotal,
}

async fn shop(database: Database) -> Shop {
    let shop = Shop::open(database).await;
    shop.tell([
        of_catalogue(added(1, "Red Mug", 150)),
        of_catalogue(added(2, "Plate", 1000)),
        received(1, 10),
        received(2, 1),
        in_cart(1, 1, 2),
        in_cart(1, 2, 3),
    ])
    .await;
    shop
}

async fn a_cart_has_its_lines_and_what_they_come_to(database: Database) {
    let shop = shop(database).await;
    let answer = shop.get("/api/cart").by(&customer(1)).await.ok();
    insta::assert_json_snapshot!("cart", answer.body);
    assert_eq!(answer.headers["cache-control"], "private, no-cache");
}

async fn an_empty_cart_is_a_cart(database: Database) {
    let shop = shop(database).await;
    let answer = shop.get("/api/cart").by(&customer(2)).await.ok();
    let empty = json!({"items": [], "total": {"amount": "0.00", "currency": "GBP"}});
    assert_eq!(answer.body, empty);
}

async fn prices_follow_the_catalogue_and_what_is_gone_has_none(database: Database) {
    let shop = shop(database).await;
    let dearer = VariantPriceChanged {
        product_id: product(1),
        sku: sku(1, 'a'),
        price: gbp(175),
    };
    let gone = ProductRemoved {
        product_id: product(2),
    };
    shop.tell([of_catalogue(dearer), of_catalogue(gone)]).await;
    let answer = shop.get("/api/cart").by(&customer(1)).await.ok();
    let lines = answer.items();
    assert_eq!(lines[0]["unit_price"]["amount"], "1.75");
    assert_eq!(lines[0]["subtotal"]["amount"], "3.50");
    for gone in ["name", "unit_price", "subtotal"] {
        assert_eq!(lines[1][gone], Value::Null);
    }
    assert_eq!(
        (&lines[1]["available"], &lines[1]["quantity"]),
        (&0.into(), &3.into())
    );
    assert_eq!(answer.body["total"]["amount"], "3.50");
}

async fn a_price_in_another_currency_stands_in_its_line_only(database: Database) {
    let shop = shop(database).await;
    let mut foreign = added(3, "Tasse", 0);
    foreign.variants[0].price = Money::new(500, "EUR".parse().unwrap());
    shop.tell([of_catalogue(foreign), in_cart(1, 3, 1)]).await;
    let answer = shop.get("/api/cart").by(&customer(1)).await.ok();
    let subtotal = json!({"amount": "5.00", "currency": "EUR"});
    assert_eq!(answer.items()[2]["subtotal"], subtotal);
    assert_eq!(
        answer.body["total"],
        json!({"amount": "33.00", "currency": "GBP"})
    );
}

/// Such a line answered 500 for the whole cart.
async fn a_line_that_no_amount_can_hold_has_no_subtotal(database: Database) {
    let shop = shop(database).await;
    let dear = added(3, "Ring", i64::MAX);
    shop.tell([of_catalogue(dear), in_cart(1, 3, 2)]).await;
    let answer = shop.get("/api/cart").by(&customer(1)).await.ok();
    assert_eq!(answer.items()[2]["subtotal"], Value::Null);
    assert_eq!(answer.items()[2]["unit_price"]["amount"], "92233720368547758.07");
}
