//! The marketplace: people list what they have, buy each other's things out of their wallets, own what they bought,
//! sell it on, and see what became of it all. Bob and Cat sell, Ann buys; the shop keeps 5 %.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Client, visa};
use crate::forms::on_each_form;
use crate::process::{Shop, run};

fn pounds(amount: &str) -> Value {
    json!({"amount": amount, "currency": "GBP"})
}

async fn deposit(client: &Client, amount: &str) {
    let deposit = json!({"amount": amount, "token": "pm_card_visa"});
    client.post("/api/wallet/deposits", &deposit).await.expect(202);
    let funded = |wallet: &Value| wallet["balances"][0]["balance"] == pounds(amount);
    client.wait_for("/api/wallet", funded).await;
}

/// Lists something; its path.
async fn list(client: &Client, body: Value) -> String {
    let listed = client.post("/api/products", &body).await;
    let path = format!(
        "/api/products/{}",
        listed.body["product_id"].as_str().unwrap_or("?")
    );
    listed.expect(201);
    path
}

async fn balance(client: &Client, position: u64) -> Value {
    let wallet = client.get_after("/api/wallet", position).await.expect(200);
    wallet["balances"][0]["balance"].clone()
}

fn refused(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.code())
}

on_each_form!(people_sell_buy_own_and_sell_on);
async fn people_sell_buy_own_and_sell_on() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let shop = Shop::start(&data_dir);
    let admin = Client::admin(&shop).await;
    let (ann, bob) = (
        Client::buyer(&shop, "ann").await,
        Client::buyer(&shop, "bob").await,
    );
    deposit(&ann, "100.00").await;

    let lamp = json!({"name": "Brass lamp", "price": "10.10", "quantity": 3});
    let lamp = list(&bob, lamp).await;
    let vase = json!({"name": "Ming vase", "price": "20.00", "quantity": 1, "one_of_a_kind": true});
    let vase = list(&bob, vase).await;
    let twice = json!({"name": "Two vases", "price": "20.00", "quantity": 2, "one_of_a_kind": true});
    let twice = bob.post("/api/products", &twice).await;
    assert_eq!(refused(&twice), (422, "one_of_a_kind"));
    let stranger = ann.patch(&lamp, &json!({"price": "0.01"})).await;
    assert_eq!(stranger.status, 404);
    let nobody = Client::new(&shop)
        .post(&format!("{lamp}/purchase"), &json!({}))
        .await;
    assert_eq!(nobody.status, 401);
    deposit(&bob, "50.00").await;
    let own = bob.post(&format!("{lamp}/purchase"), &json!({})).await;
    assert_eq!(refused(&own), (409, "own_item"));

    // One request, one step: the same key again gives the same answer, and buys nothing.
    let buy = |client: Client, path: String| async move {
        let request = client.request(Method::PUT, &format!("{path}/purchase"));
        let request = request.header("idempotency-key", "lamp").json(&json!({}));
        request.answer().await.unwrap()
    };
    let bought = buy(ann.clone(), lamp.clone()).await;
    let position = bought.position();
    assert_eq!(
        (bought.status.as_u16(), &bought.body["paid"]),
        (201, &json!(true))
    );
    let again = buy(ann.clone(), lamp.clone()).await;
    assert_eq!((again.position(), again.body), (position, bought.body));
    assert_eq!(balance(&ann, position).await, pounds("89.90"));
    assert_eq!(balance(&bob, position).await, pounds("59.60"));

    // The vase is Ann's now, off sale, and hers alone to list at a price of her own.
    let bought = ann
        .post(
            &format!("{vase}/purchase"),
            &json!({"payment": {"method": "wallet"}}),
        )
        .await;
    let position = bought.position();
    bought.expect(201);
    assert_eq!(ann.get_after(&vase, position).await.status, 404);
    let cat = Client::buyer(&shop, "cat").await;
    let gone = cat
        .post(&format!("{vase}/purchase"), &json!({"payment": visa()}))
        .await;
    assert_eq!(gone.status, 404);
    let relisted = json!({"price": "35.00", "status": "active"});
    assert_eq!(bob.patch(&vase, &relisted).await.status, 404);
    let kept = ann.all("/api/dashboard/archived").await;
    assert_eq!((kept.len(), &kept[0]["one_of_a_kind"]), (1, &json!(true)));
    let listed = ann.patch(&vase, &relisted).await;
    let seen = ann.get_after(&vase, listed.position()).await.expect(200);
    let me = ann.get("/api/users/me").await.expect(200);
    assert_eq!(
        (&seen["seller"], &seen["variants"][0]["available"]),
        (&me["id"], &json!(1))
    );
    assert_eq!(seen["variants"][0]["price"], pounds("35.00"));

    // Cat pays by card: Ann has her part once the provider has charged.
    let bought = cat
        .post(&format!("{vase}/purchase"), &json!({"payment": visa()}))
        .await
        .expect(201);
    let order = format!("/api/orders/{}", bought["order_id"].as_str().unwrap());
    cat.wait_for(&order, |order| order["status"] == "paid").await;
    let richer = |wallet: &Value| wallet["balances"][0]["balance"] == pounds("103.15");
    ann.wait_for("/api/wallet", richer).await;
    // A seller sees what happened to his lamp, and only staff who bought it.
    let history = format!("{lamp}/history");
    let (of_bob, of_admin) = (
        bob.get(&history).await.expect(200),
        admin.get(&history).await.expect(200),
    );
    let names_ann = |history: &Value| history.to_string().contains(ann.account());
    assert!(!names_ann(&of_bob) && names_ann(&of_admin), "{of_bob}");
    assert!(of_bob.to_string().contains("promised to order"), "{of_bob}");
    let dashboard = dashboards(&ann, &bob, &admin).await;
    assert_eq!(dashboard["sold"][0]["earned"], pounds("33.25"));

    archives_and_takes_back(&admin, &ann, &bob, &lamp).await;
    assert!(shop.stop().success());
    assert!(run(&data_dir, &["verify", "--views"]).contains("Everything holds."));
}

