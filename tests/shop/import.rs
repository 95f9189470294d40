//! Real invoices go in through the API, and the sales report that comes out agrees to the penny.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;
use crate::process::{Shop, run};

/// A small file with every kind of dirt that the real one has.
const INVOICES: &str = "\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,A,WHITE LANTERN,6,2010-12-01 08:26,2.55,17850,United Kingdom
1,B,MUG,2,2010-12-01 08:26,3.39,17850,United Kingdom
1,A,WHITE LANTERN,6,2010-12-01 08:27,2.55,17850,United Kingdom
2,BANK CHARGES,,1,2010-12-01 09:00,15.0,,France
2,a,,3,2010-12-01 09:00,0.1,,France
C3,A,WHITE LANTERN,-2,2010-12-02 10:00,2.55,17850,United Kingdom
4,B,damaged,-5,2010-12-02 11:00,0.0,,United Kingdom
5,B,MUG,1,2010-12-02 12:00,0.001,,United Kingdom
5,B,MUG,4,2010-12-02 12:00,0.0,,United Kingdom
6,A,WHITE LANTERN,1,2010-12-03 12:00,2.95,13000,EIRE
6,B,MUG,1,2010-12-03 12:00,3.45,13000,Germany
";

pub fn file(folder: &Path) -> PathBuf {
    if let Some(file) = std::env::var_os("TILLSTREAM_IMPORT_FILE") {
        return file.into();
    }
    let path = folder.join("invoices.csv");
    fs::write(&path, INVOICES).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sales_report_agrees_with_the_invoices_to_the_penny() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let file = file(folder.path());
    let file = file.to_str().unwrap();
    let (state, rejected) = (folder.path().join("state"), folder.path().join("rejected.csv"));
    let shop = Shop::start_with(&data_dir, &[("TILLSTREAM_DEMO", "false")]);
    let import = |more: &[&str]| {
        let mut arguments = vec!["import", "online-retail", file, "--server", &shop.url];
        arguments.extend([
            "--state",
            state.to_str().unwrap(),
            "--rejected",
            rejected.to_str().unwrap(),
        ]);
        arguments.extend(more);
        run(&data_dir, &arguments)
    };

    let started_at = Instant::now();
    println!("{}", import(&[]));
    println!("import: {:.1} s", started_at.elapsed().as_secs_f64());
    println!("read models: {:.1} s later", caught_up(&shop).await.as_secs_f64());
    println!("{}", import(&["--check"]));
    the_analytics_agree_with_the_sales_report(&shop).await;
    println!("peak memory of the shop: {} MiB", shop.peak_memory_mib());
    let head = head(&shop).await;

    fs::remove_file(&state).unwrap();
    let second_at = Instant::now();
    println!("{}", import(&[]));
    println!(
        "second import, without its state: {:.1} s",
        second_at.elapsed().as_secs_f64()
    );
    assert_eq!(
        self::head(&shop).await,
        head + 2,
        "the second import wrote more than its own login"
    );
    assert!(!shop.log().contains("ERROR"), "{}", shop.log());

    assert!(shop.stop().success());
    let verified_at = Instant::now();
    println!("{}", run(&data_dir, &["verify"]));
    println!("verify: {:.1} s", verified_at.elapsed().as_secs_f64());
    let rebuilt_at = Instant::now();
    println!("{}", run(&data_dir, &["rebuild", "--compare"]));
    println!(
        "rebuild of all read models, compared: {:.1} s",
        rebuilt_at.elapsed().as_secs_f64()
    );
}

/// Waits until every report reflects what was imported; how long that took.
pub async fn caught_up(shop: &Shop) -> Duration {
    /// Longer than the slowest build takes for all of the real invoices.
    const PATIENCE: Duration = Duration::from_mins(15);
    let asked_at = Instant::now();
    let written = head(shop).await;
    let admin = Client::admin(shop).await;
    for report in ["sales", "sales-over-time", "customers", "items"] {
        let path = format!("/api/analytics/{report}");
        // Each waits for the position, up to a limit.
        while admin.get_after(&path, written).await.code() == "read_model_behind" {
            assert!(asked_at.elapsed() < PATIENCE, "{report} stays behind");
        }
    }
    asked_at.elapsed()
}

/// The sales report is what `--check` has compared with the file; the reports that other views feed say the same, in all,
/// month by month together, by category, country and seller, and of each of the hundred best products.
async fn the_analytics_agree_with_the_sales_report(shop: &Shop) {
    let admin = Client::admin(shop).await;
    let by_country = admin.get("/api/analytics/sales?group=country").await;
    let position = by_country.position();
    let by_country = by_country.expect(200);
    let report = async |path: &str| {
        let path = format!("/api/analytics/{path}");
        admin.get_after(&path, position).await.expect(200)
    };
    let total = net_of_sales(&by_country["total"]);
    let span = "from=2010-12-01&to=2011-06-30";
    for bucket in ["day", "week", "month"] {
        let over_time = report(&format!("sales-over-time?bucket={bucket}&{span}")).await;
        let items = over_time["items"].as_array().unwrap();
        assert_eq!(items.iter().map(net).sum::<Money>(), total, "{bucket}");
    }
    for by in ["category", "country", "seller"] {
        let parts = report(&format!("revenue?by={by}&limit=100")).await;
        let items = parts["items"].as_array().unwrap();
        assert_eq!(items.iter().map(net).sum::<Money>(), total, "{by}");
        assert_eq!(net(&parts["total"]), total, "{by}");
    }
    let countries = report("revenue?by=country&limit=100").await;
    let countries = countries["items"].as_array().unwrap();
    let found: BTreeMap<_, _> = countries
        .iter()
        .map(|item| (text(&item["key"]), net(item)))
        .collect();
    let wanted = by_country["items"].as_array().unwrap().iter();
    let wanted: BTreeMap<_, _> = wanted
        .map(|item| (text(&item["key"]), net_of_sales(item)))
        .collect();
    assert_eq!(found, wanted);

    let by_sku = admin.get("/api/analytics/sales?group=product").await.expect(200);
    let by_sku = by_sku["items"].as_array().unwrap().iter();
    let by_sku: BTreeMap<_, _> = by_sku
        .map(|item| (text(&item["key"]), net_of_sales(item)))
        .collect();
    let best = report("best-sellers?limit=100").await;
    for item in best["items"].as_array().unwrap() {
        let product = format!("/api/products/{}", text(&item["product_id"]));
        let product = admin.get(&product).await.expect(200);
        let variants = product["variants"].as_array().unwrap().iter();
        let sold: Money = variants
            .map(|variant| by_sku.get(&text(&variant["sku"])).copied().unwrap_or_default())
            .sum();
        assert_eq!(net(item), sold, "{item}");
    }
}

/// Pennies.
type Money = i64;

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// An amount in pounds.
fn pennies(money: &Value) -> Money {
    assert_eq!(money["currency"], "GBP");
    text(&money["amount"]).replace('.', "").parse().unwrap()
}

fn net(figures: &Value) -> Money {
    assert_eq!(
        pennies(&figures["gross"]) - pennies(&figures["refunds"]),
        pennies(&figures["net"])
    );
    pennies(&figures["net"])
}

fn net_of_sales(sums: &Value) -> Money {
    pennies(&sums["revenue"]) - pennies(&sums["cancelled_amount"])
}

/// The position that the read models reflect; nobody writes meanwhile.
/// The log's end, found by writing a login there.
async fn head(shop: &Shop) -> u64 {
    let login = shop.admin();
    let login = json!({"login": login.username, "password": login.password});
    Client::new(shop).post("/api/auth/login", &login).await.position()
}
