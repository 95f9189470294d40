//! Settings are read from all their sources, and what is wrong is named.

use std::fs;

use super::*;

fn load(toml: &str) -> anyhow::Result<Settings> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.toml");
    fs::write(&file, toml).unwrap();
    Settings::load(Some(&file), &Overrides::default())
}

fn error(toml: &str) -> String {
    format!("{:#}", load(toml).unwrap_err())
}

#[test]
fn the_defaults_are_sound_and_listen_on_loopback_only() {
    let settings = load("").unwrap();
    assert!(settings.listen.ip().is_loopback());
    assert_eq!(settings.public_url(settings.listen), "http://127.0.0.1:8080");
}

#[test]
fn flags_win_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.toml");
    fs::write(&file, "listen = '127.0.0.1:1'\nshop_name = 'Corner'").unwrap();
    let flags = Overrides {
        listen: Some("127.0.0.1:2".parse().unwrap()),
        ..Overrides::default()
    };
    let settings = Settings::load(Some(&file), &flags).unwrap();
    assert_eq!(
        (settings.listen.port(), settings.shop_name.as_str()),
        (2, "Corner")
    );
}

#[test]
fn a_wrong_setting_is_named() {
    assert!(error("listen = 'nowhere'").contains("listen"));
    assert!(error("lisen = '127.0.0.1:1'").contains("lisen"));
    assert!(error("currency = 'pounds'").contains("currency"));
    assert!(error("[orders]\nunpaid_ttl_minutes = 0").contains("orders.unpaid_ttl_minutes"));
    assert!(error("[payments]\nprovider = 'stripe'").contains("payments.stripe.secret_key"));
    assert!(error("[payments]\nsandbox_listen = '0.0.0.0:1'").contains("payments.sandbox_listen"));
    assert!(
        error("[mail]\ntransport = 'smtp'\n[mail.smtp]\nhost = 'mail.example'").contains("mail.smtp.tls")
    );
    assert!(error("[chain]\nheadquarters = 'https://hq.example'").contains("chain.token"));
    assert!(error("[chain]\nreport_at = '25:00'").contains("chain.report_at"));
    assert!(error("[chain]\ntime_zone = 'Europe/Leeds'").contains("chain.time_zone"));
    let branch = "[chain]\nheadquarters = 'https://hq.example'\ntoken = 'sk_1234'";
    assert!(error(branch).contains("chain.token") && !error(branch).contains("sk_1234"));
    assert!(error("public_url = 'shop.example'").contains("public_url"));
}

#[test]
fn a_missing_file_is_told_and_not_passed_over() {
    let missing = Settings::load(Some(Path::new("/nowhere/shop.toml")), &Overrides::default());
    assert!(missing.unwrap_err().to_string().contains("/nowhere/shop.toml"));
}

#[test]
fn secrets_are_masked_wherever_settings_are_shown() {
    let settings = load("[payments.stripe]\nsecret_key = 'sk_live_1234'").unwrap();
    let shown = format!("{settings:?}{}", settings.to_masked_toml().unwrap());
    assert!(!shown.contains("sk_live_1234"));
    assert!(shown.contains("********"));
}
