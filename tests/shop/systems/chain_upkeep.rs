//! The chain when things go wrong: a SKU is taken at the branch, categories and options change, and the branch comes back from
//! an old copy of its data. Each is seen on both sides, and mended.

use std::fs;
use std::path::Path;

use chrono::{NaiveDate, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, order};
use crate::line::Line;
use crate::process::{Shop, run};

fn pounds(amount: &str) -> Value {
    json!({"amount": amount, "currency": "GBP"})
}

fn today() -> NaiveDate {
    Utc::now().date_naive()
}

fn start(data_dir: &Path, line: &Line, token: &str) -> Shop {
    let settings = [
        ("TILLSTREAM_DEMO", "false"),
        ("TILLSTREAM_CHAIN__HEADQUARTERS", &line.url()),
        ("TILLSTREAM_CHAIN__TOKEN", token),
        ("TILLSTREAM_CHAIN__CATALOGUE_EVERY_S", "1"),
    ];
    Shop::start_with(data_dir, &settings)
}

/// Until one of the calls that this shop has kept says so.
async fn told(client: &Client, words: &str) {
    let told = |calls: &Value| {
        let mut calls = calls["items"].as_array().unwrap().iter();
        calls.any(|call| call["error"].as_str().unwrap_or_default().contains(words))
    };
    client.wait_for("/api/chain/calls?limit=100", told).await;
}

/// Headquarters' sums of today by category, once the total is this.
async fn by_category(boss: &Client, total: &str) -> Value {
    let day = today();
    let report = format!("/api/reports/daily-revenue?from={day}&to={day}&group_by=category");
    boss.wait_for(&report, |report| report["total"]["revenue"] == pounds(total))
        .await
}

async fn sells(buyer: &Client, sku: &str) {
    let placed = buyer.post("/api/orders", &order(sku, 1)).await.expect(201);
    let path = format!("/api/orders/{}", placed["order_id"].as_str().unwrap());
    buyer.wait_for(&path, |order| order["status"] == "paid").await;
}

async fn reports(admin: &Client) {
    let body = json!({"day": today()});
    admin.post("/api/chain/reports", &body).await.expect(202);
}

