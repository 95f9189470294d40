//! A report as JSON, as CSV and as a chart, and what is asked for wrongly.

use events::account::Role;
use roxmltree::Document;
use serde_json::json;

use super::{asked, shop};
use crate::database::{Database, on_each_database};
use crate::shop::{Shop, person, staff};

on_each_database! {
    a_report_comes_in_every_form,
    a_name_is_harmless_in_every_form,
    a_shop_that_sold_nothing_says_so,
    what_there_is_not_is_refused,
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

fn in_form(report: &str, form: &str) -> String {
    let separator = if report.contains('?') { '&' } else { '?' };
    format!("{report}{separator}format={form}")
}
