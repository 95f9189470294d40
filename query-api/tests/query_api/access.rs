//! Who may see what. What isn't somebody's isn't there for them.

use events::account::Role;

use crate::answer::Answer;
use crate::database::{Database, on_each_database};
use crate::shop::{Person, Shop, admin, customer, person, staff};
use crate::story::*;

on_each_database! {
    everybody_sees_what_is_theirs_and_nothing_else,
    lists_hold_ones_own_and_all_for_staff,
    another_ones_thing_answers_like_one_that_does_not_exist,
}

/// Account 1 has bought from account 2.
async fn shop(database: Database) -> Shop {
    let shop = Shop::open(database).await;
    let mut mug = added(1, "Mug", 150);
    mug.seller = Some(account(2));
    let story = [
        of_catalogue(mug),
        of_catalogue(added(2, "Plate", 1000)),
        created(1, None, "Kitchen"),
        of_payment(requested(1, 1)),
        of_order(placed(&shop, 1, 1).await),
        of_account(registered(&shop, 1).await),
        of_account(registered(&shop, 2).await),
        of_account(registered(&shop, 3).await),
        of_account(registered(&shop, 80).await),
        of_account(registered(&shop, 90).await),
    ];
    shop.tell(story).await;
    shop
}

/// The answer's status, having seen that it is what such an answer must be.
async fn status(shop: &Shop, path: &str, who: Option<&Person>) -> u16 {
    let call = shop.get(path);
    let answer = match who {
        Some(person) => call.by(person).await,
        None => call.await,
    };
    let answer = match answer.status.as_u16() {
        200 => answer.ok(),
        401 => answer.refused(401, "token_missing"),
        403 => answer.refused(403, "role_required"),
        _ => answer.refused(404, "not_found"),
    };
    assert_eq!(
        answer.headers.contains_key("www-authenticate"),
        answer.status == 401
    );
    answer.status.as_u16()
}

