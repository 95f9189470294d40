//! What every request must be, and what is answered otherwise.

use payment_sandbox::{SandboxError, start};
use reqwest::Method;
use tokio_util::sync::CancellationToken;

use crate::harness::{SECRET_KEY, payment, read, running, settings};

#[tokio::test]
async fn only_the_secret_key_opens_the_door() {
    let running = running().await;
    let address = format!("{}/v1/charges", running.sandbox.base_url);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for request in [
        http.get(&address),
        http.get(&address).bearer_auth("sk_test_other"),
        http.get(&address).basic_auth("", Some("")),
    ] {
        read(request)
            .await
            .unwrap()
            .assert_error(401, "invalid_request_error", None);
    }
    read(http.get(&address).bearer_auth(SECRET_KEY))
        .await
        .unwrap()
        .ids();
    running.stop().await;
}

#[tokio::test]
async fn bad_requests_say_what_is_wrong() {
    let running = running().await;
    let path = "/v1/payment_intents";
    let missing = running.client.post(path, &[("currency", "gbp")]).await;
    missing.assert_error(400, "invalid_request_error", Some("parameter_missing"));
    assert_eq!(missing.body["error"]["param"], "amount");
    let currency = running
        .client
        .post(path, &[("amount", "1"), ("currency", "pounds")])
        .await;
    currency.assert_error(400, "invalid_request_error", Some("parameter_invalid_string"));
    let mut form = payment("pm_card_visa").to_vec();
    form.push(("surprise", "1"));
    let unknown = running.client.post(path, &form).await;
    unknown.assert_error(400, "invalid_request_error", Some("parameter_unknown"));
    let json = running
        .client
        .request(Method::POST, path)
        .json(&serde_json::json!({ "amount": 1 }));
    read(json)
        .await
        .unwrap()
        .assert_error(400, "invalid_request_error", None);
    let twice = running
        .client
        .post(path, &[("amount", "1"), ("amount", "2")])
        .await;
    twice.assert_error(400, "invalid_request_error", None);
    running.stop().await;
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_not_found() {
    let running = running().await;
    running
        .client
        .get("/v1/customers")
        .await
        .assert_error(404, "invalid_request_error", None);
    let method = running.client.request(Method::DELETE, "/v1/payment_intents");
    read(method)
        .await
        .unwrap()
        .assert_error(404, "invalid_request_error", None);
    let lost = running.client.get("/v1/payment_intents/pi_nobody").await;
    lost.assert_error(404, "invalid_request_error", Some("resource_missing"));
    running.stop().await;
}

#[tokio::test]
async fn too_large_a_body_and_too_long_a_key_are_refused() {
    let running = running().await;
    let long = "x".repeat(200 * 1024);
    let answer = running
        .client
        .post("/v1/payouts", &[("description", &long)])
        .await;
    answer.assert_error(413, "invalid_request_error", None);
    let key = "k".repeat(256);
    let answer = running
        .client
        .post_with_key(&key, "/v1/payment_intents", &payment("pm_card_visa"))
        .await;
    answer.assert_error(400, "invalid_request_error", None);
    running.stop().await;
}

#[tokio::test]
async fn unusable_settings_stop_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let mut without_key = settings(directory.path().join("a.sqlite"));
    without_key.secret_key.clear();
    let error = start(without_key, CancellationToken::new()).await.err().unwrap();
    assert!(
        matches!(
            error,
            SandboxError::Setting {
                name: "secret_key",
                ..
            }
        ),
        "{error:?}"
    );
    let nowhere = settings(directory.path().join("no-such-folder/a.sqlite"));
    let error = start(nowhere, CancellationToken::new()).await.err().unwrap();
    assert!(matches!(error, SandboxError::Open { .. }), "{error:?}");
}

#[test]
fn secrets_are_never_shown() {
    let mut settings = settings("a.sqlite".into());
    settings.webhook = Some(payment_sandbox::WebhookTarget {
        url: "http://127.0.0.1:1/".to_owned(),
        secret: "whsec_hidden".to_owned(),
    });
    let shown = format!("{settings:?}");
    assert!(
        !shown.contains("sk_test") && !shown.contains("whsec_hidden"),
        "{shown}"
    );
}
