//! What holds for every query: positions, tags, parameters.

use std::time::Duration;

use futures::future::{Either, select};
use query_api::QueryDeps;
use read_models::Views;
use read_models::query::products::ProductPlace;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use crate::database::{Database, new_server, on_each_database};
use crate::shop::{Shop, admin};
use crate::story::*;

on_each_database! {
    an_unchanged_document_is_not_sent_again,
    a_document_that_changed_is_sent_again,
    a_query_waits_for_the_position_that_it_was_asked_for,
    a_read_model_that_stays_behind_is_a_503_that_says_when_to_come_again,
    a_character_that_no_text_may_hold_is_just_not_found,
    what_is_no_position_is_a_400,
    a_parameter_that_nobody_knows_is_a_400,
    a_page_holds_one_to_a_hundred,
    the_server_answers_until_it_is_told_to_stop,
    an_id_that_is_none_names_nothing,
}

/// Long enough for a busy machine to look once, short enough to wait for.
const SHORT_PATIENCE: Duration = Duration::from_millis(20);

/// One path of every endpoint, and what makes each of them answer.
async fn paths(shop: &Shop) -> Vec<String> {
    let story = [
        of_catalogue(added(1, "Mug", 150)),
        created(1, None, "Kitchen"),
        of_payment(requested(1, 90)),
        of_order(placed(shop, 1, 90).await),
        of_account(registered(shop, 90).await),
    ];
    shop.tell(story).await;
    vec![
        "/api/users/me".to_owned(),
        "/api/users".to_owned(),
        "/api/categories".to_owned(),
        format!("/api/categories/{}", category(1)),
        "/api/products".to_owned(),
        format!("/api/products/{}", product(1)),
        format!("/api/products/{}/history", product(1)),
        "/api/cart".to_owned(),
        "/api/orders".to_owned(),
        format!("/api/orders/{}", order(1)),
        format!("/api/orders/{}/history", order(1)),
        "/api/payments".to_owned(),
        format!("/api/payments/{}", payment(1)),
        "/api/wallet".to_owned(),
        "/api/wallet/entries".to_owned(),
        "/api/analytics/sales".to_owned(),
        "/api/analytics/sales-over-time".to_owned(),
        "/api/analytics/best-sellers".to_owned(),
        "/api/analytics/revenue".to_owned(),
        "/api/analytics/items".to_owned(),
        "/api/analytics/customers".to_owned(),
        "/api/analytics/conversion".to_owned(),
        "/api/analytics/purchases".to_owned(),
    ]
}

async fn an_unchanged_document_is_not_sent_again(database: Database) {
    let shop = Shop::open(database).await;
    for path in paths(&shop).await {
        let first = shop.get(&path).by(&admin()).await.ok();
        assert_eq!(first.position(), 5, "{path}");
        let again = shop.get(&path).by(&admin()).if_none_match(first.tag());
        let again = again.await.unchanged();
        assert_eq!((again.tag(), again.position()), (first.tag(), 5), "{path}");
        let several = format!("\"other\", W/{}", first.tag());
        shop.get(&path)
            .by(&admin())
            .if_none_match(&several)
            .await
            .unchanged();
        let other = shop.get(&path).by(&admin()).if_none_match("\"other\"").await.ok();
        assert_eq!(other.body, first.body);
    }
}

async fn a_document_that_changed_is_sent_again(database: Database) {
    let shop = Shop::open(database).await;
    let path = format!("/api/orders/{}", order(1));
    let story = [of_order(placed(&shop, 1, 1).await)];
    shop.tell(story).await;
    let first = shop.get(&path).by(&admin()).await.ok();
    shop.tell([of_order(paid(1, 1, 10))]).await;
    let second = shop.get(&path).by(&admin()).if_none_match(first.tag()).await.ok();
    assert_eq!(second.body["status"], "paid");
}

async fn a_query_waits_for_the_position_that_it_was_asked_for(database: Database) {
    let shop = Shop::open(database).await;
    let paths = paths(&shop).await;
    shop.stop_projecting().await;
    let story = [
        of_catalogue(added(2, "Plate", 500)),
        of_order(placed(&shop, 2, 90).await),
    ];
    let position = shop.append(story).await;
    let mut waiting = Vec::new();
    for path in &paths {
        let later = shop.get(path).by(&admin()).min(position).into_future();
        // Who doesn't ask for a position gets what there is, while the other waits.
        let now = shop.get(path).by(&admin()).into_future();
        let Either::Right((now, later)) = select(later, now).await else {
            panic!("{path} didn't wait");
        };
        assert_eq!(now.ok().position(), 5, "{path}");
        waiting.push(later);
    }
    shop.project();
    for (path, answer) in paths.iter().zip(waiting) {
        assert!(answer.await.ok().position() >= position, "{path}");
    }
    let list = shop.get("/api/products").min(position).await.ok();
    assert_eq!(list.items().len(), 2);
}

