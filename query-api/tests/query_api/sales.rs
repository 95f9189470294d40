//! The sales report.

use events::Event;
use events::credit_note::{CreditNoteEvent, CreditNoteIssued};
use events::ids::CreditNoteId;
use events::ledger::JournalEntry;
use events::money::Money;
use events::order::{CancelReason, OrderCancelled};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer::Answer;
use crate::database::{Database, on_each_database};
use crate::shop::{Shop, staff};
use crate::story::*;

on_each_database! {
    sales_are_summed_by_day_country_and_product,
    a_report_is_of_its_days_and_its_currency,
    a_report_comes_as_csv,
    a_country_that_is_a_formula_stays_text,
}

const DAY: i64 = 86_400;

/// On 13 March 2011 an order of France's and one of Spain's are paid; on the 14th a third, of euros, the first is cancelled
/// and Spain gets a credit note.
async fn shop(database: Database) -> Shop {
    let shop = Shop::open(database).await;
    let mut spanish = paid(2, 2, 10);
    "Spain".clone_into(&mut spanish.country);
    spanish.lines = vec![sold(2, 5, 1000)];
    spanish.total = gbp(5000);
    let mut in_euros = paid(3, 3, DAY);
    in_euros.lines = vec![sold(1, 1, 0)];
    in_euros.lines[0].amount = Money::new(700, "EUR".parse().unwrap());
    in_euros.total = in_euros.lines[0].amount;
    let cancelled = OrderCancelled {
        order_id: order(1),
        customer: Some(account(1)),
        reason: CancelReason::Customer,
        country: "France".to_owned(),
        reversed: vec![sold(1, 2, 150), sold(2, 1, 1000)],
        reversed_total: gbp(1300),
        cancelled_at: at(DAY),
    };
    let credit = CreditNoteIssued {
        credit_note_id: CreditNoteId(Uuid::from_u128(1)),
        customer: None,
        country: "Spain".to_owned(),
        lines: vec![sold(1, 3, 100)],
        origins: Vec::new(),
        total: gbp(300),
        entry: JournalEntry(Vec::new()),
        reason: "damaged".to_owned(),
        reference: None,
        issued_at: at(DAY),
    };
    let mut story = Vec::new();
    for n in [1, 2, 3] {
        story.push(of_order(placed(&shop, n, n).await));
    }
    story.extend([
        of_order(paid(1, 1, 0)),
        of_order(spanish),
        of_order(in_euros),
        of_order(cancelled),
        Event::CreditNote(CreditNoteEvent::CreditNoteIssued(credit)),
    ]);
    shop.tell(story).await;
    shop
}

async fn report(shop: &Shop, query: &str) -> Answer {
    shop.get(format!("/api/analytics/sales?{query}"))
        .by(&staff())
        .await
}

/// Key, orders, units, revenue; cancellations, cancelled units, cancelled amount.
fn figures(sums: &Value) -> Value {
    json!([
        sums["key"],
        sums["orders"],
        sums["units"],
        sums["revenue"]["amount"],
        sums["cancellations"],
        sums["cancelled_units"],
        sums["cancelled_amount"]["amount"],
    ])
}

async fn sales_are_summed_by_day_country_and_product(database: Database) {
    let shop = shop(database).await;
    let total = json!(["", 2, 8, "63.00", 2, 6, "16.00"]);
    for (query, expected) in [
        (
            "",
            json!([
                ["2011-03-13", 2, 8, "63.00", 0, 0, "0.00"],
                ["2011-03-14", 0, 0, "0.00", 2, 6, "16.00"],
            ]),
        ),
        (
            "group=country",
            json!([
                ["Spain", 1, 5, "50.00", 1, 3, "3.00"],
                ["France", 1, 3, "13.00", 1, 3, "13.00"],
            ]),
        ),
        (
            "group=product",
            json!([
                ["2a", 2, 6, "60.00", 1, 1, "10.00"],
                ["1a", 1, 2, "3.00", 2, 5, "6.00"],
            ]),
        ),
    ] {
        let answer = report(&shop, query).await.ok();
        let rows: Value = answer.items().iter().map(figures).collect();
        assert_eq!(rows, expected, "{query}");
        assert_eq!(figures(&answer.body["total"]), total, "{query}");
    }
}

async fn a_report_is_of_its_days_and_its_currency(database: Database) {
    let shop = shop(database).await;
    let days = "from=2011-03-14&to=2011-03-14";
    let answer = report(&shop, days).await.ok();
    assert_eq!(answer.each("key"), ["2011-03-14"]);
    assert_eq!(
        figures(&answer.body["total"]),
        json!(["", 0, 0, "0.00", 2, 6, "16.00"])
    );
    let euros = report(&shop, "currency=EUR&group=country").await.ok();
    assert_eq!(
        euros.items()[0]["revenue"],
        json!({"amount": "7.00", "currency": "EUR"})
    );
    for nothing in ["from=2012-01-01", "from=2011-03-14&to=2011-03-13", "currency=JPY"] {
        let answer = report(&shop, nothing).await.ok();
        assert!(answer.items().is_empty(), "{nothing}");
        assert_eq!(answer.body["total"]["orders"], 0, "{nothing}");
    }
    for (wrong, field) in [
        ("from=yesterday", "from"),
        ("to=2011-02-30", "to"),
        ("group=week", "group"),
        ("currency=POUND", "currency"),
        ("format=pdf", "format"),
    ] {
        let answer = report(&shop, wrong).await.refused(400, "invalid_parameter");
        assert_eq!(answer.body["errors"][0]["field"], field, "{}", answer.text);
    }
}

async fn a_report_comes_as_csv(database: Database) {
    let shop = shop(database).await;
    let answer = report(&shop, "group=country&format=csv").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(answer.position(), 8);
    insta::assert_snapshot!("sales_csv", answer.text);
}

/// A buyer writes the country; whoever opens the report in a spreadsheet must not run it.
async fn a_country_that_is_a_formula_stays_text(database: Database) {
    let shop = Shop::open(database).await;
    let mut hostile = paid(1, 1, 0);
    "=HYPERLINK(\"http://example.org\")".clone_into(&mut hostile.country);
    shop.tell([of_order(hostile)]).await;
    let csv = report(&shop, "group=country&format=csv").await;
    assert!(csv.text.contains("\n\"'=HYPERLINK"), "{}", csv.text);
    let json = report(&shop, "group=country").await.ok();
    assert!(json.each("key")[0].starts_with("=HYPERLINK"));
}
