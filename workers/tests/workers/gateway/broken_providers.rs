//! Providers that the sandbox cannot act out: not there, hanging up, redirecting, talking nonsense, or searching an
//! index that lags behind.

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Redirect;
use axum::routing::{any, get};
use serde_json::json;
use tokio::net::TcpListener;
use workers::gateway::{ChargePageRequest, GatewayError};

use super::*;

/// Serves `router` until the test ends, and pays there.
async fn pretending(router: Router) -> PaymentGateway {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, router).into_future());
    gateway(&format!("http://{address}"), PATIENCE)
}

async fn assert_all_unknown(gateway: &PaymentGateway, reason_part: &str) {
    let request = charge("pm_card_visa");
    assert_unknown(&gateway.charge(&request).await, reason_part);
    let lookup = gateway
        .look_up_charge(request.attempt_id, request.payment_id, None)
        .await;
    assert!(
        matches!(&lookup, Lookup::Unknown { reason } if reason.contains(reason_part)),
        "{lookup:?}"
    );
    let listed = gateway.list_charges(&ChargePageRequest::default()).await;
    assert!(
        matches!(listed, Err(GatewayError::Unavailable { .. })),
        "{listed:?}"
    );
}

#[tokio::test]
async fn nobody_there_is_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert_all_unknown(
        &gateway(&format!("http://{address}"), PATIENCE),
        "could not be reached",
    )
    .await;
}

#[tokio::test]
async fn a_cut_connection_is_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            connection.readable().await.ok();
            drop(connection);
        }
    });
    assert_all_unknown(&gateway(&format!("http://{address}"), PATIENCE), "connection").await;
}

#[tokio::test]
async fn nonsense_with_200_is_unknown() {
    let gateway = pretending(Router::new().fallback(any(async || "<html>welcome</html>"))).await;
    assert_all_unknown(&gateway, "unreadable").await;
}

#[tokio::test]
async fn an_endless_answer_is_unknown() {
    let gateway = pretending(Router::new().fallback(any(async || vec![b' '; 5 * 1024 * 1024]))).await;
    assert_all_unknown(&gateway, "exceeds").await;
}

#[tokio::test]
async fn a_broken_gateway_in_between_is_unknown() {
    let gateway = pretending(Router::new().fallback(any(async || StatusCode::BAD_GATEWAY))).await;
    assert_all_unknown(&gateway, "502").await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let provider = provider().await;
    let elsewhere = format!("{}/v1/payment_intents", provider.sandbox.base_url);
    let router = Router::new().fallback(any(async move || Redirect::temporary(&elsewhere)));
    assert_all_unknown(&pretending(router).await, "307").await;
    provider.stop_with_charges(0).await;
}

#[tokio::test]
async fn a_wrong_key_says_nothing_about_an_earlier_try() {
    let provider = provider().await;
    let locked_out = gateway_with_key(&provider.sandbox.base_url, "sk_test_other", PATIENCE);
    assert_all_unknown(&locked_out, "401").await;
    provider.stop_with_charges(0).await;
}

#[tokio::test]
async fn an_unreachable_status_is_unknown() {
    let intent = json!({ "id": "pi_1", "status": "requires_astrology", "last_payment_error": null });
    let gateway = pretending(Router::new().fallback(any(async move || axum::Json(intent)))).await;
    assert_unknown(
        &gateway.charge(&charge("pm_card_visa")).await,
        "requires_astrology",
    );
}

#[tokio::test]
async fn what_the_search_has_not_seen_yet_is_found_in_the_list() {
    let request = charge("pm_card_visa");
    let intent = json!({
        "id": "pi_1",
        "status": "succeeded",
        "last_payment_error": null,
        "metadata": { "attempt_id": request.attempt_id, "payment_id": request.payment_id },
    });
    let router = Router::new()
        .route(
            "/v1/payment_intents/search",
            get(async || axum::Json(json!({ "data": [], "has_more": false }))),
        )
        .route(
            "/v1/payment_intents",
            get(async move || axum::Json(json!({ "data": [intent], "has_more": false }))),
        );
    let lookup = pretending(router)
        .await
        .look_up_charge(request.attempt_id, request.payment_id, None)
        .await;
    let provider_reference = "pi_1".to_owned();
    assert_eq!(lookup, Lookup::Settled { provider_reference });
}

#[tokio::test]
async fn a_list_without_end_is_told_apart_and_unknown_once_the_provider_may_have_forgotten_the_key() {
    let page = json!({ "data": [{ "id": "pi_1", "status": "succeeded" }], "has_more": true });
    let gateway = pretending(Router::new().fallback(any(async move || axum::Json(page)))).await;
    let fresh = gateway.look_up_charge(Uuid::now_v7(), Uuid::now_v7(), None).await;
    // Trying again with the same key asks the books, so it's safe; but nothing says that it never arrived.
    assert!(
        matches!(&fresh, Lookup::NotListed { reason } if reason.contains("newest")),
        "{fresh:?}"
    );
    let a_day_ago = (chrono::Utc::now() - chrono::TimeDelta::hours(25)).timestamp();
    let a_day_ago = uuid::Timestamp::from_unix(uuid::NoContext, a_day_ago.try_into().unwrap(), 0);
    let old = gateway
        .look_up_charge(Uuid::new_v7(a_day_ago), Uuid::now_v7(), None)
        .await;
    assert!(
        matches!(&old, Lookup::Unknown { reason } if reason.contains("newest")),
        "{old:?}"
    );
}

#[tokio::test]
async fn the_key_travels_as_bearer_and_the_attempt_as_idempotency_key() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(HeaderMap::new()));
    let keep = seen.clone();
    let router = Router::new().fallback(any(async move |headers: HeaderMap| {
        *keep.lock().unwrap() = headers;
        StatusCode::SERVICE_UNAVAILABLE
    }));
    let request = charge("pm_card_visa");
    pretending(router).await.charge(&request).await;
    let headers = seen.lock().unwrap().clone();
    assert_eq!(headers[header::AUTHORIZATION], format!("Bearer {SECRET_KEY}"));
    assert_eq!(headers["Idempotency-Key"], request.attempt_id.to_string());
    assert_eq!(headers[header::CONTENT_TYPE], "application/x-www-form-urlencoded");
}

#[test]
fn unusable_settings_are_named() {
    let good = StripeSettings {
        base_url: "http://127.0.0.1:1".to_owned(),
        secret_key: SECRET_KEY.to_owned(),
        request_timeout: PATIENCE,
    };
    let refused = |change: fn(&mut StripeSettings)| {
        let mut settings = good.clone();
        change(&mut settings);
        match StripeGateway::new(settings) {
            Err(GatewayError::Setting { name, .. }) => name,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        refused(|settings| settings.base_url = "stripe".to_owned()),
        "base_url"
    );
    assert_eq!(
        refused(|settings| settings.base_url = "ftp://127.0.0.1/".to_owned()),
        "base_url"
    );
    assert_eq!(refused(|settings| settings.base_url.push_str("/v1")), "base_url");
    assert_eq!(refused(|settings| settings.secret_key.clear()), "secret_key");
    assert_eq!(
        refused(|settings| settings.request_timeout = Duration::ZERO),
        "request_timeout"
    );
    let shown = format!("{good:?} {:?}", StripeGateway::new(good.clone()).unwrap());
    assert!(!shown.contains(SECRET_KEY), "{shown}");
}
