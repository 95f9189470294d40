//! Branches at headquarters: their tokens, their reports, the catalogue that they are handed; and a branch's own requests.

use command_api::ChainDeps;
use domain::supply::{SuppliedProduct, SuppliedProductCommand};
use events::envelope::Actor;
use events::ids::ProductId;
use executor::CommandContext;
use platform::call_log::{CallFilter, CallLog};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Person, Shop, payload};

fn leeds() -> Value {
    json!({"name": "Leeds", "location": "1 High Street", "region": "North", "url": "https://leeds.example/"})
}

/// Headquarters, whoever runs it, a branch and its token.
async fn with_branch() -> (Shop, Person, String, String) {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let answer = shop
        .post("/api/branches")
        .by(&admin)
        .json(&leeds())
        .await
        .expect(201);
    let (id, token) = (answer.text("branch_id"), answer.text("token"));
    (shop, admin, id, token)
}

fn report(shop: &Shop, revision: u64, revenue: &str) -> Value {
    json!({"day": shop.now().date_naive(), "currency": "GBP", "revision": revision, "revenue": revenue,
        "loss": {"amount": "0.50", "currency": "GBP"}, "orders": 2, "units": 3})
}

async fn send(shop: &Shop, id: &str, token: &str, report: &Value) -> Answer {
    let call = shop.post(format!("/api/branches/{id}/daily-reports"));
    call.header("authorization", &format!("Bearer {token}"))
        .json(report)
        .await
}

async fn catalogue(shop: &Shop, token: &str, after: Option<&str>) -> Answer {
    let query = after.map_or_else(String::new, |after| format!("?after={after}"));
    let call = shop.call("GET", format!("/api/chain/catalogue{query}"));
    call.header("authorization", &format!("Bearer {token}")).await
}

#[tokio::test]
async fn a_token_is_told_once_and_its_hash_is_kept() {
    let (shop, admin, id, token) = with_branch().await;
    assert!(token.starts_with(&format!("tsb_{id}.")));
    let events = shop.events_of(&format!("branch-{id}")).await;
    let registered = payload(&events[0]);
    assert_eq!(registered["profile"]["url"], "https://leeds.example");
    assert_eq!(registered["profile"]["time_zone"], "UTC");
    for event in shop.events_after(0).await {
        assert!(!event.payload.contains("tsb_"), "{}", event.payload);
    }
    // Its answer is a secret: the same key again makes another branch.
    let again = || shop.post("/api/branches").by(&admin).key("once").json(&leeds());
    let (one, other) = (again().await.expect(201), again().await.expect(201));
    assert_ne!(one.text("token"), other.text("token"));
}

#[tokio::test]
async fn a_day_counts_once_and_a_higher_revision_takes_its_place() {
    let (shop, _, id, token) = with_branch().await;
    let head = shop.head().await;
    for _ in 0..2 {
        send(&shop, &id, &token, &report(&shop, 2, "9.99"))
            .await
            .expect(200);
    }
    for (revision, revenue) in [(1, "9.99"), (2, "9.98")] {
        let answer = send(&shop, &id, &token, &report(&shop, revision, revenue)).await;
        let answer = answer.refused(409, "report_outdated");
        assert_eq!(answer.body["newest_revision"], "2");
    }
    send(&shop, &id, &token, &report(&shop, 3, "8.00"))
        .await
        .expect(200);
    let events = shop.events_after(head).await;
    let told: Vec<_> = events.iter().map(payload).collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[1]["replaces"], told[0]["figures"]);
    assert_eq!(
        told[1]["figures"]["loss"],
        json!({"amount": "0.50", "currency": "GBP"})
    );
}

