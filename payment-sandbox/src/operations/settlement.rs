//! What settles late: payments that were `processing`, payouts that were `pending`. When to look is left to
//! `background`.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use crate::error::StoreError;
use crate::objects::{Charge, ChargeStatus, IntentStatus, PaymentIntent, Payout, PayoutStatus};
use crate::store::objects;
use crate::webhooks::{EventKind, record};

/// Settles one payment and one payout whose time has come; `false` if there was nothing to settle.
pub(crate) async fn settle_due(books: &mut SqliteConnection, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let intent = objects::next_due::<PaymentIntent>(books, now).await?;
    let payout = objects::next_due::<Payout>(books, now).await?;
    let settled = intent.is_some() || payout.is_some();
    if let Some(intent) = intent {
        settle_intent(books, intent, now).await?;
    }
    if let Some(payout) = payout {
        settle_payout(books, payout, now).await?;
    }
    Ok(settled)
}

async fn settle_intent(
    books: &mut SqliteConnection,
    mut intent: PaymentIntent,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    intent.status = IntentStatus::Succeeded;
    intent.amount_received = intent.amount;
    let charge: Option<Charge> = match &intent.latest_charge {
        Some(id) => objects::find(books, id).await?,
        None => None,
    };
    if let Some(mut charge) = charge {
        charge.status = ChargeStatus::Succeeded;
        charge.captured = true;
        charge.paid = true;
        charge.amount_captured = charge.amount;
        objects::update(books, &charge, None).await?;
    }
    objects::update(books, &intent, None).await?;
    record(books, EventKind::PaymentIntentSucceeded, &intent, now).await
}

async fn settle_payout(
    books: &mut SqliteConnection,
    mut payout: Payout,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    payout.status = PayoutStatus::Paid;
    objects::update(books, &payout, None).await?;
    record(books, EventKind::PayoutPaid, &payout, now).await
}
