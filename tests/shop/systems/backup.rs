//! Backups: a shop copies itself every second to another disk. The disk is unplugged, customers go on buying, and then the
//! machine is lost. What comes back from the backup asks the payment provider first, and lists every penny that moved
//! without it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::client::{Answer, Client, order, visa};
use crate::process::{Shop, run, tillstream};

/// The provider's books lie elsewhere, as a real provider's would.
const SETTINGS: &str = "\
[backup]
to = 'backup'
interval_s = 1
[payments]
sandbox_database = 'provider.db'
";

fn pounds(amount: &str) -> Value {
    json!({"amount": amount, "currency": "GBP"})
}

/// Buys one thing by card and waits until it is paid; the order and its payment.
async fn buy(client: &Client, sku: &str) -> (String, String) {
    let placed = client.post("/api/orders", &order(sku, 1)).await.expect(201);
    let id = placed["order_id"].as_str().unwrap().to_owned();
    let paid = client
        .wait_for(&format!("/api/orders/{id}"), |order| order["status"] == "paid")
        .await;
    (id, paid["payment_id"].as_str().unwrap().to_owned())
}

/// Waits until everything in the log is in a backup.
async fn backed_up(client: &Client) -> u64 {
    let health = client
        .wait_for("/health/ready", |health| {
            health["backups"]["failing"] == false && health["backups"]["position"] == health["log_position"]
        })
        .await;
    health["log_position"].as_u64().unwrap()
}

/// The disk of the backups goes away: what stands in its place can't be written to.
fn unplug(folder: &Path) {
    fs::rename(folder.join("backup"), folder.join("unplugged")).unwrap();
    fs::write(folder.join("backup"), "no disk").unwrap();
}

fn plug_in(folder: &Path) {
    fs::remove_file(folder.join("backup")).unwrap();
    fs::rename(folder.join("unplugged"), folder.join("backup")).unwrap();
}

fn refused(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.code())
}

fn fails(data_dir: &Path, arguments: &[&str]) -> String {
    let output = tillstream(data_dir).args(arguments).output().unwrap();
    assert!(!output.status.success(), "tillstream {arguments:?} succeeded");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What an orphan is, and how much.
fn facts(orphan: &Value) -> (String, String, String) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (
        text(&orphan["kind"]),
        text(&orphan["reason"]),
        text(&orphan["amount"]["amount"]),
    )
}