async fn a_read_model_that_stays_behind_is_a_503_that_says_when_to_come_again(database: Database) {
    let shop = Shop::with_patience(database, SHORT_PATIENCE).await;
    let paths = paths(&shop).await;
    shop.get("/api/products").await.ok();
    for path in &paths {
        let answer = shop.get(path).by(&admin()).min(6).await;
        let answer = answer.refused(503, "read_model_behind");
        assert_eq!(answer.headers["retry-after"], "1", "{path}");
        shop.get(path).by(&admin()).min(5).await.ok();
    }
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn before_the_first_projector_has_run_every_query_is_a_503() {
    let views = Views::open_postgres_reader(&new_server().await).await.unwrap();
    let shop = Shop::open(Database::Sqlite).await;
    let paths = paths(&shop).await;
    let (routes, _) = query_api::router(QueryDeps {
        views,
        ..shop.deps.clone()
    });
    let shop = shop.behind(routes);
    for path in paths {
        let answer = shop.get(&path).by(&admin()).await;
        let answer = answer.refused(503, "read_model_behind");
        assert_eq!(answer.headers["retry-after"], "1", "{path}");
    }
}

/// Whoever knows how a cursor is made can put into it what no text of the database may hold.
async fn a_character_that_no_text_may_hold_is_just_not_found(database: Database) {
    let shop = Shop::open(database).await;
    shop.tell([of_catalogue(added(1, "Mug", 150))]).await;
    let place = ProductPlace::Name("a\0b".to_owned(), product(1));
    let cursor = web::paging::encode_cursor(&place);
    let after = shop
        .get(format!("/api/products?sort=name&cursor={cursor}"))
        .await
        .ok();
    assert_eq!(after.each("name"), ["Mug"]);
    let none = shop.get("/api/products?category=a%00b").await.ok();
    assert!(none.items().is_empty());
    shop.get("/api/categories/a%00b").await.refused(404, "not_found");
}

async fn what_is_no_position_is_a_400(database: Database) {
    let shop = Shop::open(database).await;
    for path in paths(&shop).await {
        for wrong in ["", "-1", "1.5", "soon", "18446744073709551616"] {
            let answer = shop.get(&path).by(&admin()).min(wrong).await;
            answer.refused(400, "invalid_min_position");
        }
    }
}

async fn a_parameter_that_nobody_knows_is_a_400(database: Database) {
    let shop = Shop::open(database).await;
    for path in paths(&shop).await {
        let takes_none = ["/me", "/categories", "/cart"]
            .iter()
            .any(|end| path.ends_with(end))
            || path.ends_with(|last: char| last.is_ascii_digit());
        let answer = shop.get(format!("{path}?colour=red")).by(&admin()).await;
        if takes_none {
            answer.ok();
        } else {
            let answer = answer.refused(400, "invalid_parameter");
            assert!(answer.text.contains("colour"), "{}", answer.text);
        }
    }
}

async fn a_page_holds_one_to_a_hundred(database: Database) {
    let shop = Shop::open(database).await;
    let lists = [
        "/users",
        "/products",
        "/orders",
        "/payments",
        "/entries",
        "/history",
    ];
    for path in paths(&shop).await {
        if !lists.iter().any(|end| path.ends_with(end)) {
            continue;
        }
        for limit in ["0", "101", "-1", "x", ""] {
            let answer = shop.get(format!("{path}?limit={limit}")).by(&admin()).await;
            let answer = answer.refused(400, "invalid_parameter");
            assert_eq!(answer.body["errors"][0]["field"], "limit", "{path}");
        }
        for limit in ["1", "100"] {
            shop.get(format!("{path}?limit={limit}")).by(&admin()).await.ok();
        }
    }
}

async fn the_server_answers_until_it_is_told_to_stop(database: Database) {
    let shop = Shop::open(database).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(query_api::run(shop.deps.clone(), listener, shutdown.clone()));
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = "GET /api/products/ HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with(r#"{"items":[],"next_cursor":null}"#), "{answer}");
    shutdown.cancel();
    serving.await.unwrap().unwrap();
}

async fn an_id_that_is_none_names_nothing(database: Database) {
    let shop = Shop::open(database).await;
    for path in [
        "/api/products/7",
        "/api/orders/x",
        "/api/payments/%00",
        "/api/products/%FF/history",
    ] {
        let answer = shop.get(path).by(&admin()).await;
        answer.refused(404, "not_found");
    }
}