async fn everybody_sees_what_is_theirs_and_nothing_else(database: Database) {
    let shop = shop(database).await;
    let (product_1, product_2) = (product(1), product(2));
    let (order_1, payment_1, category_1) = (order(1), payment(1), category(1));
    let (buyer, seller) = (account(1), account(2));
    // What somebody who isn't logged in gets, the buyer, the seller, a stranger, staff, and an admin.
    let people = [
        None,
        Some(customer(1)),
        Some(person(2, Role::Seller)),
        Some(customer(3)),
        Some(staff()),
        Some(admin()),
    ];
    for (path, expected) in [
        ("/api/products".to_owned(), [200; 6]),
        (format!("/api/products/{product_1}"), [200; 6]),
        ("/api/categories".to_owned(), [200; 6]),
        (format!("/api/categories/{category_1}"), [200; 6]),
        ("/api/users/me".to_owned(), [401, 200, 200, 200, 200, 200]),
        (format!("/api/products/{product_1}/reviews"), [200; 6]),
        ("/api/api-keys".to_owned(), [401, 200, 200, 200, 200, 200]),
        ("/api/wishlist".to_owned(), [401, 200, 200, 200, 200, 200]),
        ("/api/cart".to_owned(), [200; 6]),
        ("/api/wallet".to_owned(), [401, 200, 200, 200, 200, 200]),
        ("/api/wallet/entries".to_owned(), [401, 200, 200, 200, 200, 200]),
        ("/api/orders".to_owned(), [401, 200, 200, 200, 200, 200]),
        ("/api/payments".to_owned(), [401, 200, 200, 200, 200, 200]),
        (format!("/api/orders/{order_1}"), [401, 200, 404, 404, 200, 200]),
        (
            format!("/api/orders/{order_1}/history"),
            [401, 200, 404, 404, 200, 200],
        ),
        (
            format!("/api/payments/{payment_1}"),
            [401, 200, 404, 404, 200, 200],
        ),
        (
            format!("/api/products/{product_1}/history"),
            [401, 404, 200, 404, 200, 200],
        ),
        (
            format!("/api/products/{product_2}/history"),
            [401, 404, 404, 404, 200, 200],
        ),
        ("/api/payments/orphans".to_owned(), [401, 403, 403, 403, 403, 200]),
        (
            format!("/api/payments/orphans/{}", orphan(1)),
            [401, 403, 403, 403, 403, 404],
        ),
        ("/api/users".to_owned(), [401, 403, 403, 403, 403, 200]),
        (
            format!("/api/users/{}", account(9)),
            [401, 403, 403, 403, 403, 404],
        ),
        ("/api/analytics/sales".to_owned(), [401, 403, 403, 403, 200, 200]),
        (
            "/api/analytics/sales-over-time".to_owned(),
            [401, 403, 403, 403, 200, 200],
        ),
        (
            format!("/api/analytics/sales-over-time?seller={seller}"),
            [401, 403, 200, 403, 200, 200],
        ),
        (
            "/api/analytics/best-sellers".to_owned(),
            [401, 403, 403, 403, 200, 200],
        ),
        (
            format!("/api/analytics/best-sellers?seller={seller}"),
            [401, 403, 200, 403, 200, 200],
        ),
        (
            "/api/analytics/revenue".to_owned(),
            [401, 403, 403, 403, 200, 200],
        ),
        (
            format!("/api/analytics/revenue?seller={seller}"),
            [401, 403, 200, 403, 200, 200],
        ),
        ("/api/analytics/items".to_owned(), [401, 403, 403, 403, 200, 200]),
        (
            format!("/api/analytics/items?seller={seller}"),
            [401, 403, 200, 403, 200, 200],
        ),
        (
            "/api/analytics/items?seller=me".to_owned(),
            [401, 200, 200, 200, 200, 200],
        ),
        (
            "/api/analytics/customers".to_owned(),
            [401, 403, 403, 403, 200, 200],
        ),
        (
            "/api/analytics/conversion".to_owned(),
            [401, 403, 403, 403, 200, 200],
        ),
        (
            "/api/analytics/purchases".to_owned(),
            [401, 200, 200, 200, 200, 200],
        ),
        (
            format!("/api/analytics/purchases?account={buyer}"),
            [401, 200, 403, 403, 403, 200],
        ),
        ("/api/branches".to_owned(), [401, 403, 403, 403, 200, 200]),
        (
            "/api/reports/daily-revenue".to_owned(),
            [401, 403, 403, 403, 200, 200],
        ),
        ("/api/chain/calls".to_owned(), [401, 403, 403, 403, 403, 200]),
    ] {
        for (who, expected) in people.iter().zip(expected) {
            let found = status(&shop, &path, who.as_ref()).await;
            assert_eq!(found, expected, "{path} by {who:?}");
        }
    }
}

async fn lists_hold_ones_own_and_all_for_staff(database: Database) {
    let shop = shop(database).await;
    let others = [of_payment(requested(2, 3)), of_order(placed(&shop, 2, 3).await)];
    shop.tell(others).await;
    for path in ["/api/orders", "/api/payments"] {
        let seen = async |who: &Person| {
            let answer = shop.get(path).by(who).await.ok();
            let ids = answer.items().iter().map(|item| number(&item["id"]));
            ids.collect::<Vec<_>>()
        };
        assert_eq!(seen(&customer(1)).await, [1]);
        assert_eq!(seen(&customer(3)).await, [2]);
        assert!(seen(&person(2, Role::Seller)).await.is_empty());
        assert_eq!(seen(&staff()).await, [2, 1]);
    }
}

async fn another_ones_thing_answers_like_one_that_does_not_exist(database: Database) {
    let shop = shop(database).await;
    for (there, missing) in [
        (
            format!("/api/orders/{}", order(1)),
            format!("/api/orders/{}", order(9)),
        ),
        (
            format!("/api/orders/{}/history", order(1)),
            format!("/api/orders/{}/history", order(9)),
        ),
        (
            format!("/api/payments/{}", payment(1)),
            format!("/api/payments/{}", payment(9)),
        ),
        (
            format!("/api/products/{}/history", product(1)),
            format!("/api/products/{}/history", product(9)),
        ),
    ] {
        let there = shop.get(there).by(&customer(3)).await.refused(404, "not_found");
        let missing = shop.get(missing).by(&customer(3)).await.refused(404, "not_found");
        assert_eq!(there.text, missing.text);
        let names = |answer: &Answer| {
            let names = answer.headers.keys().map(ToString::to_string);
            names.collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(names(&there), names(&missing));
    }
}
