//! `POST /v1/payouts`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::call::Call;
use crate::error::StripeError;
use crate::operations::{CreatePayout, Operation};
use crate::server::Server;

pub(super) async fn create(
    State(server): State<Arc<Server>>,
    mut call: Call,
) -> Result<Response, StripeError> {
    let params = &mut call.params;
    let request = CreatePayout {
        amount: params.require_amount()?,
        currency: params.require_currency()?,
        destination: params.take_text("destination")?,
        description: params.take_text("description")?,
        metadata: params.take_metadata()?,
    };
    params.expect("method", "standard")?;
    call.run(&server, Operation::CreatePayout(request)).await
}
