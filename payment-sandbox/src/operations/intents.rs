//! Payment intents: made, confirmed with a payment method (which charges), or cancelled.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{Answer, Context, Failure, Verdict};
use crate::error::{StoreError, StripeError};
use crate::methods::{Behaviour, Decline, UNAVAILABLE_ANSWERS, behaviour};
use crate::objects::{Charge, ChargeStatus, IntentStatus, Metadata, PaymentIntent, Resource, new_id};
use crate::store::{idempotency, objects};
use crate::webhooks::{EventKind, record};

#[derive(Debug)]
pub(crate) struct CreateIntent {
    pub amount: i64,
    pub currency: String,
    pub payment_method: Option<String>,
    pub confirm: bool,
    pub description: Option<String>,
    pub metadata: Metadata,
}

#[derive(Debug)]
pub(crate) struct ConfirmIntent {
    pub id: String,
    pub payment_method: Option<String>,
}

#[derive(Debug)]
pub(crate) struct CancelIntent {
    pub id: String,
    pub reason: Option<String>,
}

/// Whether the intent is in the books yet.
#[derive(Clone, Copy)]
enum Saved {
    Not,
    Already,
}

pub(super) async fn create(
    books: &mut SqliteConnection,
    request: CreateIntent,
    context: Context<'_>,
) -> Result<Verdict, Failure> {
    let confirm = request.confirm;
    let intent = new_intent(request, context.now)?;
    if confirm {
        return charge(books, intent, Saved::Not, context).await;
    }
    objects::insert(books, &intent, None).await?;
    Ok(Verdict::Answer(Answer::ok(&intent)))
}

fn new_intent(request: CreateIntent, now: DateTime<Utc>) -> Result<PaymentIntent, StripeError> {
    let id = new_id("pi");
    let status = match &request.payment_method {
        Some(method) => {
            known_method(method)?;
            IntentStatus::RequiresConfirmation
        }
        None => IntentStatus::RequiresPaymentMethod,
    };
    Ok(PaymentIntent {
        amount: request.amount,
        amount_capturable: 0,
        amount_received: 0,
        canceled_at: None,
        cancellation_reason: None,
        capture_method: "automatic".to_owned(),
        client_secret: format!("{id}_secret_{}", Uuid::new_v4().simple()),
        confirmation_method: "automatic".to_owned(),
        created: now.timestamp(),
        currency: request.currency,
        description: request.description,
        last_payment_error: None,
        latest_charge: None,
        livemode: false,
        metadata: request.metadata,
        payment_method: request.payment_method,
        payment_method_types: vec!["card".to_owned()],
        status,
        id,
    })
}

pub(super) async fn confirm(
    books: &mut SqliteConnection,
    request: ConfirmIntent,
    context: Context<'_>,
) -> Result<Verdict, Failure> {
    let mut intent = existing(books, &request.id).await?;
    let confirmable = matches!(
        intent.status,
        IntentStatus::RequiresPaymentMethod | IntentStatus::RequiresConfirmation
    );
    if !confirmable {
        return Err(unexpected_state("confirm", &intent).into());
    }
    if request.payment_method.is_some() {
        intent.payment_method = request.payment_method;
    }
    charge(books, intent, Saved::Already, context).await
}

pub(super) async fn cancel(
    books: &mut SqliteConnection,
    request: CancelIntent,
    context: Context<'_>,
) -> Result<Verdict, Failure> {
    let mut intent = existing(books, &request.id).await?;
    let cancelable = matches!(
        intent.status,
        IntentStatus::RequiresPaymentMethod | IntentStatus::RequiresConfirmation
    );
    if !cancelable {
        return Err(unexpected_state("cancel", &intent).into());
    }
    intent.status = IntentStatus::Canceled;
    intent.canceled_at = Some(context.now.timestamp());
    intent.cancellation_reason = request.reason;
    objects::update(books, &intent, None).await?;
    Ok(Verdict::Answer(Answer::ok(&intent)))
}

async fn existing(books: &mut SqliteConnection, id: &str) -> Result<PaymentIntent, Failure> {
    let intent = objects::find(books, id).await?;
    Ok(intent.ok_or_else(|| StripeError::no_such(StatusCode::NOT_FOUND, "intent", "payment_intent", id))?)
}

fn unexpected_state(verb: &str, intent: &PaymentIntent) -> StripeError {
    let status = intent.status.as_str();
    StripeError::unexpected_state(format!(
        "You cannot {verb} this PaymentIntent because it has a status of {status}."
    ))
}

fn known_method(name: &str) -> Result<Behaviour, StripeError> {
    behaviour(name)
        .ok_or_else(|| StripeError::no_such(StatusCode::BAD_REQUEST, "payment_method", "PaymentMethod", name))
}

