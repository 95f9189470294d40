//! What the sandbox sends is what the shop's webhook endpoint believes.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use chrono::Utc;
use payment_sandbox::WebhookTarget;
use tokio::sync::mpsc;
use web::stripe_webhook::{SIGNATURE_HEADER, TOLERANCE, WebhookError, WebhookKind, verify};
use workers::gateway::{PayoutRequest, RefundRequest};

use super::*;

const WEBHOOK_SECRET: &str = "whsec_gateway";

type Received = (String, Bytes);

/// An endpoint that hands on what it gets.
async fn endpoint() -> (WebhookTarget, mpsc::UnboundedReceiver<Received>) {
    let (sender, received) = mpsc::unbounded_channel();
    let receive =
        async |State(sender): State<Arc<mpsc::UnboundedSender<Received>>>, headers: HeaderMap, body| {
            sender
                .send((headers[SIGNATURE_HEADER].to_str().unwrap().to_owned(), body))
                .ok();
        };
    let router = Router::new()
        .route("/", post(receive))
        .with_state(Arc::new(sender));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router).into_future());
    let secret = WEBHOOK_SECRET.to_owned();
    (WebhookTarget { url, secret }, received)
}

async fn next_kind(received: &mut mpsc::UnboundedReceiver<Received>) -> WebhookKind {
    let (signature, body) = tokio::time::timeout(PATIENCE, received.recv())
        .await
        .expect("a webhook arrives")
        .unwrap();
    verify(&body, &signature, WEBHOOK_SECRET, Utc::now(), TOLERANCE)
        .unwrap()
        .kind
}

#[tokio::test]
async fn each_event_of_the_provider_is_understood() {
    let (target, mut received) = endpoint().await;
    let provider = provider_with(|settings| settings.webhook = Some(target)).await;
    let request = charge("pm_card_visa");
    let paid = provider.gateway.charge(&request).await;
    assert_eq!(
        next_kind(&mut received).await,
        WebhookKind::PaymentSucceeded {
            provider_reference: reference(&paid).to_owned(),
            attempt_id: Some(request.attempt_id),
            payment_id: Some(request.payment_id),
            amount_minor: 1250,
            currency: "GBP".to_owned(),
        }
    );

    let refused = charge("pm_card_chargeDeclinedInsufficientFunds");
    provider.gateway.charge(&refused).await;
    let kind = next_kind(&mut received).await;
    assert!(
        matches!(&kind, WebhookKind::PaymentFailed { attempt_id, code, .. }
            if *attempt_id == Some(refused.attempt_id) && code == "insufficient_funds"),
        "{kind:?}"
    );

    let refund = RefundRequest {
        refund_id: Uuid::now_v7(),
        payment_id: request.payment_id,
        provider_reference: reference(&paid).to_owned(),
        amount: pounds(250),
    };
    let refunded = provider.gateway.refund(&refund).await;
    assert_eq!(
        next_kind(&mut received).await,
        WebhookKind::ChargeRefunded {
            provider_reference: reference(&paid).to_owned(),
            attempt_id: Some(request.attempt_id),
            payment_id: Some(request.payment_id),
            amount_refunded_minor: 250,
            currency: "GBP".to_owned(),
        }
    );
    assert_eq!(
        next_kind(&mut received).await,
        WebhookKind::RefundUpdated {
            refund_reference: reference(&refunded).to_owned(),
            refund_id: Some(refund.refund_id),
            status: "succeeded".to_owned(),
            amount_minor: 250,
            currency: "GBP".to_owned(),
        }
    );

    let mut payout = PayoutRequest {
        withdrawal_id: Uuid::now_v7(),
        account_id: Uuid::now_v7(),
        amount: pounds(100),
        destination: "acct_anyone".to_owned(),
    };
    let paid_out = provider.gateway.payout(&payout).await;
    assert_eq!(
        next_kind(&mut received).await,
        WebhookKind::PayoutPaid {
            provider_reference: reference(&paid_out).to_owned(),
            withdrawal_id: Some(payout.withdrawal_id),
        }
    );
    payout.withdrawal_id = Uuid::now_v7();
    payout.destination = "acct_sandbox_closed".to_owned();
    provider.gateway.payout(&payout).await;
    let kind = next_kind(&mut received).await;
    assert!(
        matches!(&kind, WebhookKind::PayoutFailed { withdrawal_id, code, .. }
            if *withdrawal_id == Some(payout.withdrawal_id) && code == "account_closed"),
        "{kind:?}"
    );
    provider.stop_with_charges(1).await;
}

#[tokio::test]
async fn forged_and_old_deliveries_are_not_believed() {
    let (target, mut received) = endpoint().await;
    let provider = provider_with(|settings| settings.webhook = Some(target)).await;
    provider.gateway.charge(&charge("pm_card_visa")).await;
    let (signature, body) = tokio::time::timeout(PATIENCE, received.recv())
        .await
        .unwrap()
        .unwrap();
    let forged = String::from_utf8(body.to_vec()).unwrap().replace("1250", "1");
    let error = verify(
        forged.as_bytes(),
        &signature,
        WEBHOOK_SECRET,
        Utc::now(),
        TOLERANCE,
    )
    .unwrap_err();
    assert!(matches!(error, WebhookError::WrongSignature), "{error:?}");
    let later = Utc::now() + TOLERANCE + Duration::from_secs(2);
    let error = verify(&body, &signature, WEBHOOK_SECRET, later, TOLERANCE).unwrap_err();
    assert!(
        matches!(error, WebhookError::OutsideTolerance { .. }),
        "{error:?}"
    );
    provider.stop_with_charges(1).await;
}