#[tokio::test]
async fn what_is_no_report_is_refused_with_its_field() {
    let (shop, _, id, token) = with_branch().await;
    let head = shop.head().await;
    let far = "2999-01-01";
    for (member, value, field, code) in [
        ("revision", json!(0), "revision", "revision_invalid"),
        ("revenue", json!("-1"), "revenue", "negative_amount"),
        ("revenue", json!("1.005"), "revenue", "amount_invalid"),
        (
            "revenue",
            json!({"amount": "1", "currency": "EUR"}),
            "revenue",
            "mixed_currencies",
        ),
        (
            "loss",
            json!({"amount": "1", "currency": "EUR"}),
            "loss",
            "mixed_currencies",
        ),
        ("revenue", json!("99999999999999.00"), "revenue", "too_large"),
        ("units", json!(u64::MAX), "units", "too_large"),
        ("day", json!(far), "day", "day_in_future"),
    ] {
        let mut body = report(&shop, 1, "1.00");
        body[member] = value;
        let answer = send(&shop, &id, &token, &body).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        let error = &answer.body["errors"][0];
        assert_eq!(
            (error["field"].as_str(), error["code"].as_str()),
            (Some(field), Some(code))
        );
    }
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn a_branch_is_let_in_by_its_newest_token_alone_and_sees_only_itself() {
    let (shop, admin, id, first) = with_branch().await;
    let body = report(&shop, 1, "1.00");
    let other = shop
        .post("/api/branches")
        .by(&admin)
        .json(&leeds())
        .await
        .expect(201);
    let (other_id, other_token) = (other.text("branch_id"), other.text("token"));
    send(&shop, &id, &other_token, &body)
        .await
        .refused(404, "not_found");
    // Half of one and half of the other is neither's.
    let (half, _) = other_token.split_once('.').unwrap();
    let forged = format!("{half}.{}", first.split_once('.').unwrap().1);
    send(&shop, &other_id, &forged, &body)
        .await
        .refused(401, "token_invalid");
    send(&shop, &id, &admin.token, &body)
        .await
        .refused(401, "token_invalid");
    let nobody = shop.post(format!("/api/branches/{id}/daily-reports")).json(&body);
    nobody.await.refused(401, "token_missing");
    // A branch's token is no login.
    let login = shop
        .post("/api/branches")
        .header("authorization", &format!("Bearer {first}"));
    login.json(&leeds()).await.refused(401, "token_invalid");

    let rotate = shop.post(format!("/api/branches/{id}/token")).by(&admin);
    let second = rotate.await.expect(200).text("token");
    send(&shop, &id, &first, &body)
        .await
        .refused(401, "token_invalid");
    send(&shop, &id, &second, &body).await.expect(200);
    for _ in 0..2 {
        shop.delete(format!("/api/branches/{id}/token"))
            .by(&admin)
            .await
            .expect(204);
    }
    send(&shop, &id, &second, &body)
        .await
        .refused(401, "token_invalid");
    catalogue(&shop, &second, None)
        .await
        .refused(401, "token_invalid");
}

#[tokio::test]
async fn branches_are_for_admins_to_register_and_edit() {
    let (shop, admin, id, _) = with_branch().await;
    let staff = shop.person().await;
    let roles = json!({"roles": ["staff"]});
    let path = format!("/api/users/{}/roles", staff.id);
    shop.put(path).by(&admin).json(&roles).await.expect(200);
    let staff = shop.log_in(&staff.username).await;
    let head = shop.head().await;
    for (method, path, body) in [
        ("POST", "/api/branches".to_owned(), leeds()),
        ("PATCH", format!("/api/branches/{id}"), json!({"name": "York"})),
        ("POST", format!("/api/branches/{id}/token"), json!({})),
        ("DELETE", format!("/api/branches/{id}/token"), json!({})),
        (
            "POST",
            "/api/chain/reports".to_owned(),
            json!({"day": "2026-01-01"}),
        ),
    ] {
        let answer = shop.call(method, &path).by(&staff).json(&body).await;
        answer.refused(403, "role_required");
    }
    assert_eq!(shop.head().await, head);

    let edit = |body: Value| shop.patch(format!("/api/branches/{id}")).by(&admin).json(&body);
    edit(json!({"region": "Midlands"})).await.expect(200);
    edit(json!({"region": "Midlands"})).await.expect(200);
    assert_eq!(shop.types_after(head).await, ["BranchEdited"]);
    let stale = shop.patch(format!("/api/branches/{id}")).by(&admin).if_match(1);
    stale
        .json(&json!({"name": "York"}))
        .await
        .refused(412, "precondition_failed");
    for (body, field) in [
        (json!({"name": " "}), "name"),
        (json!({"url": "leeds"}), "url"),
        (json!({"time_zone": "Europe/Leeds"}), "time_zone"),
        (json!({"location": "a\u{7}b"}), "location"),
    ] {
        let answer = edit(body).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert_eq!(answer.body["errors"][0]["field"], field);
    }
    let never = shop.patch(format!("/api/branches/{}", Uuid::now_v7()));
    let never = never.by(&admin).json(&json!({"name": "York"})).await;
    never.refused(404, "branch_not_found");
}

#[tokio::test]
async fn the_catalogue_comes_in_its_changes_and_each_product_as_it_is() {
    let (shop, admin, _, token) = with_branch().await;
    let category = |name: &str, parent: Option<String>| json!({"name": name, "parent": parent});
    let add = |body: Value| shop.post("/api/categories").by(&admin).json(&body);
    let kitchen = add(category("Kitchen", None))
        .await
        .expect(201)
        .text("category_id");
    let mugs = add(category("Mugs", Some(kitchen)))
        .await
        .expect(201)
        .text("category_id");
    let mug = json!({"name": "Mug", "sku": "MUG", "price": "2.55", "quantity": 9, "category": mugs});
    let mug = shop.post("/api/products").by(&admin).json(&mug).await.expect(201);
    let mug = mug.text("product_id");
    let seller = shop.person().await;
    let lamp = json!({"name": "Lamp", "price": "9", "quantity": 1});
    shop.post("/api/products")
        .by(&seller)
        .json(&lamp)
        .await
        .expect(201);

    let first = catalogue(&shop, &token, None).await.expect(200);
    let items = first.body["items"].as_array().unwrap();
    assert_eq!(
        items.len(),
        1,
        "what is a seller's isn't headquarters': {items:?}"
    );
    assert_eq!(items[0]["product_id"], mug);
    assert_eq!(items[0]["category"][1]["slug"], "mugs");
    assert_eq!(
        items[0]["variants"][0]["price"],
        json!({"amount": "2.55", "currency": "GBP"})
    );
    assert_eq!(
        (&items[0]["status"], &first.body["more"]),
        (&json!("active"), &json!(false))
    );

    let cursor = first.text("next_cursor");
    let none = catalogue(&shop, &token, Some(&cursor)).await.expect(200);
    assert_eq!(none.body["items"], json!([]));
    let edit = |body: Value| shop.patch(format!("/api/products/{mug}")).by(&admin).json(&body);
    edit(json!({"price": "3.00"})).await.expect(200);
    edit(json!({"status": "archived"})).await.expect(200);
    let changed = catalogue(&shop, &token, Some(&cursor)).await.expect(200);
    let items = changed.body["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["status"]), (1, &json!("archived")));
    shop.delete(format!("/api/products/{mug}"))
        .by(&admin)
        .await
        .expect(204);
    let gone = catalogue(&shop, &token, Some(&changed.text("next_cursor")))
        .await
        .expect(200);
    assert_eq!(gone.body["items"][0]["status"], "removed");

    for wrong in ["x", "OTk5OTk5"] {
        catalogue(&shop, &token, Some(wrong))
            .await
            .refused(400, "invalid_cursor");
    }
}

#[tokio::test]
async fn a_long_catalogue_comes_in_bounded_pages_that_skip_nothing() {
    let (shop, admin, _, token) = with_branch().await;
    let mut added = vec![];
    for n in 0..120 {
        let body = json!({"name": format!("Mug {n}"), "price": "1", "quantity": 1});
        let answer = shop
            .post("/api/products")
            .by(&admin)
            .json(&body)
            .await
            .expect(201);
        added.push(answer.text("product_id"));
    }
    let (mut seen, mut cursor) = (vec![], None);
    loop {
        let page = catalogue(&shop, &token, cursor.as_deref()).await.expect(200);
        let items = page.body["items"].as_array().unwrap();
        assert!(items.len() <= 50);
        let ids = items
            .iter()
            .map(|item| item["product_id"].as_str().unwrap().to_owned());
        seen.extend(ids);
        if page.body["more"] == false {
            break;
        }
        cursor = Some(page.text("next_cursor"));
    }
    assert_eq!(seen, added);
}

#[tokio::test]
async fn every_call_of_a_branch_is_kept_also_the_refused_ones() {
    let folder = tempfile::tempdir().unwrap();
    let calls = CallLog::open_sqlite(&folder.path().join("calls.db"))
        .await
        .unwrap();
    let (shop, _, id, token) = with_branch().await;
    let shop = shop.changed(|deps| deps.chain.calls = Some(calls.clone()));
    let body = report(&shop, 1, "1.00");
    send(&shop, &id, &token, &body).await.expect(200);
    send(&shop, &id, "tsb_nonsense", &body)
        .await
        .refused(401, "token_invalid");
    catalogue(&shop, &token, Some("x"))
        .await
        .refused(400, "invalid_cursor");
    shop.post("/api/auth/login").json(&json!({})).await;
    let kept = calls.list(&CallFilter::default(), None, 10).await.unwrap();
    let told: Vec<_> = kept
        .iter()
        .rev()
        .map(|logged| {
            (
                logged.call.status,
                logged.call.error.as_deref(),
                logged.call.peer.as_deref(),
            )
        })
        .collect();
    let branch = Some(id.as_str());
    let expected = [
        (Some(200), None, branch),
        (Some(401), Some("token_invalid"), None),
        (Some(400), Some("invalid_cursor (cursor: invalid_cursor)"), branch),
    ];
    assert_eq!(told, expected);
    assert!(calls.last_contact(&id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_branch_asks_for_a_day_to_be_reported_and_others_have_nobody_to_report_to() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let today = json!({"day": shop.now().date_naive()});
    let alone = shop.post("/api/chain/reports").by(&admin).json(&today).await;
    alone.refused(409, "no_headquarters");
    let shop = shop.changed(|deps| {
        deps.chain = ChainDeps {
            calls: None,
            is_branch: true,
        };
    });
    let head = shop.head().await;
    for _ in 0..2 {
        shop.post("/api/chain/reports")
            .by(&admin)
            .json(&today)
            .await
            .expect(202);
    }
    assert_eq!(shop.types_after(head).await, ["DailyReportRequested"]);
    let future = shop
        .post("/api/chain/reports")
        .by(&admin)
        .json(&json!({"day": "2999-01-01"}));
    future.await.refused(422, "day_in_future");
}

#[tokio::test]
async fn what_is_headquarters_is_not_edited_at_the_branch() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (mug, _) = shop.product(&admin, "2.55", 6).await;
    let product_id: ProductId = mug.parse().unwrap();
    let at = shop.now();
    let context = CommandContext::new(Actor::System, at, Uuid::now_v7());
    let supply = |work: &mut domain::UnitOfWork| {
        let command = SuppliedProductCommand::Supply { product_id, at };
        work.handle::<SuppliedProduct>(product_id, command)
    };
    shop.deps.executor.execute(&context, supply).await.unwrap();
    let head = shop.head().await;
    let edit = shop.patch(format!("/api/products/{mug}")).by(&admin);
    edit.json(&json!({"price": "1"}))
        .await
        .refused(409, "headquarters_product");
    let remove = shop.delete(format!("/api/products/{mug}")).by(&admin);
    remove.await.refused(409, "headquarters_product");
    let bulk = json!({"ids": [mug], "action": "archive"});
    let done = shop
        .post("/api/products/bulk")
        .by(&admin)
        .json(&bulk)
        .await
        .expect(200);
    assert_eq!(done.body["results"][0]["code"], "headquarters_product");
    assert_eq!(shop.head().await, head);
    // Its stock is the branch's own.
    let stock = shop.post(format!("/api/products/{mug}/stock")).by(&admin);
    stock.json(&json!({"receive": 5})).await.expect(200);
}
