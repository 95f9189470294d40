//! Sales over time, and what sold best.

use events::money::{Currency, Money};
use roxmltree::Document;
use serde_json::json;

use super::{HOSTILE, asked, figures, shop};
use crate::database::{Database, on_each_database};
use crate::shop::staff;
use crate::story::*;

on_each_database! {
    sales_are_told_per_day_week_and_month,
    sales_are_told_of_a_part,
    what_sold_best_and_who_sold_it,
    what_sold_best_between_any_two_days,
    currencies_are_never_mixed,
}

async fn sales_are_told_per_day_week_and_month(database: Database) {
    let shop = shop(database).await;
    for (query, expected) in [
        (
            "from=2011-03-12&to=2011-03-14",
            vec![
                ("2011-03-12", json!([0, 0, "0.00", 0, 0, "0.00", "0.00"])),
                ("2011-03-13", json!([2, 6, "26.00", 0, 0, "0.00", "26.00"])),
                ("2011-03-14", json!([1, 3, "13.00", 1, 1, "1.50", "11.50"])),
            ],
        ),
        (
            "bucket=week&from=2011-03-13&to=2011-03-15",
            vec![
                ("2011-W10", json!([2, 6, "26.00", 0, 0, "0.00", "26.00"])),
                ("2011-W11", json!([1, 3, "13.00", 1, 1, "1.50", "11.50"])),
            ],
        ),
        // Of March only the days from the 14th on.
        (
            "bucket=month&from=2011-03-14",
            vec![
                ("2011-03", json!([1, 3, "13.00", 1, 1, "1.50", "11.50"])),
                ("2011-04", json!([0, 0, "0.00", 1, 3, "13.00", "-13.00"])),
            ],
        ),
    ] {
        let answer = asked(&shop, &staff(), &format!("sales-over-time?{query}"))
            .await
            .ok();
        let periods: Vec<_> = expected.iter().map(|(period, _)| *period).collect();
        assert_eq!(answer.each("period"), periods, "{query}");
        for (item, (_, wanted)) in answer.items().iter().zip(expected) {
            assert_eq!(figures(item), wanted, "{query}: {item}");
        }
    }
    // The last day that has figures is that of the cancellation.
    let usual = asked(&shop, &staff(), "sales-over-time").await.ok();
    assert_eq!(
        (&usual.body["from"], &usual.body["to"]),
        (&json!("2011-03-04"), &json!("2011-04-02"))
    );
    assert_eq!(usual.items().len(), 30);
    assert_eq!(
        figures(&usual.body["total"]),
        json!([3, 9, "39.00", 2, 4, "14.50", "24.50"])
    );
}

async fn sales_are_told_of_a_part(database: Database) {
    let shop = shop(database).await;
    let (product_1, category_2) = (product(1), category(2));
    let of_mugs = json!([3, 6, "9.00", 2, 3, "4.50", "4.50"]);
    for (part, wanted) in [
        (format!("product={product_1}"), &of_mugs),
        (format!("category={category_2}"), &of_mugs),
        (
            "country=Spain".to_owned(),
            &json!([1, 3, "13.00", 0, 0, "0.00", "13.00"]),
        ),
        (
            "country=Nowhere".to_owned(),
            &json!([0, 0, "0.00", 0, 0, "0.00", "0.00"]),
        ),
    ] {
        let query = format!("sales-over-time?bucket=month&from=2011-03-01&to=2011-04-30&{part}");
        let answer = asked(&shop, &staff(), &query).await.ok();
        assert_eq!(figures(&answer.body["total"]), *wanted, "{part}");
    }
}

