//! Lists page by page: everything that was there comes exactly once, in its order, whatever arrives meanwhile.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::database::{Database, on_each_database};
use crate::shop::{Person, Shop, admin, customer, staff};
use crate::story::*;

on_each_database! {
    products_come_once_in_every_order,
    products_of_the_same_moment_come_once,
    a_search_comes_once_while_stock_moves,
    orders_and_payments_come_once,
    wallet_entries_come_once,
    users_come_once,
    histories_come_once_to_their_growing_end,
    a_cursor_of_another_list_or_order_is_none,
}

/// More pages than any list of a test has.
const PAGES_MAX: usize = 100;

/// All items of a list, two at a time, with `arrives(n)` before the n-th page but the first.
async fn walk(
    shop: &Shop,
    path: &str,
    who: Option<&Person>,
    mut arrives: impl AsyncFnMut(u128),
) -> Vec<Value> {
    let separator = if path.contains('?') { '&' } else { '?' };
    let mut items = Vec::new();
    let mut page = format!("{path}{separator}limit=2");
    for number in 1..=PAGES_MAX {
        let call = shop.get(&page);
        let answer = match who {
            Some(person) => call.by(person).await.ok(),
            None => call.await.ok(),
        };
        items.extend(answer.items().iter().cloned());
        let Some(cursor) = answer.body["next_cursor"].as_str() else {
            assert!(answer.items().len() <= 2);
            return items;
        };
        assert_eq!(answer.items().len(), 2);
        page = format!("{path}{separator}limit=2&cursor={cursor}");
        if number <= 3 {
            arrives(u128::try_from(number).unwrap()).await;
        }
    }
    panic!("{path} has no end");
}

/// The numbers that were there from the start, as they came; nobody may come twice.
fn from_the_start(items: &[Value], newcomers: u128) -> Vec<u128> {
    let numbers: Vec<_> = items.iter().map(|item| number(&item["id"])).collect();
    let distinct: BTreeSet<_> = numbers.iter().collect();
    assert_eq!(distinct.len(), numbers.len(), "{numbers:?}");
    numbers.into_iter().filter(|n| *n < newcomers).collect()
}

async fn products_come_once_in_every_order(database: Database) {
    // Name, price; several are equal in each.
    let stock = [
        ("Mug", 300),
        ("mug", 100),
        ("Bowl", 300),
        ("Plate", 200),
        ("Éclair", 100),
        ("Mug", 300),
        ("apron", 50),
    ];
    for (query, expected) in [
        ("", [7, 6, 5, 4, 3, 2, 1]),
        ("sort=newest", [7, 6, 5, 4, 3, 2, 1]),
        ("sort=price", [7, 2, 5, 4, 1, 3, 6]),
        ("sort=-price", [6, 3, 1, 4, 5, 2, 7]),
        ("sort=name", [7, 3, 1, 2, 6, 4, 5]),
        // Nobody has reviewed them.
        ("sort=rating", [7, 6, 5, 4, 3, 2, 1]),
        ("sort=relevance", [7, 6, 5, 4, 3, 2, 1]),
        ("q=fine&sort=price", [7, 2, 5, 4, 1, 3, 6]),
        ("q=fine&sort=newest", [7, 6, 5, 4, 3, 2, 1]),
    ] {
        let shop = Shop::open(database).await;
        let there = (1..)
            .zip(stock)
            .map(|(n, (name, minor))| of_catalogue(added(n, name, minor)));
        shop.tell(there).await;
        let items = walk(&shop, &format!("/api/products?{query}"), None, async |n| {
            let (first, last) = (added(100 + n, "aaa", 1), added(200 + n, "zzz", 9000));
            shop.tell([of_catalogue(first), of_catalogue(last)]).await;
        })
        .await;
        assert_eq!(from_the_start(&items, 100), expected, "{query}");
    }
}

/// A product of the same second as the others stands by its id.
async fn products_of_the_same_moment_come_once(database: Database) {
    let shop = Shop::open(database).await;
    let at_once = (1..=5).map(|n| {
        let mut product = added(n, "Mug", 100);
        product.added_at = at(0);
        of_catalogue(product)
    });
    shop.tell(at_once).await;
    let items = walk(&shop, "/api/products", None, async |_| {}).await;
    assert_eq!(from_the_start(&items, 100), [5, 4, 3, 2, 1]);
}

/// By relevance the places shift with the catalogue's texts; stock that moves is none.
async fn a_search_comes_once_while_stock_moves(database: Database) {
    let shop = Shop::open(database).await;
    let names = [
        "red mug",
        "red red mug",
        "a red mug of clay",
        "mug, red",
        "the red of the mug",
    ];
    let there = (1..)
        .zip(names)
        .map(|(n, name)| of_catalogue(added(n, name, 100)));
    shop.tell(there).await;
    let whole = shop.get("/api/products?q=red+mug").await.ok();
    let items = walk(&shop, "/api/products?q=red+mug", None, async |n| {
        shop.tell([received(n, 1)]).await;
    })
    .await;
    let ids = |items: &[Value]| items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
    assert_eq!(items.len(), 5);
    assert_eq!(ids(&items), ids(whole.items()));
}

