//! Reports: their figures, their forms, their bounds, and whose they are.

use events::Event;
use events::account::Role;
use events::category::CategoryMoved;
use events::money::{Currency, Money};
use events::order::{CancelReason, OrderCancelled, OrderReturned};
use roxmltree::Document;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::database::{Database, on_each_database};
use crate::shop::{Person, Shop, admin, customer, person, staff};
use crate::story::*;

on_each_database! {
    sales_are_told_per_day_week_and_month,
    sales_are_told_of_a_part,
    what_sold_best_and_who_sold_it,
    what_sold_best_between_any_two_days,
    revenue_is_divided_without_a_penny_left,
    a_category_has_what_is_below_it_now,
    items_customers_and_carts_are_counted,
    everybody_has_figures_of_their_own,
    currencies_are_never_mixed,
    a_report_comes_in_every_form,
    a_name_is_harmless_in_every_form,
    a_shop_that_sold_nothing_says_so,
    what_there_is_not_is_refused,
}

const DAY: i64 = 86_400;
const HOSTILE: &str = "=1+1 </text><script>alert('x')</script>";

/// Order `n` of account `customer`, whose first product is of category 2 and seller 2.
async fn ordered(shop: &Shop, n: u128, customer: u128) -> Event {
    let mut placed = placed(shop, n, customer).await;
    placed.lines[0].category = Some(category(2));
    placed.lines[0].seller = Some(account(2));
    of_order(placed)
}

/// 2011-03-13, a Sunday, is the day of `at(0)`. Two orders of 13.00 on it, one of them returned in part on the next day, when
/// a third is paid; and the second is cancelled in April.
async fn shop(database: Database) -> Shop {
    let shop = Shop::open(database).await;
    let mut mug = added(1, HOSTILE, 150);
    mug.seller = Some(account(2));
    mug.category = Some(category(2));
    let mut spanish = paid(3, 1, DAY);
    "Spain".clone_into(&mut spanish.country);
    let returned = OrderReturned {
        order_id: order(1),
        customer: Some(account(1)),
        country: "France".to_owned(),
        lines: vec![sold(1, 1, 150)],
        total: gbp(150),
        refund_id: refund(1),
        reason: "broken".to_owned(),
        returned_at: at(DAY),
    };
    let cancelled = OrderCancelled {
        order_id: order(2),
        customer: Some(account(3)),
        reason: CancelReason::Customer,
        country: "France".to_owned(),
        reversed: vec![sold(1, 2, 150), sold(2, 1, 1000)],
        reversed_total: gbp(1300),
        cancelled_at: at(20 * DAY),
    };
    let story = vec![
        of_account(registered(&shop, 2).await),
        created(2, None, "Mugs & cups"),
        of_catalogue(mug),
        received(1, 3),
        of_catalogue(added(2, "Plate", 1000)),
        in_cart(1, 1, 2),
        ordered(&shop, 1, 1).await,
        ordered(&shop, 2, 3).await,
        ordered(&shop, 3, 1).await,
        of_order(paid(1, 1, 0)),
        of_order(paid(2, 3, 10)),
        of_order(spanish),
        of_order(returned),
        of_order(cancelled),
    ];
    shop.tell(story).await;
    shop
}

async fn asked(shop: &Shop, who: &Person, query: &str) -> Answer {
    shop.get(format!("/api/analytics/{query}")).by(who).await
}

