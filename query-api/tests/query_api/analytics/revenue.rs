//! Revenue by what it is divided by, to the penny.

use events::Event;
use events::category::CategoryMoved;
use serde_json::{Value, json};

use super::{asked, shop};
use crate::database::{Database, on_each_database};
use crate::shop::staff;
use crate::story::*;

on_each_database! {
    revenue_is_divided_without_a_penny_left,
    a_category_has_what_is_below_it_now,
}

async fn revenue_is_divided_without_a_penny_left(database: Database) {
    let shop = shop(database).await;
    for (by, expected) in [
        (
            "category",
            json!([[null, null, "20.00"], [category(2), "Mugs & cups", "4.50"]]),
        ),
        (
            "country",
            json!([["Spain", "Spain", "13.00"], ["France", "France", "11.50"]]),
        ),
        (
            "seller",
            json!([[null, null, "20.00"], [account(2), "user2", "4.50"]]),
        ),
    ] {
        let answer = asked(&shop, &staff(), &format!("revenue?by={by}")).await.ok();
        let rows: Value = answer
            .items()
            .iter()
            .map(|item| json!([item["key"], item["name"], item["net"]["amount"]]))
            .collect();
        assert_eq!(rows, expected, "{by}");
        assert_eq!(answer.body["total"]["net"]["amount"], "24.50", "{by}");
        assert_eq!(answer.body["others_net"]["amount"], "0.00", "{by}");
    }
    let largest = asked(&shop, &staff(), "revenue?by=country&limit=1").await.ok();
    assert_eq!(largest.body["others_net"]["amount"], "11.50");
}

async fn a_category_has_what_is_below_it_now(database: Database) {
    let shop = shop(database).await;
    shop.tell([
        created(3, None, "Kitchen"),
        created(4, None, "Garden"),
        moved(2, Some(3)),
    ])
    .await;
    let by_category = async || {
        let answer = asked(&shop, &staff(), "revenue").await.ok();
        assert_eq!(answer.body["total"]["net"]["amount"], "24.50");
        assert_eq!(answer.body["others_net"]["amount"], "0.00");
        let rows = answer.items().iter();
        rows.map(|item| json!([item["name"], item["net"]["amount"]]))
            .collect::<Value>()
    };
    let mut found = by_category().await;
    found.as_array_mut().unwrap()[1..].sort_by_key(Value::to_string);
    assert_eq!(
        found,
        json!([[null, "20.00"], ["Kitchen", "4.50"], ["Mugs & cups", "4.50"]])
    );
    // What isn't shown, and is below nothing that is, is among the others.
    let one = asked(&shop, &staff(), "revenue?limit=1").await.ok();
    assert_eq!(one.body["others_net"]["amount"], "4.50");
    let over_time = async |n: u128| {
        let query = format!(
            "sales-over-time?from=2011-03-13&to=2011-04-30&category={}",
            category(n)
        );
        let answer = asked(&shop, &staff(), &query).await.ok();
        answer.body["total"]["net"]["amount"].clone()
    };
    assert_eq!([over_time(3).await, over_time(4).await], ["4.50", "0.00"]);
    // One that moves takes its past along.
    shop.tell([moved(2, Some(4))]).await;
    let names = by_category().await.to_string();
    assert!(names.contains("Garden") && !names.contains("Kitchen"), "{names}");
    assert_eq!([over_time(3).await, over_time(4).await], ["0.00", "4.50"]);
}

fn moved(n: u128, parent: Option<u128>) -> Event {
    of_category(CategoryMoved {
        category_id: category(n),
        parent: parent.map(category),
    })
}