async fn what_sold_best_and_who_sold_it(database: Database) {
    let shop = shop(database).await;
    let answer = asked(&shop, &staff(), "best-sellers?period=2011-03").await.ok();
    let names: Vec<_> = answer
        .items()
        .iter()
        .map(|item| (item["rank"].clone(), item["name"].clone()))
        .collect();
    assert_eq!(names, [(json!(1), json!("Plate")), (json!(2), json!(HOSTILE))]);
    assert_eq!(
        figures(&answer.body["total"]),
        json!([3, 9, "39.00", 1, 1, "1.50", "37.50"])
    );
    let by_units = asked(&shop, &staff(), "best-sellers?period=2011-03-13&by=units&limit=1")
        .await
        .ok();
    assert_eq!(by_units.each("name"), [HOSTILE]);
    assert_eq!(by_units.items()[0]["net_units"], 4);
    let before = asked(&shop, &staff(), "best-sellers?period=2010").await.ok();
    assert!(before.items().is_empty());
}

async fn what_sold_best_between_any_two_days(database: Database) {
    let shop = shop(database).await;
    for (span, expected, total) in [
        (
            "from=2011-03-13&to=2011-03-13",
            vec![("Plate", 2_000), (HOSTILE, 600)],
            "26.00",
        ),
        (
            "from=2011-03-14&to=2011-03-14",
            vec![("Plate", 1_000), (HOSTILE, 150)],
            "11.50",
        ),
        (
            "from=2011-03-13&to=2011-03-14",
            vec![("Plate", 3_000), (HOSTILE, 750)],
            "37.50",
        ),
        // A month, a year and days on both sides.
        (
            "from=2010-01-31&to=2011-04-02",
            vec![("Plate", 2_000), (HOSTILE, 450)],
            "24.50",
        ),
        ("from=2011-03-15&to=2011-03-31", vec![], "0.00"),
    ] {
        let answer = asked(&shop, &staff(), &format!("best-sellers?{span}")).await.ok();
        let found: Vec<_> = answer
            .items()
            .iter()
            .map(|item| (item["name"].clone(), item["net"]["amount"].clone()))
            .collect();
        let pounds = |minor: i64| json!(Money::new(minor, Currency::GBP).to_decimal());
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, minor)| (json!(name), pounds(*minor)))
            .collect();
        assert_eq!(found, expected, "{span}");
        assert_eq!(answer.body["total"]["net"]["amount"], total, "{span}");
    }
    let by_units = "best-sellers?from=2011-03-13&to=2011-03-14&by=units&limit=1";
    let best = asked(&shop, &staff(), by_units).await.ok();
    assert_eq!(best.each("name"), [HOSTILE]);
    assert_eq!(
        [&best.body["period"], &best.body["from"], &best.body["to"]],
        ["2011-03-13/2011-03-14", "2011-03-13", "2011-03-14"]
    );
    // The same as the calendar's own sums.
    let march = asked(&shop, &staff(), "best-sellers?period=2011-03").await.ok();
    let days = asked(&shop, &staff(), "best-sellers?from=2011-03-01&to=2011-03-31")
        .await
        .ok();
    assert_eq!(march.items(), days.items());
    assert_eq!(march.body["total"], days.body["total"]);
    let csv = asked(&shop, &staff(), &format!("{by_units}&format=csv")).await;
    assert_eq!(csv.text.lines().count(), 2);
    let svg = asked(&shop, &staff(), &format!("{by_units}&format=svg")).await;
    Document::parse(&svg.text).unwrap();
    assert!(svg.text.contains("from 2011-03-13 to 2011-03-14"), "{}", svg.text);
}

async fn currencies_are_never_mixed(database: Database) {
    let shop = shop(database).await;
    let mut in_euros = paid(9, 1, 0);
    in_euros.total = Money::new(700, "EUR".parse().unwrap());
    in_euros.lines.truncate(1);
    in_euros.lines[0].amount = in_euros.total;
    shop.tell([of_order(in_euros)]).await;
    let total = async |query: &str| {
        let answer = asked(&shop, &staff(), &format!("revenue?by=country&{query}"))
            .await
            .ok();
        answer.body["total"]["net"].clone()
    };
    assert_eq!(total("").await, json!({"amount": "24.50", "currency": "GBP"}));
    assert_eq!(
        total("currency=EUR").await,
        json!({"amount": "7.00", "currency": "EUR"})
    );
    assert_eq!(
        total("currency=JPY").await,
        json!({"amount": "0", "currency": "JPY"})
    );
}
