//! Products: details, lists with their filters, histories, and what the cache makes of a change.

use events::Event;
use events::money::Money;
use events::product::{
    ProductDetailsChanged, ProductRemoved, VariantAdded, VariantPriceChanged, VariantRemoved,
};
use events::stock::StockAdjusted;

use crate::database::{Database, on_each_database};
use crate::shop::{Shop, customer, staff};
use crate::story::*;

on_each_database! {
    a_product_shows_its_variants_and_their_stock,
    a_products_history_tells_what_moved_its_stock,
    what_is_cached_changes_with_the_product,
    another_products_change_leaves_a_cached_answer_true_and_moves_its_position,
    stock_that_moved_is_seen_at_its_position,
    a_variant_comes_and_goes_and_keeps_its_stock,
    a_list_shows_what_meets_every_filter,
    a_list_by_category_follows_the_tree,
    a_wrong_filter_is_named,
}

/// A red mug of seller 2's in two forms, ten of the first on the shelf, three of them promised.
fn mug() -> Vec<Event> {
    let mut mug = added(1, "Red Mug", 150);
    mug.seller = Some(account(2));
    mug.category = Some(category(1));
    mug.variants.push(variant(1, 'b', 250));
    vec![of_catalogue(mug), received(1, 10), reserved(1, 1, 3)]
}

fn detail(n: u128) -> String {
    format!("/api/products/{}", product(n))
}

fn edited(n: u128, name: &str) -> Event {
    of_catalogue(ProductDetailsChanged {
        product_id: product(n),
        name: name.to_owned(),
        description: "blue".to_owned(),
        category: None,
    })
}

fn removed(n: u128) -> Event {
    of_catalogue(ProductRemoved {
        product_id: product(n),
    })
}

async fn a_product_shows_its_variants_and_their_stock(database: Database) {
    let shop = Shop::open(database).await;
    let position = shop.tell(mug()).await;
    let answer = shop.get(detail(1)).await.ok();
    assert_eq!(answer.position(), position);
    assert_eq!(answer.tag(), format!("\"1.{position}\""));
    assert_eq!(answer.headers["cache-control"], "public, no-cache");
    insta::assert_json_snapshot!("product", answer.body);
    let list = shop.get("/api/products").await.ok();
    assert_eq!(list.items(), [answer.body]);
    assert_eq!(list.body["next_cursor"], serde_json::Value::Null);
}

async fn a_products_history_tells_what_moved_its_stock(database: Database) {
    let shop = Shop::open(database).await;
    shop.tell(mug()).await;
    let dearer = VariantPriceChanged {
        product_id: product(1),
        sku: sku(1, 'a'),
        price: gbp(175),
    };
    let lost = StockAdjusted {
        sku: sku(1, 'a'),
        product_id: product(1),
        delta: -2,
        reason: "broken".to_owned(),
    };
    shop.tell([of_catalogue(dearer), of_stock(lost)]).await;
    let path = format!("{}/history", detail(1));
    let answer = shop.get(&path).by(&staff()).await.ok();
    insta::assert_json_snapshot!("product_history", answer.body);
    let of_sku = shop.get(format!("{path}?sku=1a&limit=2")).by(&staff()).await.ok();
    assert_eq!(of_sku.each("type"), ["StockReceived", "StockReserved"]);
    let cursor = of_sku.body["next_cursor"].as_str().unwrap();
    let rest = shop
        .get(format!("{path}?sku=1a&cursor={cursor}"))
        .by(&staff())
        .await
        .ok();
    assert_eq!(rest.each("type"), ["VariantPriceChanged", "StockAdjusted"]);
    let of_none = shop.get(format!("{path}?sku=1b")).by(&staff()).await.ok();
    assert!(of_none.items().is_empty());
    let of_seller = shop.get(&path).by(&customer(2)).await.ok();
    assert_eq!(of_seller.body, answer.body);
    shop.tell([removed(1)]).await;
    let afterwards = shop.get(&path).by(&customer(2)).await.ok();
    assert_eq!(afterwards.each("type").last(), Some(&"ProductRemoved"));
}

