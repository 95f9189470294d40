//! `POST /v1/refunds`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::call::Call;
use super::payment_intents::one_of;
use crate::error::StripeError;
use crate::operations::{CreateRefund, Operation};
use crate::server::Server;

const REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];

pub(super) async fn create(
    State(server): State<Arc<Server>>,
    mut call: Call,
) -> Result<Response, StripeError> {
    let params = &mut call.params;
    let request = CreateRefund {
        payment_intent: params.require("payment_intent")?,
        amount: params.take_amount()?,
        reason: one_of(params, "reason", &REASONS)?,
        metadata: params.take_metadata()?,
    };
    call.run(&server, Operation::CreateRefund(request)).await
}