/// Orders, units, gross; reversals, returned units, refunds; net.
fn figures(sums: &Value) -> Value {
    json!([
        sums["orders"],
        sums["units"],
        sums["gross"]["amount"],
        sums["reversals"],
        sums["returned_units"],
        sums["refunds"]["amount"],
        sums["net"]["amount"],
    ])
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

async fn items_customers_and_carts_are_counted(database: Database) {
    let shop = shop(database).await;
    let items = asked(&shop, &staff(), "items").await.ok();
    assert_eq!(
        items.body,
        json!({"on_sale": 1, "sold_out": 1, "archived": 0, "removed": 0})
    );
    let customers = asked(
        &shop,
        &staff(),
        "customers?bucket=week&from=2011-03-08&to=2011-03-14",
    )
    .await
    .ok();
    assert_eq!(
        *customers.items(),
        [
            json!({"period": "2011-W10", "new": 2, "returning": 0}),
            json!({"period": "2011-W11", "new": 0, "returning": 1}),
        ]
    );
    let carts = asked(&shop, &staff(), "conversion?from=2011-03-13&to=2011-03-14")
        .await
        .ok();
    assert_eq!(
        *carts.items(),
        [
            json!({"period": "2011-03-13", "begun": 1, "ordered": 0, "converted": 0, "conversion_basis_points": 0}),
            json!({"period": "2011-03-14", "begun": 0, "ordered": 0, "converted": 0, "conversion_basis_points": null}),
        ]
    );
}

async fn everybody_has_figures_of_their_own(database: Database) {
    let shop = shop(database).await;
    let seller = customer(2);
    let sold = asked(&shop, &seller, "sales-over-time?seller=me&bucket=month")
        .await
        .ok();
    assert_eq!(
        figures(&sold.body["total"]),
        json!([3, 6, "9.00", 2, 3, "4.50", "4.50"])
    );
    let (plate, mug) = (product(2), product(1));
    for (product, orders) in [(plate, 0), (mug, 3)] {
        let query = format!("sales-over-time?seller=me&bucket=month&to=2011-04-30&product={product}");
        let found = asked(&shop, &seller, &query).await.ok();
        assert_eq!(found.body["total"]["orders"], orders, "{product}");
    }
    let best = asked(&shop, &seller, "best-sellers?seller=me").await.ok();
    assert_eq!(best.each("name"), [HOSTILE]);
    let by_country = asked(&shop, &seller, "revenue?seller=me&by=country").await.ok();
    assert_eq!(by_country.each("key"), ["Spain", "France"]);
    let items = asked(&shop, &seller, "items?seller=me").await.ok();
    assert_eq!(items.body["on_sale"], 1);
    let bought = asked(&shop, &customer(3), "purchases?bucket=month").await.ok();
    assert_eq!(
        figures(&bought.body["total"]),
        json!([1, 3, "13.00", 1, 3, "13.00", "0.00"])
    );
    let seen = asked(
        &shop,
        &admin(),
        &format!("purchases?bucket=month&account={}", account(3)),
    )
    .await
    .ok();
    assert_eq!(seen.body, bought.body);
    let nothing = asked(&shop, &customer(7), "best-sellers?seller=me").await.ok();
    assert!(nothing.items().is_empty());
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

const REPORTS: [&str; 7] = [
    "sales-over-time",
    "best-sellers",
    "revenue?by=seller",
    "items",
    "customers",
    "conversion",
    "purchases",
];

fn in_form(report: &str, form: &str) -> String {
    let separator = if report.contains('?') { '&' } else { '?' };
    format!("{report}{separator}format={form}")
}

async fn a_report_comes_in_every_form(database: Database) {
    let shop = shop(database).await;
    let reader = person(1, Role::Admin);
    for report in REPORTS {
        let csv = asked(&shop, &reader, &in_form(report, "csv")).await;
        assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
        let name = csv.headers["content-disposition"].to_str().unwrap();
        assert!(name.starts_with("attachment; filename=\""), "{name}");
        assert!(name.ends_with(".csv\""), "{name}");
        let rows = csv.text.lines().map(|line| line.split(',').count());
        let rows: Vec<_> = rows.collect();
        assert!(rows.len() > 1, "{report}: {}", csv.text);
        assert!(
            rows.iter().all(|fields| *fields == rows[0]),
            "{report}: {}",
            csv.text
        );

        let svg = asked(&shop, &reader, &in_form(report, "svg")).await;
        assert_eq!(svg.headers["content-type"], "image/svg+xml");
        assert_eq!(svg.headers["x-content-type-options"], "nosniff");
        let policy = svg.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert_eq!(svg.headers["vary"], "accept");
        let chart = Document::parse(&svg.text).unwrap();
        let root = chart.root_element();
        let named = |tag: &str| {
            root.children()
                .any(|child| child.has_tag_name(tag) && child.text().is_some())
        };
        assert!(named("title") && named("desc"), "{report}");
        let drawn = root.children().filter(roxmltree::Node::is_element).count();
        assert!(drawn > 6, "{report}: {}", svg.text);

        let tag = svg.tag().to_owned();
        let again = shop.get(format!("/api/analytics/{}", in_form(report, "svg")));
        again.by(&reader).if_none_match(&tag).await.unchanged();
    }
}

/// A seller names the product, a buyer the country; whoever opens the report must not run them.
async fn a_name_is_harmless_in_every_form(database: Database) {
    let shop = shop(database).await;
    let svg = asked(&shop, &staff(), "best-sellers?format=svg").await;
    let chart = Document::parse(&svg.text).unwrap();
    assert!(!chart.descendants().any(|node| node.has_tag_name("script")));
    let texts: String = chart.descendants().filter_map(|node| node.text()).collect();
    assert!(texts.contains("</text><script>"), "{}", svg.text);
    let csv = asked(&shop, &staff(), "best-sellers?format=csv").await;
    assert!(csv.text.contains("'=1+1"), "{}", csv.text);
}

async fn a_shop_that_sold_nothing_says_so(database: Database) {
    let shop = Shop::open(database).await;
    for (report, words) in [
        ("sales-over-time", "No sales"),
        ("best-sellers", "No sales"),
        ("revenue?by=seller", "No sales"),
        ("items", "No items"),
        ("customers", "No customers"),
        ("conversion", "No carts"),
        ("purchases", "No purchases"),
    ] {
        let json = asked(&shop, &staff(), report).await.ok();
        if report != "items" {
            assert!(json.items().is_empty(), "{report}: {}", json.text);
        }
        let svg = asked(&shop, &staff(), &in_form(report, "svg")).await;
        Document::parse(&svg.text).unwrap();
        assert!(svg.text.contains(words), "{report}: {}", svg.text);
    }
}

async fn what_there_is_not_is_refused(database: Database) {
    let shop = shop(database).await;
    for (query, field, code) in [
        ("sales-over-time?bucket=eon", "bucket", "unknown_bucket"),
        ("sales-over-time?from=yesterday", "from", "invalid_date"),
        ("sales-over-time?to=2011-02-30", "to", "invalid_date"),
        (
            "sales-over-time?from=2011-03-02&to=2011-03-01",
            "from",
            "after_end",
        ),
        (
            "sales-over-time?from=2000-01-01&to=2011-03-01",
            "from",
            "span_too_long",
        ),
        ("sales-over-time?product=1", "product", "invalid_id"),
        ("sales-over-time?category=1", "category", "invalid_id"),
        (
            "sales-over-time?country=Spain&product=1",
            "product",
            "too_many_filters",
        ),
        ("sales-over-time?currency=POUND", "currency", "unknown_currency"),
        ("sales-over-time?seller=you", "seller", "unknown_seller"),
        ("sales-over-time?format=pdf", "format", "unknown_format"),
        ("best-sellers?period=2011-13", "period", "invalid_period"),
        ("revenue?period=2011-W10", "period", "invalid_period"),
        ("best-sellers?from=2011-03-01", "to", "required"),
        ("best-sellers?to=2011-03", "from", "required"),
        ("best-sellers?from=2011-03-02&to=2011-03-01", "from", "after_end"),
        (
            "best-sellers?period=2011&from=2011-03-02&to=2011-03-03",
            "period",
            "too_many_filters",
        ),
        ("best-sellers?by=weight", "by", "unknown_order"),
        ("best-sellers?limit=0", "limit", "out_of_range"),
        ("best-sellers?limit=101", "limit", "out_of_range"),
        ("revenue?by=weekday", "by", "unknown_dimension"),
        ("revenue?by=seller&seller=me", "by", "unknown_dimension"),
        ("customers?bucket=year", "bucket", "unknown_bucket"),
        ("conversion?format=", "format", "unknown_format"),
        ("purchases?from=2011", "from", "invalid_date"),
    ] {
        let answer = asked(&shop, &staff(), query).await.refused(422, "invalid_field");
        let error = &answer.body["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!(field), &json!(code)),
            "{query}"
        );
    }
    for wrong in [
        "items?colour=red",
        "best-sellers?limit=ten",
        "purchases?account=me",
    ] {
        asked(&shop, &staff(), wrong)
            .await
            .refused(400, "invalid_parameter");
    }
}
