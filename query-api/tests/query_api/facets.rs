//! Facets: what they count, and that whoever chooses one finds as many products as it said.

use std::collections::BTreeMap;

use events::Event;
use events::product::{OneOfAKindDeclared, ProductArchived, Variant, VariantOptionsChanged};
use serde_json::{Value, json};

use crate::database::{Database, on_each_database};
use crate::shop::Shop;
use crate::story::*;

on_each_database! {
    facets_tell_how_the_whole_result_is_spread,
    a_facet_leaves_its_own_filter_out,
    who_chooses_a_facet_finds_as_many_as_it_said,
    options_are_met_by_a_single_variant,
    in_stock_beside_an_option_means_the_variants_that_have_it,
    what_is_off_sale_counts_nowhere,
    a_cached_page_has_the_facets_that_were_asked_for,
}

fn shirt(n: u128, seller: Option<u128>, in_category: u128, minor: i64, forms: &[(&str, &str)]) -> Event {
    let mut shirt = added(n, &format!("Shirt {n}"), minor);
    shirt.seller = seller.map(account);
    shirt.category = Some(category(in_category));
    shirt.variants = forms
        .iter()
        .zip('a'..)
        .zip(0..)
        .map(|(((size, colour), form), place)| Variant {
            sku: sku(n, form),
            options: options(&[("Size", size), ("colour", colour)]),
            price: gbp(minor * (place + 1)),
        })
        .collect();
    of_catalogue(shirt)
}

