//! Every list must come out of an index: no statement may read a whole table, or sort what it reads.

use chrono::{DateTime, Utc};
use events::ids::{AccountId, OrderId, ProductId};
use events::money::Currency;

use super::products::{PriceRange, ProductFilter, ProductOrder, ProductPlace};
use super::sales::{SalesGroup, SalesSpan};
use super::statement::Statement;
use super::{accounts, history, orders, payments, products, sales, wallets};
use crate::dialect::Dialect;
use crate::order_history::OrderEntry;
use crate::orders::OrderStatus;
use crate::payments::PaymentStatus;
use crate::product_history::ProductEntry;
use crate::views::Views;

const LIMIT: i64 = 21;

async fn plan(statement: Statement) -> String {
    let dir = tempfile::tempdir().unwrap();
    let views = Views::open_sqlite(&dir.path().join("views.db")).await.unwrap();
    let mut conn = views.reader().acquire().await.unwrap();
    let plan = statement.plan(&mut conn).await.join("\n");
    drop(conn);
    views.close().await;
    plan
}

async fn assert_by_index_alone(statement: Statement) {
    let plan = plan(statement).await;
    assert!(plan.contains("SEARCH") || plan.contains("USING INDEX"), "{plan}");
    assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    assert!(
        !plan
            .lines()
            .any(|step| step.contains("SCAN") && !step.contains("USING INDEX")),
        "{plan}"
    );
}

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_300_000_000, 0).unwrap()
}

#[tokio::test]
async fn orders_and_payments_come_in_their_order_from_an_index() {
    let customer = Some(AccountId::default());
    for (customer, status) in [
        (None, None),
        (customer, None),
        (None, Some(OrderStatus::Paid)),
        (customer, Some(OrderStatus::Paid)),
    ] {
        let filter = orders::OrderFilter { customer, status };
        for after in [None, Some((noon(), OrderId::default()))] {
            assert_by_index_alone(orders::list(filter, after, LIMIT)).await;
        }
    }
    for (customer, status) in [
        (None, None),
        (customer, None),
        (None, Some(PaymentStatus::Settled)),
    ] {
        let filter = payments::PaymentFilter { customer, status };
        for after in [None, Some((noon(), events::ids::PaymentId::default()))] {
            assert_by_index_alone(payments::list(filter, after, LIMIT)).await;
        }
    }
}

#[tokio::test]
async fn accounts_wallets_and_histories_come_in_their_order_from_an_index() {
    let account = AccountId::default();
    assert_by_index_alone(accounts::list(None, LIMIT)).await;
    assert_by_index_alone(accounts::list(Some((noon(), account)), LIMIT)).await;
    assert_by_index_alone(wallets::list(account, Some(7), LIMIT)).await;
    assert_by_index_alone(history::list::<OrderEntry>("order_id", "x", 7, LIMIT)).await;
    assert_by_index_alone(history::list::<ProductEntry>("product_id", "x", 7, LIMIT)).await;
}

#[tokio::test]
async fn products_come_in_every_order_from_an_index() {
    let id = ProductId::default();
    let all = ProductFilter::default();
    let in_stock = ProductFilter {
        in_stock: Some(true),
        ..ProductFilter::default()
    };
    for (order, place) in [
        (ProductOrder::Newest, ProductPlace::Newest(noon(), id)),
        (ProductOrder::Cheapest, ProductPlace::Cheapest(5, id)),
        (ProductOrder::Dearest, ProductPlace::Dearest(5, id)),
        (ProductOrder::Name, ProductPlace::Name("mug".to_owned(), id)),
    ] {
        for filter in [&all, &in_stock] {
            for after in [None, Some(&place)] {
                let list = products::list(Dialect::Sqlite, filter, order, after, LIMIT).unwrap();
                assert_by_index_alone(list).await;
            }
        }
    }
}

/// These sort what an index has narrowed down: a text's matches, or the products of a
/// category, a seller or a price range.
#[tokio::test]
async fn a_narrowed_list_of_products_never_reads_all_of_them() {
    let text = ProductFilter {
        text: Some("red mug".to_owned()),
        ..ProductFilter::default()
    };
    for order in [ProductOrder::Relevance, ProductOrder::Cheapest] {
        let plan = plan(products::list(Dialect::Sqlite, &text, order, None, LIMIT).unwrap()).await;
        assert!(
            plan.contains("VIRTUAL TABLE INDEX") && !plan.contains("SCAN products_g"),
            "{plan}"
        );
    }
    let of_seller = ProductFilter {
        seller: Some(AccountId::default()),
        ..ProductFilter::default()
    };
    let in_category = ProductFilter {
        category: Some("mugs".to_owned()),
        ..ProductFilter::default()
    };
    let price = PriceRange {
        currency: Currency::GBP,
        min_minor: Some(1),
        max_minor: Some(1000),
    };
    let in_price_range = ProductFilter {
        price: Some(price),
        ..ProductFilter::default()
    };
    for filter in [of_seller, in_category, in_price_range] {
        let list = products::list(Dialect::Sqlite, &filter, ProductOrder::Newest, None, LIMIT);
        let plan = plan(list.unwrap()).await;
        assert!(
            plan.contains("SEARCH products_g") && !plan.contains("SCAN products_g"),
            "{plan}"
        );
    }
}

/// Sums are grouped in memory, over the days asked for and nothing else.
#[tokio::test]
async fn sales_are_summed_over_their_days_alone() {
    let day = noon().date_naive();
    let span = SalesSpan {
        from: day,
        to: day,
        currency: Currency::GBP,
    };
    for group in [SalesGroup::Day, SalesGroup::Country, SalesGroup::Product] {
        let plan = plan(sales::list(span, group, LIMIT)).await;
        assert!(plan.contains("day>? AND day<?"), "{plan}");
    }
}
