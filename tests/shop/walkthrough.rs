//! A first visit: the commands that the shop prints, and the life of an order.

use std::process::Command;

use serde_json::json;

use crate::client::{Client, order, visa};
use crate::forms::on_each_form;
use crate::process::{Shop, run};

/// What a newcomer would copy out of the terminal, all of it, run by a real shell.
#[tokio::test]
async fn the_printed_commands_lead_from_registration_to_the_confirmation_email() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::start(&folder.path().join("data"));
    let printed: Vec<_> = shop
        .welcome
        .lines()
        .filter_map(|line| line.trim().strip_prefix("$ "))
        .collect();
    assert!(printed.len() >= 4, "too few commands in {}", shop.welcome);
    let output = Command::new("bash")
        .args(["-euc", &printed.join("\n")])
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{shown}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(shown.contains("\"order_id\""), "no order in {shown}");
    let admin = Client::admin(&shop).await;
    let mailbox = mailbox_path(&shop);
    admin
        .wait_for(&mailbox, |page| {
            page.as_str().is_some_and(|text| text.contains("Stoneware mug"))
        })
        .await;
    assert!(shop.stop().success());
}

/// The mailbox as plain text, by the address that was printed.
fn mailbox_path(shop: &Shop) -> String {
    let address = shop
        .welcome
        .split_whitespace()
        .find(|word| word.contains("/mailbox?"))
        .unwrap();
    format!(
        "{}&format=text",
        address.trim_matches('\'').strip_prefix(&shop.url).unwrap()
    )
}

on_each_form!(an_order_goes_from_the_cart_to_the_customer_and_back);
async fn an_order_goes_from_the_cart_to_the_customer_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let shop = Shop::start(&data_dir);
    let admin = Client::admin(&shop).await;
    let ann = Client::buyer(&shop, "ann").await;

    let set = ann.put("/api/cart/items/MUG-BLUE", &json!({"quantity": 2})).await;
    let cart = ann.get_after("/api/cart", set.position()).await.expect(200);
    assert_eq!(cart["total"], json!({"amount": "25.00", "currency": "GBP"}));

    let placed = ann
        .post("/api/orders", &json!({"payment": visa(), "country": "GB"}))
        .await;
    let position = placed.position();
    let placed = placed.expect(201);
    let path = format!("/api/orders/{}", placed["order_id"].as_str().unwrap());
    let empty = ann.get_after("/api/cart", position).await.expect(200);
    assert_eq!(empty["items"], json!([]));
    ann.wait_for(&path, |order| order["status"] == "paid").await;

    assert_eq!(Client::buyer(&shop, "bob").await.get(&path).await.status, 404);
    assert_eq!(ann.post(&format!("{path}/ship"), &json!({})).await.status, 403);
    let shipped = admin
        .post(&format!("{path}/ship"), &json!({"carrier": "Royal Mail"}))
        .await;
    assert_eq!(shipped.status, 200, "{}", shipped.body);
    admin
        .post(&format!("{path}/deliver"), &json!({}))
        .await
        .expect(200);
    let lines = json!({"lines": [{"sku": "MUG-BLUE", "quantity": 1}], "reason": "chipped"});
    let returned = ann.post(&format!("{path}/return"), &lines).await;
    let position = returned.position();
    assert_eq!(
        returned.expect(200)["refund"],
        json!({"amount": "12.50", "currency": "GBP"})
    );

    let history = ann
        .get_after(&format!("{path}/history"), position)
        .await
        .expect(200);
    let types: Vec<_> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["type"].clone())
        .collect();
    for wanted in [
        "OrderPlaced",
        "OrderPaid",
        "OrderShipped",
        "OrderDelivered",
        "OrderReturned",
    ] {
        assert!(types.contains(&json!(wanted)), "no {wanted} in {types:?}");
    }
    let payment = format!("/api/payments/{}", placed["payment_id"].as_str().unwrap());
    ann.wait_for(&payment, |payment| payment["status"] == "partially_refunded")
        .await;
    assert!(shop.stop().success());
    assert!(run(&data_dir, &["verify", "--views"]).contains("Everything holds."));
}

on_each_form!(a_declined_card_is_retried_and_a_wallet_pays);
async fn a_declined_card_is_retried_and_a_wallet_pays() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let shop = Shop::start(&data_dir);
    let ann = Client::buyer(&shop, "ann").await;
    let mut declined = order("BOOK-BAKER", 1);
    declined["payment"]["token"] = json!("pm_card_chargeDeclined");
    let placed = ann.post("/api/orders", &declined).await.expect(201);
    let payment = format!("/api/payments/{}", placed["payment_id"].as_str().unwrap());
    ann.wait_for(&payment, |payment| payment["status"] == "declined")
        .await;
    ann.post(&format!("{payment}/retry"), &json!({"payment": visa()}))
        .await
        .expect(202);
    ann.wait_for(&payment, |payment| payment["status"] == "settled")
        .await;

    let deposit = json!({"amount": "50.00", "token": "pm_card_visa"});
    ann.post("/api/wallet/deposits", &deposit).await.expect(202);
    let funded = |wallet: &serde_json::Value| wallet.to_string().contains("\"50.00\"");
    ann.wait_for("/api/wallet", funded).await;
    let mut by_wallet = order("TIN-26", 2);
    by_wallet["payment"] = json!({"method": "wallet"});
    assert_eq!(
        ann.post("/api/orders", &by_wallet).await.expect(201)["paid"],
        json!(true)
    );
    let again = ann.post("/api/orders", &by_wallet).await;
    assert_eq!((again.status.as_u16(), again.code()), (409, "wallet_not_covered"));
    assert!(shop.stop().success());
    run(&data_dir, &["verify", "--views"]);
}

on_each_form!(a_repeated_command_runs_once_also_after_a_kill);
async fn a_repeated_command_runs_once_also_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let shop = Shop::start(&data_dir);
    let ann = Client::buyer(&shop, "ann").await;
    let body = order("CUP-2", 1);
    let send = |client: Client, body: serde_json::Value| async move {
        let request = client.request(reqwest::Method::POST, "/api/orders").json(&body);
        request.header("idempotency-key", "one").answer().await.unwrap()
    };
    let first = send(ann.clone(), body.clone()).await;
    shop.kill();
    let shop = Shop::start(&data_dir);
    let ann = ann.moved_to(&shop);
    let second = send(ann.clone(), body).await;
    assert_eq!(second.headers["idempotency-replayed"], "true");
    assert_eq!((first.position(), first.body), (second.position(), second.body));
    let other = send(ann.clone(), order("CUP-2", 2)).await;
    assert_eq!(
        (other.status.as_u16(), other.code()),
        (422, "idempotency_key_reused")
    );
    assert_eq!(ann.all("/api/orders").await.len(), 1);
}

#[tokio::test]
async fn the_documentation_shows_in_a_browser_without_outside_assets() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::start(&folder.path().join("data"));
    let client = Client::new(&shop);
    let document = client.get("/api/openapi.json").await.expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(
        document["paths"]["/api/orders"]["post"].is_object()
            && document["paths"]["/api/orders"]["get"].is_object()
    );
    let page = client.get("/api/docs/").await.expect(200);
    let page = page.as_str().unwrap();
    assert!(
        page.contains("swagger-ui") && !page.contains("https://"),
        "{page}"
    );
}
