//! The command line: it teaches, it names what is wrong, and it keeps secrets.

use std::fs;

use crate::process::{Shop, run, tillstream};

#[test]
fn help_teaches() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments) in [
        ("help", &["--help"][..]),
        ("help_import", &["import", "--help"]),
        ("help_rebuild", &["rebuild", "--help"]),
        ("help_verify", &["verify", "--help"]),
        ("help_export", &["export", "--help"]),
    ] {
        insta::assert_snapshot!(name, run(&folder.path().join("data"), arguments));
    }
}

#[test]
fn the_effective_settings_are_printed_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let output = tillstream(&data_dir)
        .arg("config")
        .env("TILLSTREAM_MAIL__SMTP__USERNAME", "shop")
        .env("TILLSTREAM_MAIL__SMTP__PASSWORD", "hunter2")
        .env("TILLSTREAM_PASSWORD", "of import and export, and no setting")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        printed.contains("password = \"********\"") && !printed.contains("hunter2"),
        "{printed}"
    );
    fs::write(folder.path().join("tillstream.toml"), &printed).unwrap();
    let again = run(&data_dir, &["config"]);
    assert_eq!(again, printed, "the printed settings don't read back to the same");
}

#[test]
fn a_wrong_setting_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let output = tillstream(&data_dir)
        .env("TILLSTREAM_ORDERS__UNPAID_TTL_MINUTES", "soon")
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(
        told.to_lowercase().contains("orders") && told.contains("soon"),
        "{told}"
    );
}

#[test]
fn verify_without_a_shop_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let output = tillstream(&folder.path().join("data"))
        .arg("verify")
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("holds no shop")
    );
}

#[test]
fn two_shops_do_not_run_on_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let shop = Shop::start(&data_dir);
    let output = tillstream(&data_dir)
        .args(["--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("another"));
    drop(shop);
}

#[test]
fn an_address_in_use_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::start(&folder.path().join("one"));
    let address = shop.url.strip_prefix("http://").unwrap();
    let output = tillstream(&folder.path().join("two"))
        .args(["--listen", address])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && told.contains(address), "{told}");
}
