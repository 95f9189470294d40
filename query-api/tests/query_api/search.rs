//! Searching the catalogue: what is found, and that nothing typed is ever an operator.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::database::{Database, on_each_database};
use crate::shop::Shop;
use crate::story::*;

on_each_database! {
    every_word_must_occur_and_the_last_may_be_a_beginning,
    a_name_that_matches_comes_before_a_description_that_does,
    what_is_typed_is_words_whatever_it_looks_like,
    a_search_has_an_end,
    mistyped_words_find_what_was_meant,
    a_word_goes_with_the_last_product_that_had_it,
    a_removed_or_renamed_product_is_not_found_by_its_old_name,
}

async fn shop(database: Database) -> Shop {
    let shop = Shop::open(database).await;
    let mut story: Vec<_> = [
        (1, "Red Mug"),
        (2, "Red Plate"),
        (3, "Café Crème Bowl"),
        (4, "NOT AND OR NEAR"),
        (5, "кружка синяя"),
        (6, "हिन्दी किताब"),
    ]
    .into_iter()
    .map(|(n, name)| of_catalogue(added(n, name, 100)))
    .collect();
    let mut described = added(7, "Saucer", 100);
    "goes with the red mug".clone_into(&mut described.description);
    story.push(of_catalogue(described));
    shop.tell(story).await;
    shop
}

/// The text as a query string has it.
fn encoded(text: &str) -> String {
    text.bytes()
        .fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02X}"))
}

async fn search(shop: &Shop, typed: &str) -> Answer {
    shop.get(format!("/api/products?q={}", encoded(typed))).await
}

async fn found(shop: &Shop, typed: &str) -> Vec<u128> {
    let answer = search(shop, typed).await.ok();
    let mut found: Vec<_> = answer.items().iter().map(|item| number(&item["id"])).collect();
    found.sort_unstable();
    found
}

async fn every_word_must_occur_and_the_last_may_be_a_beginning(database: Database) {
    let shop = shop(database).await;
    for (typed, expected) in [
        ("red", vec![1, 2, 7]),
        ("mug red", vec![1, 7]),
        ("red mu", vec![1, 7]),
        ("mu red", vec![]),
        ("RED PLATE", vec![2]),
        ("cafe creme", vec![3]),
        ("CAFÉ", vec![3]),
        ("кружка", vec![5]),
        ("КРУЖ", vec![5]),
        ("हिन्दी", vec![6]),
        ("2a", vec![2]),
        ("unheard", vec![]),
        ("  ", vec![1, 2, 3, 4, 5, 6, 7]),
    ] {
        assert_eq!(found(&shop, typed).await, expected, "{typed}");
    }
}

async fn a_name_that_matches_comes_before_a_description_that_does(database: Database) {
    let shop = shop(database).await;
    let answer = search(&shop, "red mug").await.ok();
    assert_eq!(answer.each("name")[0], "Red Mug");
}

async fn what_is_typed_is_words_whatever_it_looks_like(database: Database) {
    let shop = shop(database).await;
    for (typed, expected) in [
        ("\"red\"", vec![1, 2, 7]),
        ("red\" mug", vec![1, 7]),
        ("red OR plate", vec![]),
        ("red AND mug", vec![]),
        ("NOT", vec![4]),
        ("and or near", vec![4]),
        ("NEAR(red mug, 5)", vec![]),
        ("red* (mug)", vec![1, 7]),
        ("-red +mug", vec![1, 7]),
        ("name:red", vec![]),
        ("^red {mug}", vec![1, 7]),
        ("red; DROP TABLE products; --", vec![]),
        ("red\0mug", vec![1, 7]),
        ("%_red_%", vec![1, 2, 7]),
        ("\u{345}", vec![]),
        ("red \u{345}", vec![1, 2, 7]),
        ("🍵 red", vec![1, 2, 7]),
    ] {
        assert_eq!(found(&shop, typed).await, expected, "{typed:?}");
    }
    for nothing in ["*", "\"", "()", "-", "' \" ; --", "!!! ???", "🍵", "\0", "…"] {
        assert!(found(&shop, nothing).await.is_empty(), "{nothing:?}");
    }
}