/// Everybody sees their own, an admin everybody's; Ann's, as the admin sees it.
async fn dashboards(ann: &Client, bob: &Client, admin: &Client) -> Value {
    let own = ann.get("/api/dashboard").await.expect(200);
    assert_eq!(own["purchased"][0]["orders"], json!(2));
    assert_eq!(own["purchased"][0]["total"], pounds("30.10"));
    assert_eq!(own["unsold"], json!([]));
    let sold = bob.get("/api/dashboard").await.expect(200);
    assert_eq!(sold["sold"][0]["total"], pounds("30.10"));
    assert_eq!(sold["sold"][0]["fees"], pounds("1.50"));
    assert_eq!(
        sold["unsold"],
        json!([{"products": 1, "units": 2, "total": pounds("20.20")}])
    );
    assert_eq!(bob.all("/api/dashboard/sold").await.len(), 2);
    assert_eq!(bob.all("/api/dashboard/unsold").await.len(), 1);
    assert_eq!(ann.all("/api/dashboard/purchased").await.len(), 2);
    let of_ann = format!("/api/dashboard?account={}", own["account"].as_str().unwrap());
    assert_eq!(bob.get(&of_ann).await.status, 403);
    assert_eq!(
        Client::get(bob, "/api/dashboard?account=nobody").await.status,
        400
    );
    let seen = admin.get(&of_ann).await.expect(200);
    assert_eq!(seen, own);
    seen
}

/// The admin archives in bulk; and the cancelled lamp, whose money Bob has withdrawn, is owed.
async fn archives_and_takes_back(admin: &Client, ann: &Client, bob: &Client, lamp: &str) {
    let id = lamp.rsplit('/').next().unwrap();
    let never = "0190a000-0000-7000-8000-000000000000";
    let bulk = json!({"ids": [never, id], "action": "archive"});
    let denied = bob.post("/api/products/bulk", &bulk).await;
    assert_eq!(refused(&denied), (403, "role_required"));
    let done = admin.post("/api/products/bulk", &bulk).await;
    let position = done.position();
    let results = done.expect(200);
    assert_eq!(results["results"][0]["code"], "product_not_found");
    assert_eq!(results["results"][1]["done"], true);
    let dashboard = bob.get_after("/api/dashboard", position).await.expect(200);
    assert_eq!(dashboard["unsold"], json!([]));

    let all = json!({"amount": "78.60", "destination": "ba_test"});
    bob.post("/api/wallet/withdrawals", &all).await.expect(202);
    let orders = ann.all("/api/orders").await;
    let of_lamp = |order: &&Value| order["total"] == pounds("10.10");
    let order = orders.iter().find(of_lamp).unwrap();
    let path = format!("/api/orders/{}/cancel", order["id"].as_str().unwrap());
    let cancelled = ann.post(&path, &json!({})).await;
    let position = cancelled.position();
    assert_eq!(cancelled.status, 200, "{}", cancelled.body);
    assert_eq!(balance(ann, position).await, pounds("113.25"));
    assert_eq!(balance(bob, position).await, pounds("0.00"));
    let entries = bob.all("/api/wallet/entries").await;
    assert_eq!(entries[0]["reason"]["kind"], "sale_reversed");
    assert_eq!(entries[1]["reason"]["kind"], "debt_incurred");
    let sold = bob.get("/api/dashboard").await.expect(200);
    assert_eq!(sold["sold"][0]["returned_units"], 1);
    assert_eq!(sold["sold"][0]["earned"], pounds("19.00"));
}