async fn orders_and_payments_come_once(database: Database) {
    let shop = Shop::open(database).await;
    for n in 1..=5 {
        let mut order = placed(&shop, n, 1).await;
        let mut payment = requested(n, 1);
        // Three of the same moment.
        order.placed_at = at(i64::try_from(n).unwrap().min(3));
        payment.requested_at = order.placed_at;
        shop.tell([of_order(order), of_payment(payment)]).await;
    }
    for (path, who, first_newcomer) in [
        ("/api/orders", customer(1), 100),
        ("/api/orders", staff(), 200),
        ("/api/orders?status=awaiting_payment", staff(), 300),
        ("/api/payments", customer(1), 400),
        ("/api/payments", staff(), 500),
        ("/api/payments?status=processing", customer(1), 600),
    ] {
        let items = walk(&shop, path, Some(&who), async |n| {
            let n = first_newcomer + n;
            let (order, payment) = (placed(&shop, n, 1).await, requested(n, 1));
            shop.tell([of_order(order), of_payment(payment)]).await;
        })
        .await;
        assert_eq!(from_the_start(&items, 100), [5, 4, 3, 2, 1], "{path}");
    }
}

async fn wallet_entries_come_once(database: Database) {
    let shop = Shop::open(database).await;
    shop.tell((1..=5).map(|n| credited(1, n, 100))).await;
    let items = walk(&shop, "/api/wallet/entries", Some(&customer(1)), async |n| {
        shop.tell([credited(1, 100 + n, 100), credited(2, 200 + n, 100)])
            .await;
    })
    .await;
    let positions: Vec<_> = items
        .iter()
        .map(|item| item["position"].as_u64().unwrap())
        .collect();
    assert_eq!(positions, [5, 4, 3, 2, 1]);
}

async fn users_come_once(database: Database) {
    let shop = Shop::open(database).await;
    for n in 1..=5 {
        let mut account = registered(&shop, n).await;
        account.registered_at = at(0);
        shop.tell([of_account(account)]).await;
    }
    let items = walk(&shop, "/api/users", Some(&admin()), async |n| {
        let newcomer = registered(&shop, 100 + n).await;
        shop.tell([of_account(newcomer)]).await;
    })
    .await;
    assert_eq!(from_the_start(&items, 100), [5, 4, 3, 2, 1]);
}

/// A history grows at its end, so whoever walks it sees what comes, too.
async fn histories_come_once_to_their_growing_end(database: Database) {
    let shop = Shop::open(database).await;
    shop.tell([of_catalogue(added(1, "Mug", 150)), received(1, 1), received(1, 2)])
        .await;
    shop.tell([of_order(placed(&shop, 1, 1).await), of_payment(requested(1, 1))])
        .await;
    shop.tell([of_payment(settled(1, 1)), of_order(paid(1, 1, 10))])
        .await;
    let of_product = format!("/api/products/{}/history", product(1));
    let items = walk(&shop, &of_product, Some(&staff()), async |_| {
        shop.tell([received(1, 5)]).await;
    })
    .await;
    let positions: Vec<_> = items
        .iter()
        .map(|item| item["position"].as_u64().unwrap())
        .collect();
    assert_eq!(positions[..4], [1, 2, 3, 8]);
    let of_order = format!("/api/orders/{}/history", order(1));
    let items = walk(&shop, &of_order, Some(&customer(1)), async |_| {}).await;
    let positions: Vec<_> = items
        .iter()
        .map(|item| item["position"].as_u64().unwrap())
        .collect();
    assert_eq!(positions, [4, 5, 6, 7]);
}

async fn a_cursor_of_another_list_or_order_is_none(database: Database) {
    let shop = Shop::open(database).await;
    shop.tell((1..=3).map(|n| of_catalogue(added(n, "a fine mug", 100))))
        .await;
    let mut cursors = Vec::new();
    let sorts = ["newest", "price", "-price", "name", "relevance"];
    for sort in sorts {
        let page = format!("/api/products?q=fine&limit=1&sort={sort}");
        let answer = shop.get(page).await.ok();
        cursors.push(answer.body["next_cursor"].as_str().unwrap().to_owned());
    }
    for (sort, number) in sorts.iter().zip(0..) {
        for (cursor, other) in cursors.iter().zip(0..) {
            let page = format!("/api/products?q=fine&sort={sort}&cursor={cursor}");
            let answer = shop.get(page).await;
            if number == other {
                assert_eq!(answer.ok().items().len(), 2);
            } else {
                answer.refused(400, "invalid_cursor");
            }
        }
    }
    let product_1 = product(1);
    for list in [
        "/api/products".to_owned(),
        "/api/orders".to_owned(),
        "/api/payments".to_owned(),
        "/api/wallet/entries".to_owned(),
        "/api/users".to_owned(),
        format!("/api/products/{product_1}/history"),
    ] {
        for cursor in ["", "x", "%00", "bnVsbA", "WzEsMl0", cursors[1].as_str()] {
            let answer = shop.get(format!("{list}?cursor={cursor}")).by(&admin()).await;
            answer.refused(400, "invalid_cursor");
        }
    }
}