fn options(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

async fn shop(database: Database) -> Shop {
    let shop = Shop::open(database).await;
    shop.tell([
        created(1, None, "Clothes"),
        created(2, Some(1), "Shirts"),
        created(3, Some(1), "Hats"),
        shirt(1, None, 2, 900, &[("S", "red"), ("L", "blue")]),
        shirt(2, None, 2, 2_500, &[("l", "Red")]),
        shirt(3, Some(7), 2, 2_500, &[("M", ""), ("L", "red")]),
        shirt(4, Some(8), 3, 150, &[("", "green")]),
        shirt(5, Some(8), 1, 900_000, &[("", "")]),
        received(1, 3),
        received(4, 1),
        of_catalogue(OneOfAKindDeclared {
            product_id: product(4),
        }),
    ])
    .await;
    shop
}

/// The facets of a query, all of them.
async fn facets(shop: &Shop, query: &str) -> Value {
    let answer = shop.get(format!("/api/products?facets=true&{query}")).await.ok();
    answer.body["facets"].clone()
}

fn of_sellers(facets: &Value) -> Vec<(Option<u128>, i64)> {
    let sellers = facets["seller"].as_array().unwrap().iter();
    sellers
        .map(|seller| {
            let id = Some(&seller["id"]).filter(|id| !id.is_null()).map(number);
            (id, seller["products"].as_i64().unwrap())
        })
        .collect()
}

/// The values of an option.
fn values(facets: &Value, name: &str) -> Value {
    let mut options = facets["option"].as_array().unwrap().iter();
    options.find(|option| option["name"] == name).unwrap()["values"].clone()
}

async fn facets_tell_how_the_whole_result_is_spread(database: Database) {
    let shop = shop(database).await;
    let answer = shop.get("/api/products?facets=true&limit=1").await.ok();
    assert_eq!(answer.items().len(), 1);
    insta::assert_json_snapshot!("facets", answer.body["facets"]);
    let one = shop.get("/api/products?facets=seller").await.ok();
    let asked: Vec<_> = one.body["facets"].as_object().unwrap().keys().collect();
    assert_eq!(asked, ["seller"]);
    let none = shop.get("/api/products").await.ok();
    assert!(none.body.get("facets").is_none());
    let unheard = facets(&shop, "q=unheard").await;
    assert_eq!(
        unheard,
        json!({"category": [], "price": [], "seller": [], "option": []})
    );
    assert_eq!(facets(&shop, "q=!").await, unheard);
}

async fn a_facet_leaves_its_own_filter_out(database: Database) {
    let shop = shop(database).await;
    let of_one = facets(&shop, &format!("seller={}&category=shirts", account(7))).await;
    assert_eq!(of_sellers(&of_one), [(None, 2), (Some(7), 1)]);
    let categories: Vec<_> = of_one["category"]
        .as_array()
        .unwrap()
        .iter()
        .map(|category| (category["slug"].clone(), category["products"].clone()))
        .collect();
    assert_eq!(
        categories,
        [(json!("clothes"), json!(1)), (json!("shirts"), json!(1))]
    );

    let large = facets(&shop, "option.size=l&min_price=20").await;
    assert_eq!(
        values(&large, "size"),
        json!([{"value": "L", "products": 2}, {"value": "M", "products": 1}])
    );
    assert_eq!(of_sellers(&large), [(None, 1), (Some(7), 1)]);
    assert_eq!(large["price"].as_array().unwrap().len(), 4, "{large}");
}

/// What is chosen by each value of each facet, and how many products it said there are.
fn choices(facets: &Value) -> Vec<(String, String, i64)> {
    let count = |facet: &Value| facet["products"].as_i64().unwrap();
    let each = |name: &str| facets[name].as_array().unwrap().clone();
    let mut choices = Vec::new();
    for facet in each("category") {
        let slug = facet["slug"].as_str().unwrap();
        choices.push((format!("category={slug}"), "category=".to_owned(), count(&facet)));
    }
    for facet in each("seller") {
        let id = facet["id"].as_str().unwrap_or("shop");
        choices.push((format!("seller={id}"), "seller=".to_owned(), count(&facet)));
    }
    for facet in each("price") {
        let min = facet["min"]["amount"].as_str().unwrap();
        let max = facet["max"]["amount"]
            .as_str()
            .map(|max| format!("&max_price={max}"));
        let chosen = format!("min_price={min}{}", max.unwrap_or_default());
        choices.push((chosen, "_price=".to_owned(), count(&facet)));
    }
    for option in each("option") {
        for value in option["values"].as_array().unwrap() {
            let (name, chosen) = (option["name"].as_str().unwrap(), value["value"].as_str().unwrap());
            let own = format!("option.{name}=");
            choices.push((format!("{own}{chosen}"), own, count(value)));
        }
    }
    choices
}

async fn who_chooses_a_facet_finds_as_many_as_it_said(database: Database) {
    let shop = shop(database).await;
    let mut chosen = 0;
    for query in [
        "",
        "q=shirt",
        "category=clothes",
        "category=shirts",
        "seller=shop",
        "min_price=9&max_price=30",
        "in_stock=true",
        "in_stock=false",
        "category=clothes&in_stock=true",
        "category=shirts&in_stock=false&q=shirt",
        "option.size=l&in_stock=true",
        "option.size=l&in_stock=false",
        "option.size=l&option.colour=red&in_stock=false",
        "option.colour=red&in_stock=true&seller=shop",
        "one_of_a_kind=false&q=shirt",
    ] {
        for (choice, own, said) in choices(&facets(&shop, query).await) {
            let others: Vec<_> = query
                .split('&')
                .filter(|parameter| !parameter.contains(&own))
                .collect();
            let path = format!("/api/products?{choice}&{}", others.join("&"));
            let found = shop.get(path.trim_end_matches('&')).await.ok().items().len();
            assert_eq!(i64::try_from(found).unwrap(), said, "{query}: {choice}");
            chosen += 1;
        }
    }
    assert!(chosen > 60, "{chosen}");
}

async fn options_are_met_by_a_single_variant(database: Database) {
    let shop = shop(database).await;
    let found = async |query: &str| {
        let answer = shop.get(format!("/api/products?sort=name&{query}")).await.ok();
        answer
            .items()
            .iter()
            .map(|item| number(&item["id"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(found("option.size=L&option.colour=red").await, [2, 3]);
    assert_eq!(found("option.size=S&option.size=M").await, [1, 3]);
    // The blue one of the first is an L, the red one an S.
    let red = facets(&shop, "option.colour=red").await;
    assert_eq!(
        values(&red, "size"),
        json!([{"value": "L", "products": 2}, {"value": "S", "products": 1}])
    );
    let changed = VariantOptionsChanged {
        product_id: product(1),
        sku: sku(1, 'a'),
        options: options(&[("size", "XS"), ("colour", "red")]),
    };
    shop.tell([of_catalogue(changed)]).await;
    assert_eq!(found("option.size=S").await, [] as [u128; 0]);
    assert_eq!(found("option.size=xs").await, [1]);
}

async fn in_stock_beside_an_option_means_the_variants_that_have_it(database: Database) {
    let shop = shop(database).await;
    let found = async |query: &str| {
        let answer = shop.get(format!("/api/products?sort=name&{query}")).await.ok();
        answer
            .items()
            .iter()
            .map(|item| number(&item["id"]))
            .collect::<Vec<_>>()
    };
    // Of the first, the red S is in stock and the blue L isn't.
    assert_eq!(found("option.size=S&in_stock=true").await, [1]);
    assert_eq!(found("option.size=L&in_stock=true").await, [] as [u128; 0]);
    assert_eq!(found("option.size=L&in_stock=false").await, [1, 2, 3]);
    assert_eq!(found("option.colour=red&in_stock=true").await, [1]);
    assert_eq!(found("option.colour=red&in_stock=false").await, [2, 3]);
    assert_eq!(
        found("option.size=S&option.size=L&in_stock=true").await,
        [1],
        "one of its variants will do"
    );
    let in_stock = facets(&shop, "in_stock=true").await;
    assert_eq!(values(&in_stock, "size"), json!([{"value": "S", "products": 1}]));
    // All of them are promised, and more come.
    shop.tell([reserved(1, 1, 3)]).await;
    assert_eq!(found("option.size=S&in_stock=true").await, [] as [u128; 0]);
    let none = facets(&shop, "in_stock=true").await;
    assert!(
        none["option"]
            .as_array()
            .unwrap()
            .iter()
            .all(|option| option["name"] != "size"),
        "{none}"
    );
    shop.tell([received(1, 2)]).await;
    assert_eq!(found("option.size=S&in_stock=true").await, [1]);
    let back = facets(&shop, "in_stock=true&category=shirts").await;
    assert_eq!(values(&back, "size"), json!([{"value": "S", "products": 1}]));
}

async fn what_is_off_sale_counts_nowhere(database: Database) {
    let shop = shop(database).await;
    let archive = [2, 3].map(|n| {
        of_catalogue(ProductArchived {
            product_id: product(n),
        })
    });
    shop.tell(archive).await;
    let left = facets(&shop, "category=shirts").await;
    assert_eq!(of_sellers(&left), [(None, 1)]);
    assert_eq!(left["option"][0]["values"].as_array().unwrap().len(), 2);
    shop.tell([archived(2)]).await;
    let without = facets(&shop, "").await;
    let slugs: Vec<_> = without["category"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["slug"])
        .collect();
    assert_eq!(slugs, ["clothes", "hats"], "an archived one can't be chosen");
    assert_eq!(without["category"][0]["products"], 3, "and counts above");
}

async fn a_cached_page_has_the_facets_that_were_asked_for(database: Database) {
    let shop = shop(database).await;
    for _ in 0..2 {
        let with = shop.get("/api/products?facets=seller,price").await.ok();
        assert_eq!(with.body["facets"].as_object().unwrap().len(), 2);
        let without = shop.get("/api/products").await.ok();
        assert!(without.body["facets"].is_null());
    }
    // A category that moves is seen at once.
    let all = async || facets(&shop, "").await["category"][0].clone();
    assert_eq!(all().await["products"], 5);
    let moved = events::category::CategoryMoved {
        category_id: category(2),
        parent: None,
    };
    shop.tell([of_category(moved)]).await;
    assert_eq!(all().await["products"], 3);
}
