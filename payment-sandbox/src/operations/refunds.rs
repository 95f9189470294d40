//! Refunds: whole or in part, never more than was charged.

use axum::http::StatusCode;
use sqlx::SqliteConnection;

use super::{Answer, Context, Failure, Verdict};
use crate::error::StripeError;
use crate::methods::REFUND_THEN_HANG;
use crate::objects::{Charge, IntentStatus, Metadata, PaymentIntent, Refund, new_id};
use crate::store::objects;
use crate::webhooks::{EventKind, record};

#[derive(Debug)]
pub(crate) struct CreateRefund {
    pub payment_intent: String,
    /// What is left to refund, when absent.
    pub amount: Option<i64>,
    pub reason: Option<String>,
    pub metadata: Metadata,
}

pub(super) async fn create(
    books: &mut SqliteConnection,
    request: CreateRefund,
    context: Context<'_>,
) -> Result<Verdict, Failure> {
    let mut charge = charge_of(books, &request.payment_intent).await?;
    let amount = request.amount.unwrap_or_else(|| charge.refundable());
    check(&charge, amount)?;
    charge.amount_refunded += amount;
    charge.refunded = charge.refundable() == 0;
    let refund = Refund {
        id: new_id("re"),
        amount,
        charge: charge.id.clone(),
        created: context.now.timestamp(),
        currency: charge.currency.clone(),
        metadata: request.metadata,
        payment_intent: request.payment_intent,
        reason: request.reason,
        status: "succeeded".to_owned(),
    };
    objects::update(books, &charge, None).await?;
    objects::insert(books, &refund, None).await?;
    record(books, EventKind::ChargeRefunded, &charge, context.now).await?;
    record(books, EventKind::RefundUpdated, &refund, context.now).await?;
    let answer = Answer::ok(&refund);
    Ok(if charge.payment_method == REFUND_THEN_HANG {
        Verdict::AnswerTooLate(answer)
    } else {
        Verdict::Answer(answer)
    })
}

/// The succeeded charge of this intent.
async fn charge_of(books: &mut SqliteConnection, intent_id: &str) -> Result<Charge, Failure> {
    let intent: Option<PaymentIntent> = objects::find(books, intent_id).await?;
    let Some(intent) = intent else {
        let status = StatusCode::NOT_FOUND;
        return Err(StripeError::no_such(status, "payment_intent", "payment_intent", intent_id).into());
    };
    let succeeded = intent
        .latest_charge
        .filter(|_| intent.status == IntentStatus::Succeeded);
    let charge = match succeeded {
        Some(id) => objects::find(books, &id).await?,
        None => None,
    };
    Ok(charge.ok_or_else(|| {
        StripeError::invalid(format!(
            "This PaymentIntent ({intent_id}) does not have a successful charge to refund."
        ))
    })?)
}

fn check(charge: &Charge, amount: i64) -> Result<(), StripeError> {
    let refundable = charge.refundable();
    if refundable == 0 {
        return Err(StripeError::charge_already_refunded(&charge.id));
    }
    if amount > refundable {
        return Err(StripeError::invalid_param(
            "amount_too_large",
            "amount",
            format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({refundable})."),
        ));
    }
    Ok(())
}
