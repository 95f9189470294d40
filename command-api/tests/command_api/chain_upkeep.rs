//! What a branch and its headquarters need to agree again: categories that change, rows that are refused, days that one of
//! the two has forgotten, and figures by category.

use domain::supply::{SuppliedCategory, SuppliedCategoryCommand};
use events::envelope::Actor;
use events::ids::CategoryId;
use executor::CommandContext;
use platform::call_log::{CallFilter, CallLog};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Person, Shop};

/// Headquarters, whoever runs it, a branch and its token.
async fn with_branch() -> (Shop, Person, String, String) {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let leeds = json!({"name": "Leeds", "location": "1 High Street", "region": "North", "url": "https://leeds.example"});
    let answer = shop
        .post("/api/branches")
        .by(&admin)
        .json(&leeds)
        .await
        .expect(201);
    let (id, token) = (answer.text("branch_id"), answer.text("token"));
    (shop, admin, id, token)
}

async fn send(shop: &Shop, path: &str, token: &str, body: &Value) -> Answer {
    shop.post(path)
        .header("authorization", &format!("Bearer {token}"))
        .json(body)
        .await
}

async fn catalogue(shop: &Shop, token: &str, query: &str) -> Answer {
    shop.call("GET", format!("/api/chain/catalogue{query}"))
        .header("authorization", &format!("Bearer {token}"))
        .await
}

fn report(shop: &Shop, categories: &Value) -> Value {
    json!({"day": shop.now().date_naive(), "currency": "GBP", "revision": 1, "revenue": "9.00", "loss": "0.50",
        "orders": 2, "units": 3, "categories": categories})
}

#[tokio::test]
async fn categories_come_with_what_they_are_now_those_above_first() {
    let (shop, admin, _, token) = with_branch().await;
    let add = |body: Value| shop.post("/api/categories").by(&admin).json(&body);
    let kitchen = add(json!({"name": "Kitchen"}))
        .await
        .expect(201)
        .text("category_id");
    let mugs = add(json!({"name": "Mugs"})).await.expect(201).text("category_id");
    let first = catalogue(&shop, &token, "").await.expect(200);
    let cursor = first.text("next_cursor");
    let edit = |id: &str, body: Value| shop.patch(format!("/api/categories/{id}")).by(&admin).json(&body);
    edit(&mugs, json!({"parent": kitchen})).await.expect(200);
    edit(&kitchen, json!({"name": "Cooking"})).await.expect(200);
    let changed = catalogue(&shop, &token, &format!("?after={cursor}"))
        .await
        .expect(200);
    let categories = changed.body["categories"].as_array().unwrap();
    assert_eq!(
        (&categories[0]["category_id"], &categories[1]["category_id"]),
        (&json!(kitchen), &json!(mugs))
    );
    assert_eq!(categories[1]["path"][0]["name"], "Cooking");
    assert_eq!(categories[1]["path"][1]["slug"], "mugs");
    shop.delete(format!("/api/categories/{mugs}"))
        .by(&admin)
        .await
        .expect(204);
    let cursor = changed.text("next_cursor");
    let closed = catalogue(&shop, &token, &format!("?after={cursor}"))
        .await
        .expect(200);
    assert_eq!(
        closed.body["categories"],
        json!([{"category_id": mugs, "path": []}])
    );
}

