//! `POST /v1/payment_intents`, `…/{id}/confirm` and `…/{id}/cancel`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;

use super::call::Call;
use crate::error::StripeError;
use crate::form::Params;
use crate::operations::{CancelIntent, ConfirmIntent, CreateIntent, Operation};
use crate::server::Server;

pub(super) async fn create(
    State(server): State<Arc<Server>>,
    mut call: Call,
) -> Result<Response, StripeError> {
    let params = &mut call.params;
    let request = CreateIntent {
        amount: params.require_amount()?,
        currency: params.require_currency()?,
        payment_method: params.take("payment_method"),
        confirm: params.take_bool("confirm")?.unwrap_or(false),
        description: params.take_text("description")?,
        metadata: params.take_metadata()?,
    };
    take_confirmation_options(params)?;
    params.expect("capture_method", "automatic")?;
    params.expect("confirmation_method", "automatic")?;
    params.expect("automatic_payment_methods[allow_redirects]", "never")?;
    params.take_bool("automatic_payment_methods[enabled]")?;
    card_only(params)?;
    call.run(&server, Operation::CreateIntent(request)).await
}

pub(super) async fn confirm(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    mut call: Call,
) -> Result<Response, StripeError> {
    let request = ConfirmIntent {
        id,
        payment_method: call.params.take("payment_method"),
    };
    take_confirmation_options(&mut call.params)?;
    call.run(&server, Operation::ConfirmIntent(request)).await
}

pub(super) async fn cancel(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    mut call: Call,
) -> Result<Response, StripeError> {
    let request = CancelIntent {
        id,
        reason: cancellation_reason(&mut call.params)?,
    };
    call.run(&server, Operation::CancelIntent(request)).await
}

/// No method of the sandbox asks its holder anything, so these change nothing; they must still be well-formed.
fn take_confirmation_options(params: &mut Params) -> Result<(), StripeError> {
    params.take_bool("error_on_requires_action")?;
    params.take_bool("off_session")?;
    Ok(())
}

fn card_only(params: &mut Params) -> Result<(), StripeError> {
    match params
        .take_list("payment_method_types")
        .into_iter()
        .find(|kind| kind != "card")
    {
        None => Ok(()),
        Some(kind) => {
            let message = format!("The sandbox knows the payment method type card, not {kind}.");
            Err(StripeError::invalid_param(
                "parameter_invalid_string",
                "payment_method_types",
                message,
            ))
        }
    }
}

fn cancellation_reason(params: &mut Params) -> Result<Option<String>, StripeError> {
    const REASONS: [&str; 4] = ["abandoned", "duplicate", "fraudulent", "requested_by_customer"];
    one_of(params, "cancellation_reason", &REASONS)
}

/// An optional parameter with a fixed set of values.
pub(super) fn one_of(params: &mut Params, name: &str, known: &[&str]) -> Result<Option<String>, StripeError> {
    match params.take(name) {
        Some(value) if !known.contains(&value.as_str()) => {
            let message = format!("Invalid {name}: must be one of {}.", known.join(", "));
            Err(StripeError::invalid_param(
                "parameter_invalid_string",
                name,
                message,
            ))
        }
        value => Ok(value),
    }
}
