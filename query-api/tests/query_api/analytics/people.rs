//! Items, customers and carts, and who sees whose figures.

use serde_json::json;

use super::{HOSTILE, asked, figures, shop};
use crate::database::{Database, on_each_database};
use crate::shop::{admin, customer, staff};
use crate::story::*;

on_each_database! {
    items_customers_and_carts_are_counted,
    everybody_has_figures_of_their_own,
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