/// Confirms the intent with its payment method, which decides how it goes.
async fn charge(
    books: &mut SqliteConnection,
    intent: PaymentIntent,
    saved: Saved,
    context: Context<'_>,
) -> Result<Verdict, Failure> {
    let Some(method) = intent.payment_method.clone() else {
        return Err(StripeError::unexpected_state(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
        )
        .into());
    };
    match known_method(&method)? {
        Behaviour::HangWithoutCharge => Ok(Verdict::HangUp),
        Behaviour::UnavailableFirst if refuses(books, context).await? => Ok(Verdict::Unavailable),
        Behaviour::Succeed | Behaviour::UnavailableFirst => Ok(Verdict::Answer(
            succeed(books, intent, &method, saved, context).await?,
        )),
        Behaviour::ChargeThenHang => Ok(Verdict::AnswerTooLate(
            succeed(books, intent, &method, saved, context).await?,
        )),
        Behaviour::Process => Ok(Verdict::Answer(
            process(books, intent, &method, saved, context).await?,
        )),
        Behaviour::Decline(decline) => Ok(Verdict::Answer(
            refuse(books, intent, (&method, decline), saved, context).await?,
        )),
    }
}

async fn refuses(books: &mut SqliteConnection, context: Context<'_>) -> Result<bool, StoreError> {
    if idempotency::count_refusal(books, context.request).await? <= UNAVAILABLE_ANSWERS {
        return Ok(true);
    }
    idempotency::forget_refusals(books, context.request).await?;
    Ok(false)
}

async fn succeed(
    books: &mut SqliteConnection,
    mut intent: PaymentIntent,
    method: &str,
    saved: Saved,
    context: Context<'_>,
) -> Result<Answer, StoreError> {
    let charge = new_charge(&intent, method, ChargeStatus::Succeeded, context.now);
    intent.status = IntentStatus::Succeeded;
    intent.amount_received = intent.amount;
    intent.latest_charge = Some(charge.id.clone());
    intent.last_payment_error = None;
    save(books, &intent, saved, None).await?;
    objects::insert(books, &charge, None).await?;
    record(books, EventKind::PaymentIntentSucceeded, &intent, context.now).await?;
    Ok(Answer::ok(&intent))
}

async fn process(
    books: &mut SqliteConnection,
    mut intent: PaymentIntent,
    method: &str,
    saved: Saved,
    context: Context<'_>,
) -> Result<Answer, StoreError> {
    let charge = new_charge(&intent, method, ChargeStatus::Pending, context.now);
    intent.status = IntentStatus::Processing;
    intent.latest_charge = Some(charge.id.clone());
    intent.last_payment_error = None;
    save(books, &intent, saved, Some(context.settles_at())).await?;
    objects::insert(books, &charge, None).await?;
    Ok(Answer::ok(&intent))
}

async fn refuse(
    books: &mut SqliteConnection,
    mut intent: PaymentIntent,
    (method, decline): (&str, Decline),
    saved: Saved,
    context: Context<'_>,
) -> Result<Answer, StoreError> {
    let mut charge = new_charge(&intent, method, ChargeStatus::Failed, context.now);
    charge.failure_code = Some(decline.code.to_owned());
    charge.failure_message = Some(decline.message.to_owned());
    let error: Value = decline.to_json(method);
    intent.status = IntentStatus::RequiresPaymentMethod;
    intent.payment_method = None;
    intent.latest_charge = Some(charge.id.clone());
    intent.last_payment_error = Some(error);
    save(books, &intent, saved, None).await?;
    objects::insert(books, &charge, None).await?;
    record(books, EventKind::PaymentIntentPaymentFailed, &intent, context.now).await?;
    Ok(StripeError::declined(decline, &intent).into())
}

async fn save(
    books: &mut SqliteConnection,
    intent: &PaymentIntent,
    saved: Saved,
    due_at: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    match saved {
        Saved::Not => objects::insert(books, intent, due_at).await,
        Saved::Already => objects::update(books, intent, due_at).await,
    }
}

fn new_charge(intent: &PaymentIntent, method: &str, status: ChargeStatus, now: DateTime<Utc>) -> Charge {
    let succeeded = status == ChargeStatus::Succeeded;
    Charge {
        id: new_id("ch"),
        amount: intent.amount,
        amount_captured: if succeeded { intent.amount } else { 0 },
        amount_refunded: 0,
        captured: succeeded,
        created: now.timestamp(),
        currency: intent.currency.clone(),
        description: intent.description.clone(),
        failure_code: None,
        failure_message: None,
        livemode: false,
        metadata: intent.metadata.clone(),
        paid: succeeded,
        payment_intent: intent.id().to_owned(),
        payment_method: method.to_owned(),
        refunded: false,
        status,
    }
}
