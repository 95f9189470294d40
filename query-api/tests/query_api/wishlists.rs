//! One's wishlist, as the catalogue has it now.

use events::product::{ProductRemoved, VariantPriceChanged};
use serde_json::{Value, json};

use crate::database::{Database, on_each_database};
use crate::shop::{Shop, customer};
use crate::story::*;

on_each_database! {
    a_wishlist_shows_the_catalogue_of_now,
    a_wishlist_is_its_owners_and_comes_page_by_page,
}

async fn shop(database: Database) -> Shop {
    let shop = Shop::open(database).await;
    shop.tell([
        of_catalogue(added(1, "Red Mug", 150)),
        of_catalogue(added(2, "Plate", 1000)),
        of_catalogue(added(3, "Bowl", 500)),
        received(1, 10),
        wished(1, 1),
        wished(1, 2),
        wished(1, 3),
        wished(2, 2),
    ])
    .await;
    shop
}

async fn a_wishlist_shows_the_catalogue_of_now(database: Database) {
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
    let answer = shop.get("/api/wishlist").by(&customer(1)).await.ok();
    assert_eq!(answer.headers["cache-control"], "private, no-cache");
    let items = answer.items();
    let wished: Vec<_> = items.iter().map(|item| number(&item["product_id"])).collect();
    assert_eq!(wished, [3, 2, 1], "the latest first");
    assert_eq!(items[0]["name"], "Bowl");
    assert_eq!(items[0]["available"], 0);
    assert_eq!(
        (&items[1]["name"], &items[1]["price"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(items[2]["price"], json!({"amount": "1.75", "currency": "GBP"}));
    assert_eq!(items[2]["available"], 10);
}

async fn a_wishlist_is_its_owners_and_comes_page_by_page(database: Database) {
    let shop = shop(database).await;
    shop.get("/api/wishlist").await.refused(401, "token_missing");
    let others = shop.get("/api/wishlist").by(&customer(2)).await.ok();
    assert_eq!(others.each("name"), ["Plate"]);
    let nobodys = shop.get("/api/wishlist").by(&customer(3)).await.ok();
    assert_eq!(nobodys.body, json!({"items": [], "next_cursor": null}));
    let mut cursor = String::new();
    for name in ["Bowl", "Plate", "Red Mug"] {
        let page = shop
            .get(format!("/api/wishlist?limit=1{cursor}"))
            .by(&customer(1))
            .await
            .ok();
        assert_eq!(page.each("name"), [name]);
        cursor = match page.body["next_cursor"].as_str() {
            Some(next) => format!("&cursor={next}"),
            None => String::new(),
        };
    }
    assert_eq!(cursor, "", "the third page is the last");
}