#[tokio::test]
async fn rows_are_looked_up_by_their_ids_as_they_are_now() {
    let (shop, admin, _, token) = with_branch().await;
    let kitchen = shop
        .post("/api/categories")
        .by(&admin)
        .json(&json!({"name": "Kitchen"}))
        .await
        .expect(201)
        .text("category_id");
    let book =
        json!({"name": "Book", "sku": "BOOK", "price": "5", "quantity": 1, "attributes": {"author": "Ann"}});
    let book = shop
        .post("/api/products")
        .by(&admin)
        .json(&book)
        .await
        .expect(201);
    let book = book.text("product_id");
    shop.product(&admin, "2.55", 6).await;
    let never = Uuid::now_v7();
    let found = catalogue(&shop, &token, &format!("?only={book},{kitchen},{never}"))
        .await
        .expect(200);
    let items = found.body["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["product_id"]), (1, &json!(book)));
    assert_eq!(items[0]["attributes"], json!({"author": "Ann"}));
    assert_eq!(found.body["categories"][0]["category_id"], kitchen);
    assert_eq!(found.body["more"], false);
    let many = vec![never.to_string(); 51].join(",");
    for wrong in [
        "?only=x",
        &format!("?only={many}"),
        &format!("?only={book}&after=Nw"),
    ] {
        let answer = catalogue(&shop, &token, wrong)
            .await
            .refused(400, "invalid_parameter");
        assert_eq!(answer.body["errors"][0]["field"], "only");
    }
}

#[tokio::test]
async fn what_a_branch_makes_of_a_row_is_kept_with_code_and_field_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let calls = CallLog::open_sqlite(&folder.path().join("calls.db"))
        .await
        .unwrap();
    let (shop, _, id, token) = with_branch().await;
    let shop = shop.changed(|deps| deps.chain.calls = Some(calls.clone()));
    let head = shop.head().await;
    let row = Uuid::now_v7();
    let path = format!("/api/branches/{id}/catalogue-outcomes");
    let refused = json!({"kind": "product", "id": row, "outcome": "refused", "code": "sku_taken", "field": "sku",
        "detail": "MUG is another's at this branch"});
    send(&shop, &path, &token, &refused).await.expect(204);
    let taken = json!({"kind": "product", "id": row, "outcome": "taken"});
    send(&shop, &path, &token, &taken).await.expect(204);
    let lacking = json!({"kind": "product", "id": row, "outcome": "refused"});
    let answer = send(&shop, &path, &token, &lacking).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(answer.body["errors"][0]["field"], "code");
    let other = format!("/api/branches/{}/catalogue-outcomes", Uuid::now_v7());
    send(&shop, &other, &token, &taken)
        .await
        .refused(404, "not_found");
    let kept = calls.list(&CallFilter::default(), None, 10).await.unwrap();
    let told: Vec<_> = kept
        .iter()
        .rev()
        .map(|logged| logged.call.error.clone())
        .collect();
    let (first, rest) = told.split_first().unwrap();
    assert_eq!(
        first.as_deref(),
        Some(format!("sku_taken (sku): product {row}: MUG is another's at this branch").as_str())
    );
    assert_eq!(rest[0].as_deref(), Some(format!("taken: product {row}").as_str()));
    assert!(
        rest[1].as_deref().unwrap().contains("code: code_mismatch"),
        "{rest:?}"
    );
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn a_branch_learns_what_counts_of_its_days() {
    let (shop, _, id, token) = with_branch().await;
    let today = shop.now().date_naive();
    let body = report(&shop, &json!([]));
    let reports = format!("/api/branches/{id}/daily-reports");
    send(&shop, &reports, &token, &body).await.expect(200);
    let head = shop.head().await;
    let path = format!("{reports}/compare");
    let days = json!({"days": [{"day": today, "currency": "GBP"}, {"day": today, "currency": "EUR"}]});
    let counted = send(&shop, &path, &token, &days).await.expect(200);
    let gbp = |amount: &str| json!({"amount": amount, "currency": "GBP"});
    let expected = json!([{"day": today, "currency": "GBP", "revision": 1, "revenue": gbp("9.00"),
        "loss": gbp("0.50"), "orders": 2, "units": 3, "categories": []}]);
    assert_eq!(counted.body["items"], expected);
    let day = json!({"day": today, "currency": "GBP"});
    let many = json!({"days": vec![day; 201]});
    let answer = send(&shop, &path, &token, &many).await;
    assert_eq!(answer.body["errors"][0]["code"], "too_many");
    let other = format!("/api/branches/{}/daily-reports/compare", Uuid::now_v7());
    send(&shop, &other, &token, &days).await.refused(404, "not_found");
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn a_day_told_by_category_comes_to_the_whole_or_is_refused_with_its_field() {
    let (shop, _, id, token) = with_branch().await;
    let path = format!("/api/branches/{id}/daily-reports");
    let part = |slug: &str, revenue: &str, loss: &str, units: u64| json!({"slug": slug, "revenue": revenue, "loss": loss, "units": units});
    let head = shop.head().await;
    for (categories, field, code) in [
        (
            json!([part("a", "9.00", "0.50", 2)]),
            "categories",
            "category_sums",
        ),
        (
            json!([part("b", "9.00", "0.50", 3), part("a", "0", "0", 0)]),
            "categories",
            "category_order",
        ),
        (
            json!([part("A b", "9.00", "0.50", 3)]),
            "categories[0].slug",
            "slug_invalid",
        ),
        (
            json!([part("a", "9.001", "0.50", 3)]),
            "categories[0].revenue",
            "amount_invalid",
        ),
    ] {
        let answer = send(&shop, &path, &token, &report(&shop, &categories)).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        let error = &answer.body["errors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!(code)));
    }
    assert_eq!(shop.head().await, head);
    let sound = json!([part("", "1.00", "0", 1), part("kitchen", "8.00", "0.50", 2)]);
    send(&shop, &path, &token, &report(&shop, &sound))
        .await
        .expect(200);
    assert_eq!(shop.types_after(head).await, ["DailyReportReceived"]);
}

#[tokio::test]
async fn a_category_of_headquarters_is_not_edited_at_the_branch() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let kitchen = shop
        .post("/api/categories")
        .by(&admin)
        .json(&json!({"name": "Kitchen"}))
        .await
        .expect(201)
        .text("category_id");
    let category_id: CategoryId = kitchen.parse().unwrap();
    let at = shop.now();
    let context = CommandContext::new(Actor::System, at, Uuid::now_v7());
    let supply = |work: &mut domain::UnitOfWork| {
        let command = SuppliedCategoryCommand::Supply { category_id, at };
        work.handle::<SuppliedCategory>(category_id, command)
    };
    shop.deps.executor.execute(&context, supply).await.unwrap();
    let edit = shop.patch(format!("/api/categories/{kitchen}")).by(&admin);
    edit.json(&json!({"name": "Ours"}))
        .await
        .refused(409, "headquarters_category");
    let archive = shop.delete(format!("/api/categories/{kitchen}")).by(&admin);
    archive.await.refused(409, "headquarters_category");
    // What is below it may be the branch's own.
    let below = json!({"name": "Local jam", "parent": kitchen});
    shop.post("/api/categories")
        .by(&admin)
        .json(&below)
        .await
        .expect(201);
}
