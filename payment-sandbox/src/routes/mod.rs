//! The addresses of the dialect. Each handler reads its parameters; `operations` changes the books, `queries` reads
//! them.

mod call;
mod payment_intents;
mod payouts;
mod queries;
mod refunds;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware;
use axum::routing::{get, post};

use crate::error::StripeError;
use crate::objects::{Charge, PaymentIntent, Payout, Refund};
use crate::server::{Server, admit};

/// The largest request that the dialect's own bounds allow is about 30 kB, form-encoded up to three times that.
const MAX_BODY_BYTES: usize = 128 * 1024;

pub(crate) fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route(
            "/v1/payment_intents",
            post(payment_intents::create).get(queries::list::<PaymentIntent>),
        )
        .route("/v1/payment_intents/search", get(queries::search))
        .route("/v1/payment_intents/{id}", get(queries::find::<PaymentIntent>))
        .route("/v1/payment_intents/{id}/confirm", post(payment_intents::confirm))
        .route("/v1/payment_intents/{id}/cancel", post(payment_intents::cancel))
        .route("/v1/charges", get(queries::list::<Charge>))
        .route("/v1/charges/{id}", get(queries::find::<Charge>))
        .route("/v1/refunds", post(refunds::create).get(queries::list::<Refund>))
        .route("/v1/refunds/{id}", get(queries::find::<Refund>))
        .route("/v1/payouts", post(payouts::create).get(queries::list::<Payout>))
        .route("/v1/payouts/{id}", get(queries::find::<Payout>))
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(Arc::clone(&server), admit))
        .with_state(server)
}

async fn not_found(request: Request) -> StripeError {
    StripeError::not_found(request.method().as_str(), request.uri().path())
}