async fn a_search_has_an_end(database: Database) {
    let shop = shop(database).await;
    let long = "é".repeat(200);
    assert!(found(&shop, &long).await.is_empty());
    let answer = search(&shop, &format!("{long}e"))
        .await
        .refused(400, "invalid_parameter");
    assert_eq!(answer.body["errors"][0]["field"], "q");
    assert_eq!(answer.body["errors"][0]["code"], "too_long");
    let many_words = "a ".repeat(100);
    assert_eq!(found(&shop, many_words.trim()).await, [1, 2, 3, 4, 5, 6]);
    // White space around it doesn't count.
    let padded = format!("{}red", " ".repeat(300));
    assert_eq!(found(&shop, &padded).await, [1, 2, 7]);
}

async fn a_removed_or_renamed_product_is_not_found_by_its_old_name(database: Database) {
    let shop = shop(database).await;
    let renamed = events::product::ProductDetailsChanged {
        product_id: product(2),
        name: "Green Plate".to_owned(),
        description: String::new(),
        category: None,
    };
    let removed = events::product::ProductRemoved {
        product_id: product(1),
    };
    assert_eq!(found(&shop, "red").await, [1, 2, 7]);
    shop.tell([of_catalogue(renamed), of_catalogue(removed)]).await;
    assert_eq!(found(&shop, "red").await, [7]);
    assert_eq!(found(&shop, "green").await, [2]);
}

/// What was found, and which words were taken for others.
async fn meant(shop: &Shop, typed: &str) -> (Vec<u128>, Value) {
    let answer = search(shop, typed).await.ok();
    (found(shop, typed).await, answer.body["corrected"].clone())
}

async fn mistyped_words_find_what_was_meant(database: Database) {
    let shop = shop(database).await;
    let candles = [
        (8, "Scented candle"),
        (9, "Candle holder"),
        (10, "Candles"),
        (11, "Mgu, a game"),
    ];
    shop.tell(candles.map(|(n, name)| of_catalogue(added(n, name, 100))))
        .await;
    for (typed, expected, corrected) in [
        ("candel", vec![8, 9, 10], json!({"candel": "candle"})),
        (
            "Candel hodler",
            vec![9],
            json!({"candel": "candle", "hodler": "holder"}),
        ),
        ("scented cndle", vec![8], json!({"cndle": "candle"})),
        ("candlehloder", vec![], Value::Null),
        ("plaet", vec![2], json!({"plaet": "plate"})),
        ("крушка", vec![5], json!({"крушка": "кружка"})),
        // What is there as it was typed is what is found, however rare.
        ("mgu", vec![11], Value::Null),
        ("saucer", vec![7], Value::Null),
        // Known words that no product has together are left alone, and so are numbers.
        ("red candle", vec![], Value::Null),
        ("22a", vec![], Value::Null),
    ] {
        assert_eq!(meant(&shop, typed).await, (expected, corrected), "{typed}");
    }
    let facets = shop.get("/api/products?q=candel&facets=seller").await.ok();
    assert_eq!(facets.body["facets"]["seller"][0]["products"], 3);
    let page = shop.get("/api/products?q=candel&limit=2").await.ok();
    let cursor = page.body["next_cursor"].as_str().unwrap();
    let rest = shop
        .get(format!("/api/products?q=candel&limit=2&cursor={cursor}"))
        .await
        .ok();
    assert_eq!(rest.items().len(), 1);
    assert_eq!(rest.body["corrected"], json!({"candel": "candle"}));
}

async fn a_word_goes_with_the_last_product_that_had_it(database: Database) {
    let shop = shop(database).await;
    assert_eq!(meant(&shop, "palte").await, (vec![2], json!({"palte": "plate"})));
    let removed = events::product::ProductRemoved {
        product_id: product(2),
    };
    shop.tell([of_catalogue(removed)]).await;
    assert_eq!(meant(&shop, "palte").await, (vec![], Value::Null));
    shop.tell([of_catalogue(added(12, "Palate cleanser", 100))]).await;
    assert_eq!(
        meant(&shop, "palte").await,
        (vec![12], json!({"palte": "palate"}))
    );
}
