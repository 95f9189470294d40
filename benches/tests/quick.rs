//! The benchmark itself, at its smallest: everything that it measures is measured, of both forms. How fast is left to
//! `cargo xtask bench`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Beside the benchmark, where a build of the workspace puts it.
fn shop() -> PathBuf {
    let shop = Path::new(env!("CARGO_BIN_EXE_benches")).with_file_name("tillstream");
    assert!(
        shop.is_file(),
        "{} isn't built: cargo build -p tillstream",
        shop.display()
    );
    shop
}

fn names(section: &Value) -> Vec<&str> {
    let measurements = section["measurements"].as_array().unwrap();
    measurements
        .iter()
        .map(|measurement| measurement["name"].as_str().unwrap())
        .collect()
}

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn a_quick_run_measures_both_forms() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let output = Command::new(env!("CARGO_BIN_EXE_benches"))
        .args(["--form", "both", "--quick", "--steady-orders", "20"])
        .arg("--shop")
        .arg(shop())
        .arg("--folder")
        .arg(std::env::temp_dir())
        .arg("--json")
        .arg(&report)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let [embedded, distributed] = report["sections"].as_array().unwrap().as_slice() else {
        panic!("two forms: {report:#}")
    };
    assert_eq!(
        names(embedded),
        ["product detail", "product list", "placing an order"]
    );
    assert_eq!(
        names(distributed),
        [
            "product detail, from Redis",
            "product list, from Redis",
            "product detail, from SQL",
            "product list, from SQL",
            "orders, 4 clients, everything running",
            "orders, 4 clients, command API alone",
        ]
    );
    for section in [embedded, distributed] {
        for measurement in section["measurements"].as_array().unwrap() {
            for side in measurement["sides"].as_array().unwrap() {
                assert!(side["done"].as_u64().unwrap() > 0, "{measurement:#}");
            }
        }
        assert!(section["rebuilds"]["events"].as_u64().unwrap() > 0, "{section:#}");
    }
    assert!(
        distributed["lag"]["orders"].as_u64().unwrap() > 0,
        "{distributed:#}"
    );
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("the order can be read"), "{printed}");
}

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn a_quick_run_measures_what_backups_cost() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let output = Command::new(env!("CARGO_BIN_EXE_benches"))
        .args(["--form", "backups", "--quick"])
        .arg("--shop")
        .arg(shop())
        .arg("--folder")
        .arg(std::env::temp_dir())
        .arg("--json")
        .arg(&report)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let measured = &report["sections"][0]["measurements"][0];
    assert_eq!(measured["sides"][1]["name"], "without");
    assert!(
        measured["sides"][1]["shop_to_this"]["median"].as_f64().unwrap() > 0.0,
        "{report:#}"
    );
}