#[tokio::test]
async fn a_lost_shop_comes_back_and_accounts_for_every_penny() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    fs::write(folder.path().join("tillstream.toml"), SETTINGS).unwrap();
    let shop = Shop::start(&data_dir);
    let ann = Client::buyer(&shop, "ann").await;
    let admin = Client::admin(&shop).await;
    let (kept, payment) = buy(&ann, "MUG-BLUE").await;
    let saved = backed_up(&admin).await;

    // The disk goes, and the shop says so and goes on.
    unplug(folder.path());
    let lost = ann.post("/api/orders", &order("MUG-BLUE", 3)).await;
    let lost_position = lost.position();
    let lost = lost.expect(201);
    let paid = |order: &Value| order["status"] == "paid";
    let path = format!("/api/orders/{}", lost["order_id"].as_str().unwrap());
    let lost = ann.wait_for(&path, paid).await;
    let bob = Client::buyer(&shop, "bob").await;
    let deposit = json!({"amount": "20.37", "token": "pm_card_visa"});
    bob.post("/api/wallet/deposits", &deposit).await.expect(202);
    bob.wait_for("/api/wallet", |wallet| {
        wallet["balances"][0]["balance"] == pounds("20.37")
    })
    .await;
    let withdrawal = json!({"amount": "5.05", "destination": "acct_bank"});
    bob.post("/api/wallet/withdrawals", &withdrawal).await.expect(202);
    let back = json!({"amount": "1.01", "reason": "a scratch"});
    let refund = format!("/api/payments/{payment}/refund");
    admin.post(&refund, &back).await.expect(202);
    let refunded = |payment: &Value| payment["refunded"] == pounds("1.01");
    admin
        .wait_for(&format!("/api/payments/{payment}"), refunded)
        .await;
    let paid_out = |wallet: &Value| {
        let balance = &wallet["balances"][0];
        balance["balance"] == pounds("15.32") && balance["pending_withdrawals"] == pounds("0.00")
    };
    bob.wait_for("/api/wallet", paid_out).await;
    let unwell = |health: &Value| health["backups"]["failing"] == true && health["ready"] == true;
    admin.wait_for("/health/ready", unwell).await;
    let metrics = admin.get("/metrics").await.body;
    let failures = metrics.as_str().unwrap().lines().find_map(|line| {
        let count = line.strip_prefix("tillstream_backup_failures_total ")?;
        count.parse::<f64>().ok()
    });
    assert!(failures.unwrap() >= 1.0);

    // The machine is lost.
    shop.kill();
    fs::remove_dir_all(&data_dir).unwrap();
    plug_in(folder.path());
    assert!(run(&data_dir, &["backups"]).contains(&saved.to_string()));
    let told = fails(&data_dir, &["restore", "--at", "1"]);
    assert!(told.contains("the oldest backup"), "{told}");
    assert!(!data_dir.exists(), "nothing is left of what failed");
    let told = run(&data_dir, &["restore"]);
    assert!(told.contains(&format!("position {saved}")), "{told}");
    let told = fails(&data_dir, &["restore"]);
    assert!(told.contains("--force"), "{told}");

    // While the provider can't be asked, what is there can be looked at, and nothing can be changed.
    let unreachable = [
        ("TILLSTREAM_PAYMENTS__PROVIDER", "stripe"),
        ("TILLSTREAM_PAYMENTS__STRIPE__BASE_URL", "http://127.0.0.1:9"),
        ("TILLSTREAM_PAYMENTS__STRIPE__SECRET_KEY", "sk_test_nobody"),
        ("TILLSTREAM_PAYMENTS__STRIPE__WEBHOOK_SECRET", "whsec_nobody"),
    ];
    let shop = Shop::start_with(&data_dir, &unreachable);
    let ann = ann.moved_to_restored(&shop);
    let waiting = ann.post("/api/orders", &order("MUG-BLUE", 1)).await;
    assert_eq!(refused(&waiting), (503, "restoring"));
    assert!(waiting.headers.contains_key("retry-after"));
    assert_eq!(
        ann.get(&format!("/api/orders/{kept}")).await.expect(200)["status"],
        "paid"
    );
    assert_eq!(ann.get(&path).await.status, 404, "that was after the backup");
    // The position that a client remembers isn't there: it is told to wait, and not an older answer.
    let behind = ann.after("/api/orders", lost_position).answer().await.unwrap();
    assert_eq!(refused(&behind), (503, "read_model_behind"));
    let health = ann.get("/health/ready").await.expect(200);
    assert_eq!(
        (&health["ready"], &health["restoring"]),
        (&json!(true), &json!(true))
    );
    assert!(shop.stop().success());
    let told = fails(&data_dir, &["backup"]);
    assert!(told.contains("hasn't asked the payment provider"), "{told}");

    // Now it answers: the shop knows what it doesn't account for, to the penny.
    let shop = Shop::start(&data_dir);
    let ann = ann.moved_to(&shop);
    ann.wait_for("/health/ready", |health| health["restoring"] == false)
        .await;
    let admin = Client::admin(&shop).await;
    let open = "/api/payments/orphans?status=open";
    let orphans = admin
        .wait_for(open, |page| page["items"].as_array().unwrap().len() == 4)
        .await;
    let orphans = orphans["items"].as_array().unwrap().clone();
    let mut found: Vec<_> = orphans.iter().map(facts).collect();
    found.sort();
    let of = |kind: &str, reason: &str, amount: &str| (kind.to_owned(), reason.to_owned(), amount.to_owned());
    let total = lost["total"]["amount"].as_str().unwrap();
    let mut expected = [
        of("charge", "unknown_payment", total),
        of("charge", "unknown_payment", "20.37"),
        of("payout", "unknown_payout", "5.05"),
        of("refund", "unknown_refund", "1.01"),
    ];
    expected.sort();
    assert_eq!(found, expected);
    let listed = run(&data_dir, &["orphans"]);
    for line in ["2 × charge: ", "1 × payout: 5.05 GBP", "1 × refund: 1.01 GBP"] {
        assert!(listed.contains(line), "{listed}");
    }
    assert_eq!(ann.get(open).await.status, 403);
    assert_eq!(Client::new(&shop).get(open).await.status, 401);

    // People deal with them, each once.
    for orphan in &orphans {
        let path = format!("/api/payments/orphans/{}", orphan["id"].as_str().unwrap());
        let why = json!({"reason": "after the restore"});
        assert_eq!(ann.post(&format!("{path}/refund"), &why).await.status, 403);
        if orphan["kind"] == "charge" {
            for _ in 0..2 {
                admin.post(&format!("{path}/refund"), &why).await.expect(202);
            }
            let given_back = admin
                .wait_for(&path, |orphan| orphan["status"] == "refunded")
                .await;
            assert!(
                given_back["refund_reference"]
                    .as_str()
                    .unwrap()
                    .starts_with("re_")
            );
            let late = admin.post(&format!("{path}/acknowledge"), &why).await;
            assert_eq!(refused(&late), (409, "orphan_refunded"));
        } else {
            let no = admin.post(&format!("{path}/refund"), &why).await;
            assert_eq!(refused(&no), (409, "orphan_not_refundable"));
            admin.post(&format!("{path}/acknowledge"), &why).await.expect(200);
        }
    }
    admin.wait_for(open, |page| page["items"] == json!([])).await;

    // The shop goes on, and so do its backups.
    let bob = Client::buyer(&shop, "bob").await;
    buy(&bob, "MUG-BLUE").await;
    buy(&ann, "MUG-BLUE").await;
    assert!(backed_up(&admin).await > saved);
    assert!(shop.stop().success());
    let verified = run(&data_dir, &["verify", "--views"]);
    assert!(verified.contains("Everything holds."), "{verified}");
    let again = run(&data_dir, &["backup"]);
    assert!(
        again.contains("has everything"),
        "an orderly stop had saved all: {again}"
    );

    // The new backup is as good as the first, beside what is there.
    let told = run(&data_dir, &["restore", "--force"]);
    assert!(told.contains("data.before-"), "{told}");
    let shop = Shop::start(&data_dir);
    let bob = bob.moved_to_restored(&shop);
    bob.wait_for("/health/ready", |health| health["restoring"] == false)
        .await;
    let again = json!({"lines": [{"sku": "MUG-BLUE", "quantity": 1}], "payment": visa(), "country": "GB"});
    bob.post("/api/orders", &again).await.expect(201);
    let admin = Client::admin(&shop).await;
    assert_eq!(
        admin.get(open).await.expect(200)["items"],
        json!([]),
        "nothing is found anew"
    );
}