/// Everything is asked for twice, so that the second answer comes out of the cache.
async fn what_is_cached_changes_with_the_product(database: Database) {
    let shop = Shop::open(database).await;
    shop.tell(mug()).await;
    let names = async || {
        let mut seen = Vec::new();
        for _ in 0..2 {
            let one = shop.get(detail(1)).await.ok();
            let list = shop.get("/api/products?sort=name").await.ok();
            assert_eq!(list.each("name"), [one.body["name"].as_str().unwrap()]);
            seen.push((one.body["name"].clone(), one.position(), one.tag().to_owned()));
            assert_eq!(one.position(), list.position());
        }
        assert_eq!(seen[0], seen[1]);
        seen.remove(0)
    };
    let (name, _, tag) = names().await;
    assert_eq!(name, "Red Mug");
    let position = shop.tell([edited(1, "Blue Mug")]).await;
    let (name, reflected, new_tag) = names().await;
    assert_eq!((name, reflected), ("Blue Mug".into(), position));
    assert_ne!(tag, new_tag);

    shop.tell([removed(1)]).await;
    for _ in 0..2 {
        shop.get(detail(1)).await.refused(404, "not_found");
        let list = shop.get("/api/products?sort=name").await.ok();
        assert!(list.items().is_empty());
    }
}

async fn another_products_change_leaves_a_cached_answer_true_and_moves_its_position(database: Database) {
    let shop = Shop::open(database).await;
    shop.tell(mug()).await;
    let before = shop.get(detail(1)).await.ok();
    let position = shop.tell([of_catalogue(added(2, "Plate", 500))]).await;
    let after = shop.get(detail(1)).await.ok();
    assert_eq!((after.tag(), after.position()), (before.tag(), position));
    assert_eq!(shop.get("/api/products").await.ok().items().len(), 2);
}

async fn stock_that_moved_is_seen_at_its_position(database: Database) {
    let shop = Shop::open(database).await;
    shop.tell(mug()).await;
    shop.get(detail(1)).await.ok();
    shop.get("/api/products").await.ok();
    let position = shop.append([reserved(1, 2, 7)]).await;
    let one = shop.get(detail(1)).min(position).await.ok();
    let list = shop.get("/api/products").min(position).await.ok();
    assert!(one.position() >= position && list.position() >= position);
    for document in [&one.body, &list.items()[0]] {
        let stock = &document["variants"][0];
        assert_eq!(
            (&stock["on_hand"], &stock["reserved"], &stock["available"]),
            (&10.into(), &10.into(), &0.into())
        );
        assert_eq!(document["version"], 1, "stock is no edit");
    }
}

async fn a_variant_comes_and_goes_and_keeps_its_stock(database: Database) {
    let shop = Shop::open(database).await;
    shop.tell(mug()).await;
    let gone = VariantRemoved {
        product_id: product(1),
        sku: sku(1, 'a'),
    };
    shop.tell([of_catalogue(gone)]).await;
    let without = shop.get(detail(1)).await.ok();
    assert_eq!(without.body["variants"].as_array().unwrap().len(), 1);
    let back = VariantAdded {
        product_id: product(1),
        variant: variant(1, 'a', 180),
    };
    shop.tell([of_catalogue(back)]).await;
    let with = shop.get(detail(1)).await.ok();
    assert_eq!(with.body["variants"][1]["on_hand"], 10);
    assert_eq!(with.body["variants"][1]["price"]["amount"], "1.80");
}

