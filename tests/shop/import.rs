//! Real invoices go in through the API, and the sales report that comes out agrees to the penny.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

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
    println!("{}", import(&["--check"]));
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
        head + 1,
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

/// The position that the read models reflect; nobody writes meanwhile.
async fn head(shop: &Shop) -> u64 {
    crate::client::Client::new(shop)
        .get("/api/products?limit=1")
        .await
        .position()
}