/// A copy of a stopped shop's folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_branch_cant_take_is_told_on_both_sides_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    let without_demo = [("TILLSTREAM_DEMO", "false")];
    let headquarters = Shop::start_with(&folder.path().join("headquarters"), &without_demo);
    let boss = Client::admin(&headquarters).await;
    let line = Line::to(&headquarters).await;
    let leeds = json!({"name": "Leeds", "location": "1 High Street", "region": "North", "url": "https://leeds.example"});
    let leeds = boss.post("/api/branches", &leeds).await.expect(201);
    let token = leeds["token"].as_str().unwrap();
    let branch = start(&folder.path().join("leeds"), &line, token);
    let admin = Client::admin(&branch).await;

    // The branch has a mug of its own, of the same SKU.
    let own = json!({"name": "Our mug", "sku": "MUG", "price": "5", "quantity": 3});
    let own = admin.post("/api/products", &own).await.expect(201);
    let kitchen = json!({"name": "Kitchen", "slug": "kitchen"});
    let kitchen = boss.post("/api/categories", &kitchen).await.expect(201);
    let mug = json!({"name": "Mug", "category": kitchen["category_id"], "attributes": {"glaze": "blue"}, "variants": [
        {"sku": "MUG", "price": "7.99", "quantity": 1, "options": {"size": "S"}},
        {"sku": "MUG-L", "price": "8.99", "quantity": 1, "options": {"size": "L"}},
    ]});
    let mug = boss.post("/api/products", &mug).await.expect(201);
    let mug = format!("/api/products/{}", mug["product_id"].as_str().unwrap());
    told(&admin, "sku_taken (sku): product").await;
    told(&boss, "sku_taken (sku): product").await;
    assert_eq!(admin.get(&mug).await.status, 404);

    // It is counted down and removed; headquarters' comes by itself.
    let own = format!("/api/products/{}", own["product_id"].as_str().unwrap());
    let counted_down = json!({"adjust": -3, "reason": "moved"});
    admin
        .post(&format!("{own}/stock"), &counted_down)
        .await
        .expect(200);
    let gone = admin.request(Method::DELETE, &own);
    assert_eq!(gone.answer().await.unwrap().status, 204);
    let product = admin.wait_for(&mug, |product| product["name"] == "Mug").await;
    assert_eq!(product["attributes"], json!({"glaze": "blue"}));
    told(&admin, "taken: product").await;
    told(&boss, "taken: product").await;

    // Options and the tree of categories follow; nobody here changes them.
    let options = json!({"options": {"MUG": {"size": "small"}}});
    let edited = boss.patch(&mug, &options).await;
    assert_eq!(edited.status, 200, "{}", edited.body);
    let home = json!({"name": "Home", "slug": "home"});
    let home = boss.post("/api/categories", &home).await.expect(201);
    let category = format!("/api/categories/{}", kitchen["category_id"].as_str().unwrap());
    let moved = json!({"name": "Cooking", "parent": home["category_id"]});
    assert_eq!(boss.patch(&category, &moved).await.status, 200);
    admin
        .wait_for("/api/categories/kitchen", |found| {
            found["name"] == "Cooking" && found.to_string().contains("\"Home\"")
        })
        .await;
    admin
        .wait_for(&mug, |product| product.to_string().contains("\"small\""))
        .await;
    let edit = admin.patch(&category, &json!({"name": "Ours"})).await;
    assert_eq!(
        (edit.status.as_u16(), edit.code()),
        (409, "headquarters_category")
    );
    assert!(branch.stop().success());
    assert!(headquarters.stop().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_branch_that_comes_back_from_an_old_copy_outbids_what_headquarters_has() {
    let folder = tempfile::tempdir().unwrap();
    let without_demo = [("TILLSTREAM_DEMO", "false")];
    let headquarters = Shop::start_with(&folder.path().join("headquarters"), &without_demo);
    let boss = Client::admin(&headquarters).await;
    let line = Line::to(&headquarters).await;
    let kitchen = json!({"name": "Kitchen", "slug": "kitchen"});
    let kitchen = boss.post("/api/categories", &kitchen).await.expect(201);
    let mug = json!({"name": "Mug", "sku": "MUG", "price": "7.99", "quantity": 1, "category": kitchen["category_id"]});
    let mug = boss.post("/api/products", &mug).await.expect(201);
    let mug = format!("/api/products/{}", mug["product_id"].as_str().unwrap());
    let leeds = json!({"name": "Leeds", "location": "1 High Street", "region": "North", "url": "https://leeds.example"});
    let leeds = boss.post("/api/branches", &leeds).await.expect(201);
    let token = leeds["token"].as_str().unwrap();
    let data_dir = folder.path().join("leeds");
    let branch = start(&data_dir, &line, token);
    let admin = Client::admin(&branch).await;
    let ann = Client::buyer(&branch, "ann").await;
    admin.wait_for(&mug, |product| product["name"] == "Mug").await;
    let stock = format!("{mug}/stock");
    admin.post(&stock, &json!({"receive": 9})).await.expect(200);
    sells(&ann, "MUG").await;
    reports(&admin).await;
    let report = by_category(&boss, "7.99").await;
    assert_eq!(
        (&report["items"][0]["key"], &report["items"][0]["name"]),
        (&json!("kitchen"), &json!("Kitchen"))
    );
    assert!(branch.stop().success());
    let backup = folder.path().join("backup");
    copy(&data_dir, &backup);

    // Two more are sold and told, and then the disk is lost.
    let branch = start(&data_dir, &line, token);
    let (admin, ann) = (Client::admin(&branch).await, ann.moved_to(&branch));
    for total in ["15.98", "23.97"] {
        sells(&ann, "MUG").await;
        reports(&admin).await;
        by_category(&boss, total).await;
    }
    branch.kill();

    // What it still knows is what counts, with nobody asking for it.
    let restored = folder.path().join("restored");
    copy(&backup, &restored);
    let branch = start(&restored, &line, token);
    by_category(&boss, "7.99").await;
    let (admin, ann) = (Client::admin(&branch).await, ann.moved_to_restored(&branch));
    sells(&ann, "MUG").await;
    reports(&admin).await;
    by_category(&boss, "15.98").await;
    assert!(branch.stop().success());
    assert!(headquarters.stop().success());
    for shop in ["headquarters", "restored"] {
        assert!(run(&folder.path().join(shop), &["verify", "--views"]).contains("Everything holds."));
    }
}