async fn a_list_shows_what_meets_every_filter(database: Database) {
    let shop = Shop::open(database).await;
    let mut story = vec![
        created(1, None, "Kitchen"),
        created(2, Some(1), "Mugs"),
        created(3, Some(2), "Espresso"),
        created(4, None, "Garden"),
    ];
    for (n, minor, in_category) in [(1, 150, 1), (2, 250, 2), (3, 350, 3), (4, 450, 4)] {
        let mut product = added(n, &format!("thing {n}"), minor);
        product.category = Some(category(in_category));
        product.seller = (n % 2 == 0).then(|| account(7));
        story.extend([of_catalogue(product), received(n, 5)]);
    }
    let mut foreign = added(5, "thing 5", 0);
    foreign.variants[0].price = Money::new(200, "EUR".parse().unwrap());
    story.extend([of_catalogue(foreign), reserved(4, 1, 5)]);
    shop.tell(story).await;
    let (kitchen, seller) = (category(1), account(7));
    for (query, expected) in [
        ("", vec![1, 2, 3, 4, 5]),
        ("category=mugs", vec![2, 3]),
        (&format!("category={kitchen}"), vec![1, 2, 3]),
        ("category=espresso", vec![3]),
        ("category=nowhere", vec![]),
        ("category=' OR 1=1 --", vec![]),
        (&format!("seller={seller}"), vec![2, 4]),
        ("seller=shop", vec![1, 3, 5]),
        ("option.form=a", vec![1, 2, 3, 4, 5]),
        ("option.Form=A&category=mugs", vec![2, 3]),
        ("option.form=b", vec![]),
        ("option.size=a", vec![]),
        ("one_of_a_kind=true", vec![]),
        ("one_of_a_kind=false&min_price=3", vec![3, 4]),
        (&format!("category=kitchen&seller={seller}"), vec![2]),
        ("min_price=2.50", vec![2, 3, 4]),
        ("max_price=2.50", vec![1, 2]),
        ("min_price=2.5&max_price=3.5", vec![2, 3]),
        ("min_price=9", vec![]),
        ("in_stock=true", vec![1, 2, 3]),
        ("in_stock=false", vec![4, 5]),
        ("in_stock=true&category=kitchen&max_price=2", vec![1]),
        ("q=thing&category=mugs&min_price=3", vec![3]),
    ] {
        let path = format!("/api/products?sort=name&{query}").replace(' ', "%20");
        for _ in 0..2 {
            let answer = shop.get(&path).await.ok();
            let found: Vec<_> = answer.items().iter().map(|item| number(&item["id"])).collect();
            assert_eq!(found, expected, "{query}");
        }
    }
}

async fn a_list_by_category_follows_the_tree(database: Database) {
    let shop = Shop::open(database).await;
    let mut mug = added(1, "Mug", 150);
    mug.category = Some(category(2));
    shop.tell([created(1, None, "Kitchen"), created(2, None, "Mugs")])
        .await;
    shop.tell([of_catalogue(mug)]).await;
    let in_kitchen = async || {
        shop.get("/api/products?category=kitchen")
            .await
            .ok()
            .items()
            .len()
    };
    assert_eq!(in_kitchen().await, 0);
    let moved = events::category::CategoryMoved {
        category_id: category(2),
        parent: Some(category(1)),
    };
    shop.tell([of_category(moved)]).await;
    assert_eq!(in_kitchen().await, 1);
}

async fn a_wrong_filter_is_named(database: Database) {
    let shop = Shop::open(database).await;
    for (query, field) in [
        ("min_price=abc", "min_price"),
        ("max_price=1.999", "max_price"),
        ("min_price=99999999999999999999", "min_price"),
        ("in_stock=maybe", "in_stock"),
        ("sort=random", "sort"),
        ("seller=me", "seller"),
        ("facets=colour", "facets"),
        ("one_of_a_kind=1", "one_of_a_kind"),
        (
            "option.a=1&option.b=1&option.c=1&option.d=1&option.e=1&option.f=1",
            "option.f",
        ),
    ] {
        let answer = shop.get(format!("/api/products?{query}")).await;
        let answer = answer.refused(400, "invalid_parameter");
        assert_eq!(answer.body["errors"][0]["field"], field, "{}", answer.text);
    }
}
